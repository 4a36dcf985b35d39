"""Without a model: messages are indexed, patterns find a little, and a model that comes later reads all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import ModelUnavailable
from tests.scripted import ScriptedChat


def said(*texts: str, first: int = 0) -> list[Message]:
    start = datetime(2024, 6, 1, tzinfo=UTC)
    return [Message(text=t, at=start + timedelta(days=i), speaker="Ada", id=str(i)) for i, t in enumerate(texts, first)]


async def test_patterns_find_what_is_plainly_said_and_close_nothing(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Turin."), scope=scope)
    local = replace(settings, extraction="local")
    async with Memory.open(local, embedder=embedder) as memory:
        added = await memory.add(
            said("I live in Oslo. My boss is Ingrid!", "If I live in Rome ...", first=1), scope=scope
        )
        facts = {f.text: f for f in await memory.facts(scope=scope)}
        found = await memory.search("Who is Ada's boss?", scope=scope)
        breaches = await memory.verify(scope=scope)

    assert added.note is None
    assert set(facts) == {"Ada lives in Turin", "Ada lives in Oslo", "Ada reports to Ingrid"}
    assert facts["Ada lives in Turin"].interval.end is None
    assert facts["Ada lives in Oslo"].confidence < 0.5
    assert found.facts[0].text == "Ada reports to Ingrid"
    assert breaches == ()


async def test_of_what_patterns_leave_standing_the_latest_comes_first_unless_it_is_less_sure(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    async with Memory.open(replace(settings, extraction="local"), embedder=embedder) as memory:
        await memory.add(said("I live in Turin.", "I live in Oslo.", "I live in Kiel."), scope=scope)
        latest = await memory.search("Where does Ada live?", scope=scope)
        first = await memory.search("Where did Ada live first?", scope=scope)
        await memory.assert_fact("Ada", "LIVES_IN", "Rome", scope=f"{scope}-other", valid_from="2020-01-01")
        await memory.add(said("I live in Bergen."), scope=f"{scope}-other")
        surer = await memory.search("Where does Ada live?", scope=f"{scope}-other")

    assert latest.facts[0].fact.value == "Kiel"
    assert first.facts[0].fact.value == "Turin"
    assert [f.fact.value for f in surer.facts] == ["Rome", "Bergen"]


@pytest.mark.parametrize("extraction", ["local", "none"])
async def test_a_model_reads_later_what_none_has_read(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str, extraction: str
) -> None:
    without = replace(settings, extraction=extraction)
    async with Memory.open(without, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Turin.", "I work at Orbit."), scope=scope)
        await memory.assert_fact("Ada", "HAS_PET", "Miso", scope=scope)
        before = {f.text for f in await memory.facts(scope=scope)}
        with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
            await memory.reextract(scope=scope)
    asked = list(model.asked)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        outcome = await memory.reextract(scope=scope)
        again = await memory.reextract(scope=scope)
        facts = {f.text: f for f in await memory.facts(scope=scope)}
        breaches = await memory.verify(scope=scope)

    patterns = {"Ada lives in Turin", "Ada works at Orbit"} if extraction == "local" else set[str]()
    assert before == {"Ada has the pet Miso"} | patterns
    assert asked == []
    assert (outcome.done, again.done) == (2, 0)
    assert set(facts) == {"Ada has the pet Miso", "Ada lives in Turin"}
    assert facts["Ada lives in Turin"].confidence == 0.9
    assert breaches == ()
