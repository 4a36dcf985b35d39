"""A process of its own in which many writers say the same and contradicting things, all at once."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graphmem import Memory, Message, Settings
from tests.scripted import ScriptedChat, triple

PLACES = ("Turin", "Oslo", "Rome")


async def main(home: str, uri: str, scope: str, first: int, count: int) -> None:
    settings = Settings(home=Path(home), neo4j_uri=uri or None, tenant="test")
    model = ScriptedChat(read=lambda said: [triple("Ada", "LIVES_IN", said.split()[-1], quote=said)])
    async with Memory.open(settings, model=model) as memory:

        async def write(number: int) -> None:
            at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
            said = Message(text=f"I live in {PLACES[number % 3]}", at=at, speaker="Ada", id=f"m{number}")
            await memory.add(said, scope=scope)

        await asyncio.gather(*(write(first + n) for n in range(count)))


if __name__ == "__main__":
    home, uri, scope, first, count = sys.argv[1:]
    asyncio.run(main(home, uri, scope, int(first), int(count)))
