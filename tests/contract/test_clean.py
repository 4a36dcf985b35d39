"""Cleaning: a report first, then each mending a decision that can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import InvalidInput
from graphmem.models import Sameness
from graphmem.write.clean import FindingKind
from tests.browse import cypher
from tests.scripted import ScriptedChat, rule, triple
from tests.values import said

READ: dict[str, list[dict[str, Any]]] = {
    "I plan a trip to Iceland.": [triple("Ada", "PLANS", "a trip to Iceland", quote="a trip to Iceland")],
    "Iceland, to a trip!": [triple("Ada", "PLANS", "to a trip, Iceland", quote="Iceland")],
    "I dwell in Turin.": [triple("Ada", "lives in", "Turin", quote="dwell in Turin")],
    "I dwell in Oslo.": [triple("Ada", "lives in", "Oslo", quote="dwell in Oslo")],
}


@pytest.fixture
def model() -> ScriptedChat:
    beside = {"action": "add", "fact": None, "at": None, "kind": None}
    return ScriptedChat(read=lambda text: READ.get(text, []), decide=lambda _: beside)


async def found(memory: Memory, scope: str) -> dict[FindingKind, str]:
    return {f.kind: f.action for f in (await memory.clean(scope=scope)).findings}


async def test_a_clean_scope_has_nothing_to_report(memory: Memory, scope: str) -> None:
    await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=scope)
    await memory.assert_fact("Tom", "LIVES_IN", "Turin", scope=scope)

    assert (await memory.clean(scope=scope)).findings == ()


async def test_nothing_is_changed_by_the_report(memory: Memory, scope: str) -> None:
    await memory.add(said("I dwell in Turin.", "2024-01-10"), scope=scope)
    before = await memory.history(scope=scope)

    assert await found(memory, scope) == {FindingKind.PREDICATE: "say it by LIVES_IN"}
    assert await memory.history(scope=scope) == before


async def test_an_invented_predicate_becomes_the_one_that_is_meant(
    memory: Memory, scope: str, settings: Settings
) -> None:
    await memory.add(said("I dwell in Turin.", "2024-01-10"), scope=scope)

    cleaned = await memory.clean(scope=scope, dry_run=False)

    (fact,) = await memory.facts(scope=scope)
    live = cypher(
        settings, "MATCH (:Entity {scope: $scope})-[r:LIVES_IN]->(o) RETURN o.name AS o", scope=f"test/{scope}"
    )
    assert (fact.predicate, fact.text, fact.sources[0].quote) == ("LIVES_IN", "Ada lives in Turin", "dwell in Turin")
    assert live == [{"o": "Turin"}]
    await memory.undo(cleaned.changes[0].id, scope=scope)
    assert [f.predicate for f in await memory.facts(scope=scope)] == ["RELATED_TO"]


async def test_where_another_value_holds_the_predicate_is_only_reported(memory: Memory, scope: str) -> None:
    await memory.add(said("I dwell in Turin.", "2024-01-10"), scope=scope)
    await memory.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope, valid_from="2024-03-01")

    assert await found(memory, scope) == {FindingKind.PREDICATE: ""}
    assert (await memory.clean(scope=scope, dry_run=False)).changes == ()


async def test_the_same_words_in_another_order_are_one_fact(memory: Memory, scope: str) -> None:
    await memory.add(said("I plan a trip to Iceland.", "2024-01-10"), scope=scope)
    await memory.add(said("Iceland, to a trip!", "2024-02-10"), scope=scope)

    cleaned = await memory.clean(scope=scope, dry_run=False)

    (fact,) = await memory.facts(scope=scope)
    assert [f.kind for f in cleaned.findings] == [FindingKind.FACTS_ALIKE]
    assert (fact.value, len(fact.sources)) == ("a trip to Iceland", 2)
    await memory.undo(cleaned.changes[0].id, scope=scope)
    assert len(await memory.facts(scope=scope)) == 2


async def test_people_of_like_names_are_put_up_for_review_and_never_again(memory: Memory, scope: str) -> None:
    await memory.assert_fact("Tom", "LIVES_IN", "Turin", scope=scope)
    await memory.assert_fact("Tom Dahl", "LIVES_IN", "Oslo", scope=scope)
    (pair,) = await memory.merges(scope=scope)

    await memory.never_the_same(pair.entity.id, pair.other.id, scope=scope)

    assert await memory.merges(scope=scope) == ()
    assert [p.state for p in await memory.merges(scope=scope, state=None)] == [Sameness.NEVER]
    assert await found(memory, scope) == {}


async def test_a_reviewed_pair_becomes_one_and_after_a_split_never_again(memory: Memory, scope: str) -> None:
    await memory.assert_fact("Tom", "LIVES_IN", "Turin", scope=scope)
    await memory.assert_fact("Tom Dahl", "LIKES", "tea", scope=scope)
    (pair,) = await memory.merges(scope=scope)

    (merged,) = await memory.merge_entities(pair.other.id, pair.entity.id, scope=scope)
    one = {f.subject for f in await memory.facts(scope=scope)}
    await memory.undo(merged.id, scope=scope)
    waiting = [p.state for p in await memory.merges(scope=scope)]
    await memory.merge_entities(pair.other.id, pair.entity.id, scope=scope)
    await memory.split_entity(pair.entity.id, scope=scope)

    assert (one, waiting) == ({"Tom"}, [Sameness.PENDING])
    assert [p.state for p in await memory.merges(scope=scope, state=None)] == [Sameness.NEVER]
    assert {f.subject for f in await memory.facts(scope=scope)} == {"Tom", "Tom Dahl"}


async def test_what_was_tampered_with_is_mended(
    settings: Settings, embedder: LocalEmbedder, scope: str, model: ScriptedChat
) -> None:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=scope, valid_from="2024-01-01")
        await memory.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope, valid_from="2024-06-01")
        await memory.assert_fact("Ada", "LIKES", "tea", scope=scope)
        cypher(
            settings,
            "MATCH (f:Fact {scope: $scope}) WHERE f.text = 'Ada lives in Turin' "
            "SET f.invalid_at = datetime('9999-12-31T23:59:59Z')",
            scope=f"test/{scope}",
        )
        cypher(
            settings,
            "MATCH (f:Fact {scope: $scope})-[r:STATED_IN]->(e) WHERE f.text = 'Ada likes tea' DELETE r",
            scope=f"test/{scope}",
        )
        report = await found(memory, scope)
        await memory.clean(scope=scope, dry_run=False)
        left = await found(memory, scope)
        facts = {f.text for f in await memory.facts(scope=scope)}

    assert report == {
        FindingKind.CONTRADICTION: "end the first on 2024-06-01",
        FindingKind.NO_SOURCE: "believe it no more",
    }
    assert left == {}
    assert facts == {"Ada lives in Oslo"}


async def test_who_waits_in_a_rule_is_no_orphan(settings: Settings, embedder: LocalEmbedder, scope: str) -> None:
    stated = rule(
        ("Ada", "starts", "LIVES_IN", "Oslo"), ("Ada's aunt", "OWNS", "Ada's boat"), quote="When I live in Oslo"
    )
    model = ScriptedChat(read=lambda _: [], rules=lambda _: [stated])
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("When I live in Oslo, my aunt gets the boat.", "2024-01-10"), scope=scope)
        await memory.clean(scope=scope, dry_run=False)
        await memory.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope)
        facts = {f.text for f in await memory.facts(scope=scope)}
        breaches = await memory.verify(scope=scope)

    assert facts == {"Ada lives in Oslo", "Ada's aunt owns Ada's boat"}
    assert breaches == ()


async def test_what_comes_in_is_looked_at_by_itself(memory: Memory, scope: str) -> None:
    await memory.add(said("I dwell in Turin.", "2024-01-10"), scope=scope)
    added = await memory.add(said("I plan a trip to Iceland.", "2024-01-11"), scope=scope)
    more = await memory.add(said("Iceland, to a trip!", "2024-02-10"), scope=scope)

    first = await memory.clean(scope=scope, messages=added.episode_ids)
    second = await memory.clean(scope=scope, messages=more.episode_ids)

    assert [f.kind for f in second.findings] == [FindingKind.FACTS_ALIKE]
    assert first.findings == second.findings
    with pytest.raises(InvalidInput, match="whole scope"):
        await memory.clean(scope=scope, messages=added.episode_ids, dry_run=False)
