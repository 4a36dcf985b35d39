"""What becomes of a memory whose disk fills up: ``python -m scripts.disk_full`` mounts a small one, and needs root.

Ends with an error where an acknowledged message is lost, or where the failure is not told in graphmem's own words.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from graphmem import Memory, Message, Settings
from graphmem.errors import StoreError
from scripts import neo4j_local

MEGABYTES = 600
SOME = 30
MOST = 2000
_LONG = "and it went on and on " * 400

Start = Callable[[], Settings]


@contextmanager
def small_disk(megabytes: int) -> Generator[Path]:
    """Mount a disk of so many megabytes, in memory, until the block ends."""
    if os.geteuid() != 0:
        sys.exit("A small disk is mounted for this: run it as root.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def message(number: int) -> Message:
    """Return a long message, whose id is its number."""
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return Message(text=f"On day {number} I saw bird {number}, {_LONG}", at=at, id=str(number))


def fill(disk: Path) -> Path:
    """Write a file until nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb") as out:
        while True:
            try:
                os.write(out.fileno(), bytes(4096))
            except OSError:
                return filler


async def add_until_it_fails(memory: Memory, acknowledged: list[Message], most: int) -> StoreError | None:
    """Add messages one by one, noting those that were acknowledged; returns what stopped it."""
    for number in range(len(acknowledged), len(acknowledged) + most):
        try:
            await memory.add(message(number), scope="ada")
        except StoreError as exc:
            return exc
        acknowledged.append(message(number))
    return None


async def live_through(disk: Path, start: Start, restart: Start) -> dict[str, object]:
    """Fill the disk under a memory, make room again, and count what is left."""
    acknowledged: list[Message] = []
    async with Memory.open(start()) as memory:
        before = await add_until_it_fails(memory, acknowledged, SOME)
        if before is not None:
            raise before
        filler = fill(disk)
        error = await add_until_it_fails(memory, acknowledged, MOST)
    closed = await opening_error(start)
    filler.unlink()
    async with Memory.open(restart()) as memory:
        again = await memory.add(acknowledged, scope="ada")
        await memory.add(message(len(acknowledged)), scope="ada")
        breaches = await memory.verify(scope="ada")
    return {
        "acknowledged": len(acknowledged),
        "acknowledged_on_the_full_disk": len(acknowledged) - SOME,
        "lost": again.new,
        "breaches": len(breaches),
        "writing": in_words(error, disk),
        "opening": in_words(closed, disk),
    }


async def opening_error(start: Start) -> StoreError | None:
    """Return what keeps a memory from being opened on the full disk, if anything does."""
    try:
        async with Memory.open(start()):
            return None
    except StoreError as exc:
        return exc


def in_words(error: StoreError | None, disk: Path) -> str | None:
    """Return an error's kind and text."""
    return f"{type(error).__name__}: {error}".replace(str(disk), "DISK") if error else None


async def embedded() -> dict[str, object]:
    """Fill the disk of an embedded store."""
    with small_disk(MEGABYTES) as disk:
        settings = Settings(home=disk / "home")
        return await live_through(disk, lambda: settings, lambda: settings)


async def neo4j(version: str) -> dict[str, object]:
    """Fill the disk of a server, which is started again once there is room."""
    with small_disk(MEGABYTES) as disk, ExitStack() as stack:
        home = disk / "neo4j"

        def restart() -> Settings:
            stack.close()
            server = stack.enter_context(neo4j_local.running(version, home))
            return Settings(home=disk, neo4j_uri=server.bolt_uri)

        running = restart()
        return await live_through(disk, lambda: running, restart)


def main() -> None:
    """Print a line of JSON for each engine."""
    bad = 0
    for engine in ("embedded", *neo4j_local.RELEASES):
        came = asyncio.run(embedded() if engine == "embedded" else neo4j(engine))
        print(json.dumps({"engine": engine, **came}), flush=True)
        bad += bool(came["lost"] or came["breaches"] or not str(came["writing"]).startswith("StoreExhausted"))
    sys.exit(f"{bad} engines lost something, or did not say that the disk is full." if bad else 0)


if __name__ == "__main__":
    main()
