"""Two entities that turn out to be one, and one that turns out to be two."""

from __future__ import annotations

import pytest

from graphmem import AsOf, Memory, Settings
from graphmem.errors import InvalidInput
from tests.browse import LIVE_VIEW, cypher
from tests.values import day


async def ids(memory: Memory, scope: str) -> dict[str, str]:
    return {e.name: e.id for e in await memory.entities(scope=scope)}


async def two_sisters(memory: Memory, scope: str) -> dict[str, str]:
    await memory.assert_fact("Ellie", "LIVES_IN", "Porto", scope=scope, valid_from="2024-01-01")
    await memory.assert_fact("Ellie", "LIKES", "tea", scope=scope, valid_from="2024-01-01")
    await memory.assert_fact("Eleanor", "LIVES_IN", "Lisbon", scope=scope, valid_from="2024-06-01")
    await memory.assert_fact("Eleanor", "LIKES", "tea", scope=scope, valid_from="2024-03-01")
    await memory.assert_fact("Eleanor", "AGE", "34", scope=scope, valid_from="2024-03-01")
    return await ids(memory, scope)


async def test_merged_they_have_one_home_one_liking_and_both_names(
    memory: Memory, scope: str, settings: Settings
) -> None:
    known = await two_sisters(memory, scope)

    await memory.merge_entities(known["Ellie"], known["Eleanor"], scope=scope)

    now = {f.text: f for f in await memory.facts(scope=scope)}
    spring = [f.text for f in await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-02-01")))]
    found = await memory.search("Where does Eleanor live?", scope=scope)
    live = cypher(settings, LIVE_VIEW, scope=f"test/{scope}")
    ages = cypher(
        settings, "MATCH (n:Entity {scope: $scope}) WHERE n.age = 34 RETURN n.name AS name", scope=f"test/{scope}"
    )

    assert set(now) == {"Ellie lives in Lisbon", "Ellie likes tea", "Ellie has the age of 34"}
    assert len(now["Ellie likes tea"].sources) == 2
    assert "Ellie lives in Porto" in spring
    assert found.facts[0].text == "Ellie lives in Lisbon"
    assert [(r["subject"], r["type"], r["object"]) for r in live] == [
        ("Ellie", "LIKES", "tea"),
        ("Ellie", "LIVES_IN", "Lisbon"),
    ]
    assert ages == [{"name": "Ellie"}]


async def test_undone_they_are_two_again(memory: Memory, scope: str, settings: Settings) -> None:
    known = await two_sisters(memory, scope)
    before = {f.text for f in await memory.facts(scope=scope)}
    live = cypher(settings, LIVE_VIEW, scope=f"test/{scope}")
    (merge,) = await memory.merge_entities(known["Ellie"], known["Eleanor"], scope=scope)

    await memory.undo(merge.id, scope=scope)

    assert {f.text for f in await memory.facts(scope=scope)} == before
    assert cypher(settings, LIVE_VIEW, scope=f"test/{scope}") == live


async def test_undone_each_takes_its_own_home_again(memory: Memory, scope: str) -> None:
    await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=scope, valid_from="2024-01-01")
    await memory.assert_fact("Zoe", "LIVES_IN", "Turin", scope=scope, valid_from="2024-02-01")
    known = await ids(memory, scope)
    (merge,) = await memory.merge_entities(known["Zoe"], known["Ada"], scope=scope)

    await memory.undo(merge.id, scope=scope)

    assert {f.text for f in await memory.facts(scope=scope)} == {"Ada lives in Turin", "Zoe lives in Turin"}


async def test_what_was_learned_since_returns_by_the_name_it_was_said_of(memory: Memory, scope: str) -> None:
    known = await two_sisters(memory, scope)
    await memory.merge_entities(known["Ellie"], known["Eleanor"], scope=scope)
    await memory.assert_fact("Eleanor", "HAS_PET", "Rex", scope=scope)
    merged = {f.text for f in await memory.facts(scope=scope, predicate="HAS_PET")}

    await memory.split_entity(known["Eleanor"], scope=scope)
    split = {f.text for f in await memory.facts(scope=scope, predicate="HAS_PET")}

    assert merged == {"Ellie has the pet Rex"}
    assert split == {"Eleanor has the pet Rex"}


async def test_what_cannot_be_merged_or_split_is_refused(memory: Memory, scope: str) -> None:
    known = await two_sisters(memory, scope)

    with pytest.raises(InvalidInput, match="one entity already"):
        await memory.merge_entities(known["Ellie"], known["Ellie"], scope=scope)
    with pytest.raises(InvalidInput, match="not merged"):
        await memory.split_entity(known["Ellie"], scope=scope)
