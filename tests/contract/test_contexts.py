"""What the model is shown beside an exchange: the names that it may mean, of the messages before it too."""

from __future__ import annotations

from dataclasses import replace

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from tests.contract.test_summary import said
from tests.scripted import ScriptedChat, triple


async def test_the_names_that_the_last_messages_told_are_known_to_the_next(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    once = replace(settings, batch_messages=1)
    async with Memory.open(once, model=model, embedder=embedder) as memory:
        await memory.add(said("I have a cat, Miso.", "I live in Turin.", "She sleeps all day."), scope=scope)

    asked = [r for r in model.asked if r.kind == "extract"]
    known = [next(line for line in r.user.splitlines() if line.startswith("Some known entities:")) for r in asked]
    assert known[0] == "Some known entities: none yet"
    assert "Miso" in known[2]
    assert "Turin" in known[2]


async def test_names_that_are_said_come_before_those_that_share_a_word(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    towns = {f"I saw {t}.": [triple("Ada", "VISITED", t, quote=t)] for t in ("Turin North", "Turin")}
    model = ScriptedChat(read=lambda said: towns.get(said, []))
    once = replace(settings, batch_messages=1)
    async with Memory.open(once, model=model, embedder=embedder) as memory:
        await memory.add(said(*towns, "Turin is loud.", "Turin North is not."), scope=scope)

    lines = [line for r in model.asked for line in r.user.splitlines() if line.startswith("Some known entities:")]
    assert lines[2].index("Turin (") < lines[2].index("Turin North (")
    assert "Turin (" in lines[3]
    assert "Turin North (" in lines[3]
