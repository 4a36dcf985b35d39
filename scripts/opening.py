"""How soon an existing small graph answers, and the memory that its processes hold: ``python -m scripts.opening``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from graphmem import Memory, Message, Settings

MESSAGES = 300


async def fill(settings: Settings) -> None:
    """Keep a small graph."""
    said = [Message(text=f"On day {i} I saw bird {i}.", at=datetime(2024, 1, 1, tzinfo=UTC)) for i in range(MESSAGES)]
    async with Memory.open(settings) as memory:
        await memory.add(said, scope="ada")


async def answer(settings: Settings) -> dict[str, float]:
    """Return seconds to the first answer, and megabytes of this process and of the store's."""
    start = time.perf_counter()
    async with Memory.open(settings) as memory:
        opened = time.perf_counter()
        await memory.search("Which bird did I see on day 7?", scope="ada")
        answered = time.perf_counter()
        server: int = json.loads((settings.home / "server.json").read_text(encoding="utf-8"))["pid"]
        return {
            "open_seconds": round(opened - start, 2),
            "first_answer_seconds": round(answered - start, 2),
            "store_megabytes": resident(server),
            "program_megabytes": resident(os.getpid()),
        }


def resident(pid: int) -> int:
    """Return the resident megabytes of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) // 1024 if found else 0


def wait_until_left(home: Path) -> None:
    """Wait until the store's server has left, so that the next opening starts it."""
    while (home / "server.json").exists():
        time.sleep(0.1)
    time.sleep(1)


def main() -> None:
    """Print a line of JSON for each opening."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        asyncio.run(fill(settings))
        for _ in range(given.times):
            wait_until_left(settings.home)
            print(json.dumps(asyncio.run(answer(settings))), flush=True)
        wait_until_left(settings.home)


if __name__ == "__main__":
    main()
