"""What rests on a fact that ends becomes uncertain, and what ended with nothing in its place is told so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graphmem import AsOf, Memory, Settings
from graphmem.errors import UndoRefused
from graphmem.models import RuleState
from graphmem.operations import Invalidate
from tests.browse import cypher
from tests.conftest import Add as Story
from tests.scripted import ScriptedChat
from tests.values import day


async def test_a_commute_is_uncertain_once_the_home_changed(
    memory: Memory, story: Story, scope: str, settings: Settings
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("My commute is 20 minutes.", "2024-01-11")
    await story("We moved to Oslo last week!", "2024-06-20")

    found = await memory.search("How long is Ada's commute?", scope=scope)
    live = cypher(
        settings,
        "MATCH (f:Fact {scope: $scope})-[:DEPENDS_ON]->(g:Fact) RETURN f.text AS text, g.text AS ground",
        scope=f"test/{scope}",
    )

    assert found.facts[0].state.uncertain_since == day("2024-06-13")
    assert "uncertain since 13 Jun 2024, no longer: Ada lives in Turin" in found.text
    assert live == [{"text": "Ada has a commute of 20 minutes", "ground": "Ada lives in Turin"}]


async def test_undoing_the_move_makes_it_certain_again(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("My commute is 20 minutes.", "2024-01-11")
    added = await story("We moved to Oslo last week!", "2024-06-20")
    move = next(c for c in added.changes if any(isinstance(op, Invalidate) for op in c.operations))

    await memory.undo(move.id, scope=scope)

    facts = {f.predicate: f for f in await memory.facts(scope=scope)}
    assert facts["COMMUTE"].uncertain_since is None
    assert facts["LIVES_IN"].value == "Turin"


async def test_said_again_it_is_certain_and_another_value_takes_its_place(
    memory: Memory, story: Story, scope: str, model: ScriptedChat
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("My commute is 20 minutes.", "2024-01-11")
    await story("We moved to Oslo last week!", "2024-06-20")
    await story("My commute is 20 minutes.", "2024-07-01")
    certain = {f.predicate: f for f in await memory.facts(scope=scope)}["COMMUTE"]
    await story("I live in Turin.", "2024-08-01")
    doubted = {f.predicate: f for f in await memory.facts(scope=scope)}["COMMUTE"]
    asked = len(model.asked)
    await story("My commute is an hour now.", "2024-09-01")

    facts = {f.predicate: f for f in await memory.facts(scope=scope)}
    assert (certain.uncertain_since, certain.value) == (None, "20 minutes")
    assert doubted.uncertain_since == day("2024-08-01") + timedelta(hours=12)
    assert len(certain.versions) == 2
    assert facts["COMMUTE"].value == "an hour"
    assert len(model.asked) == asked + 1


async def test_what_rests_on_what_was_forgotten_is_uncertain(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    await story("My boss is Ingrid.", "2024-01-11")
    facts = {f.predicate: f for f in await memory.facts(scope=scope)}

    (change,) = await memory.forget(facts["WORKS_AT"].id, scope=scope)
    doubted = await memory.fact(facts["REPORTS_TO"].id, scope=scope)
    await memory.undo(change.id, scope=scope)
    restored = await memory.fact(facts["REPORTS_TO"].id, scope=scope)

    assert doubted.uncertain_because == "no longer: Ada works at Lumen"
    assert restored.uncertain_since is None


async def test_what_ended_with_nothing_in_its_place_is_told(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    await story("I left Lumen.", "2024-05-10")

    found = await memory.search("Where does Ada work?", scope=scope)

    assert found.facts == ()
    assert [f.text for f in found.withdrawn] == ["Ada works at Lumen"]
    assert "No longer so, and nothing known in its place:" in found.text
    assert "Ada works at Lumen (known since 10 Jan 2024, until 10 May 2024, " in found.text
    assert ' ago): "left Lumen" (Ada)' in found.text
    ended_by = found.withdrawn[0].ended_by
    assert ended_by is not None
    assert (ended_by.speaker, ended_by.quote) == ("Ada", "left Lumen")


async def test_what_was_replaced_is_not_told_as_ended(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")

    found = await memory.search("Where does Ada live?", scope=scope)

    assert found.withdrawn == ()
    assert "Ada lives in Turin" not in found.text


async def test_a_rule_takes_effect_with_both_sources_and_waits_again_when_that_is_undone(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("I work at Lumen.", "2024-01-10")
    await story("When I leave Lumen, Ben gets the car.", "2024-02-10")
    waiting = [r.state for r in await memory.rules(scope=scope)]
    left = await story("I left Lumen.", "2024-05-10")
    (car,) = await memory.facts(scope=scope)
    fired = [r.state for r in await memory.rules(scope=scope)]

    await memory.undo(left.changes[-1].id, scope=scope)

    assert (waiting, fired) == ([RuleState.WAITING], [RuleState.FIRED])
    assert (car.text, car.interval.start) == ("Ben owns car", day("2024-05-10") + timedelta(hours=12))
    assert [s.quote for s in car.sources] == ["When I leave Lumen, Ben gets the car", "left Lumen"]
    assert [f.text for f in await memory.facts(scope=scope)] == ["Ada works at Lumen"]
    assert [r.state for r in await memory.rules(scope=scope)] == [RuleState.WAITING]


async def test_a_rule_takes_effect_through_an_edit_by_hand(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    await story("When I leave Lumen, Ben gets the car.", "2024-02-10")

    await memory.assert_fact("Ada", "WORKS_AT", "Fjord", scope=scope, valid_from="2024-08-01")

    assert {f.text for f in await memory.facts(scope=scope)} == {"Ada works at Fjord", "Ben owns car"}


async def test_what_was_asked_to_be_forgotten_is_told_only_as_that(
    memory: Memory, story: Story, scope: str, settings: Settings
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("Please forget where I live.", "2024-02-10")

    found = await memory.search("Where does Ada live?", scope=scope)
    context = await memory.context("Where does Ada live?", scope=scope, as_of=AsOf(valid=day("2024-01-20")))
    graph = str(cypher(settings, "MATCH (n {scope: $scope}) WHERE NOT n:Episode RETURN n", scope=f"test/{scope}"))
    forgetting = (await memory.history(scope=scope))[-1]

    assert found.facts == ()
    assert "Removed, and not to be told:\nF1 Ada lives in [removed] (removed at the speaker's request, " in found.text
    assert "Ada lives in [removed]" in context
    assert "Turin" not in graph
    assert [e.episode.text for e in found.episodes] == []
    with pytest.raises(UndoRefused, match="for good"):
        await memory.undo(forgetting.id, scope=scope)
