"""All vectors are written anew with another model: cut short, seen by programs that are open, and taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import EmbedderError
from graphmem.house.doctor import examine
from graphmem.house.upkeep import reembed_store
from tests.browse import cypher
from tests.embedders import SmallEmbedder
from tests.scripted import ScriptedChat

TOLD = ("I live in Turin.", "I work at Lumen.", "My boss is Ingrid.", "When I leave Lumen, Ben gets the car.")
VECTORS = "MATCH (n) WHERE n.embedding IS NOT NULL RETURN size(n.embedding) AS numbers, count(*) AS count"


async def _tell(memory: Memory, texts: Sequence[str], first: int = 1) -> None:
    for day, text in enumerate(texts, first):
        await memory.add(Message(text=text, at=datetime(2024, 6, day, tzinfo=UTC), speaker="Ada"), scope="ada")


async def test_vectors_of_another_model_are_written_and_searched(
    fresh: Settings, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        await _tell(memory, TOLD)
        before = await memory.search("Where does Ada live?", scope="ada")

    moved: list[tuple[int, int]] = []
    done = await reembed_store(fresh, SmallEmbedder(), progress=lambda done, total: moved.append((done, total)))

    assert done.written == 4 + 3 + 1, "messages, facts and a rule"
    assert moved[-1] == (8, 8)
    assert cypher(fresh, VECTORS) == [{"numbers": 96, "count": 8}]
    async with Memory.open(fresh, model=model, embedder=SmallEmbedder()) as memory:
        found = await memory.search("Where does Ada live?", scope="ada")
        assert found.facts[0].fact == before.facts[0].fact
        await _tell(memory, ["I left Lumen."], first=20)
        assert "Ben owns car" in [f.text for f in await memory.facts(scope="ada")], "the rule's vector came along"
        assert await memory.verify(scope="ada") == ()
    assert all(check.well for check in await examine(fresh, SmallEmbedder()))
    assert (await reembed_store(fresh, SmallEmbedder())).written == 0
    await reembed_store(fresh, embedder)


async def test_what_was_cut_short_refuses_readers_and_writers_and_goes_on(
    fresh: Settings, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        await _tell(memory, TOLD)
        with pytest.raises(EmbedderError, match="went away"):
            await reembed_store(fresh, SmallEmbedder(texts=1 + 4))

        with pytest.raises(EmbedderError, match="reembed"):
            await memory.search("Where does Ada live?", scope="ada")
        with pytest.raises(EmbedderError, match="reembed"):
            await _tell(memory, ["I have a cat, Miso."])
    with pytest.raises(EmbedderError, match="go on with it: graphmem reembed"):
        async with Memory.open(fresh, model=model, embedder=SmallEmbedder()):
            pass
    (unwell,) = (check for check in await examine(fresh, SmallEmbedder()) if check.name == "embedder")
    assert "graphmem reembed" in unwell.advice

    done = await reembed_store(fresh, SmallEmbedder(texts=1 + 4))

    assert done.written == 4, "the four messages had been written"
    assert cypher(fresh, VECTORS) == [{"numbers": 96, "count": 8}]
    async with Memory.open(fresh, model=model, embedder=SmallEmbedder()) as memory:
        assert (await memory.search("Where does Ada live?", scope="ada")).facts[0].text == "Ada lives in Turin"
    await reembed_store(fresh, embedder)


async def test_another_model_than_the_one_begun_with_begins_again(
    fresh: Settings, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        await _tell(memory, TOLD)
    with pytest.raises(EmbedderError, match="went away"):
        await reembed_store(fresh, SmallEmbedder(texts=1 + 4))

    assert (await reembed_store(fresh, embedder)).written == 8
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        assert (await memory.search("Where does Ada live?", scope="ada")).facts[0].text == "Ada lives in Turin"
