"""A process of its own that keeps messages one by one and prints each id once it was acknowledged."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from graphmem import Memory, Message, Settings


async def main(home: str, name: str, count: int) -> None:
    async with Memory.open(Settings(home=Path(home), tenant="test")) as memory:
        for number in range(count):
            said = f"{name}-{number}"
            message = Message(text=f"message {said}", at=datetime(2024, 1, 1, tzinfo=UTC), id=said, speaker="Ada")
            await memory.add(message, scope="ada", wait=False)
            print(said, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
