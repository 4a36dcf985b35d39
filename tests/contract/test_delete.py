"""Deleting a message: what only it supported is gone, what it had closed opens again, and its words are nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graphmem import AsOf, Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import NotFound, UndoRefused
from graphmem.models import RuleState
from graphmem.serial import dump
from tests.browse import LIVE_VIEW, cypher
from tests.conftest import Add as Story
from tests.conftest import decide, read
from tests.scripted import ScriptedChat, rule
from tests.values import day, said

NOON = timedelta(hours=12)


async def values(memory: Memory, scope: str, as_of: AsOf | None = None) -> list[str]:
    return sorted(f.text for f in await memory.facts(scope=scope, as_of=as_of))


async def test_what_only_it_supported_is_gone_and_its_words_with_it(
    memory: Memory, story: Story, scope: str, settings: Settings
) -> None:
    added = await story("I have a cat, Miso.", "2024-01-10")
    await story("And a dog, Rex.", "2024-01-11")

    receipt = await memory.delete(added.episode_ids[0], scope=scope)

    history = await memory.history(scope=scope)
    left = cypher(settings, "MATCH (n {scope: $scope}) RETURN n", scope=f"test/{scope}")
    assert (len(receipt.facts), receipt.unsourced, receipt.queued) == (1, (), ())
    assert len(receipt.entities) == 1
    assert await values(memory, scope) == ["Ada has the pet Rex"]
    assert [r["object"] for r in cypher(settings, LIVE_VIEW, scope=f"test/{scope}")] == ["Rex"]
    assert "Miso" not in dump(history)
    assert "Miso" not in str(left)
    assert "a cat" not in str(left)
    with pytest.raises(UndoRefused, match="for good"):
        await memory.undo(receipt.change_id, scope=scope)


async def test_what_another_message_says_too_stays_and_is_known_from_that_one_on(
    memory: Memory, story: Story, scope: str
) -> None:
    first = await story("I live in Turin.", "2024-01-10")
    await memory.add(said("I live in Turin.", "2024-03-10"), scope=scope)

    receipt = await memory.delete(first.episode_ids[0], scope=scope)

    (turin,) = await memory.facts(scope=scope)
    assert (receipt.facts, receipt.unsourced) == ((), (turin.id,))
    assert turin.interval.start == day("2024-03-10") + NOON
    assert [s.at for s in turin.sources] == [day("2024-03-10") + NOON]


async def test_a_second_source_alone_changes_no_date(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    second = await memory.add(said("I live in Turin.", "2024-03-10"), scope=scope)

    receipt = await memory.delete(second.episode_ids[0], scope=scope)

    (turin,) = await memory.facts(scope=scope)
    assert (receipt.revised, turin.interval.start) == ((), day("2024-01-10") + NOON)


async def test_what_only_it_had_closed_opens_again(
    memory: Memory, story: Story, scope: str, settings: Settings
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("My commute is 20 minutes.", "2024-01-11")
    moved = await story("We moved to Oslo last week!", "2024-06-20")
    doubted = {f.predicate: f.uncertain_since for f in await memory.facts(scope=scope)}

    receipt = await memory.delete(moved.episode_ids[0], scope=scope)

    facts = {f.predicate: f for f in await memory.facts(scope=scope)}
    assert doubted["COMMUTE"] == day("2024-06-13")
    assert (facts["LIVES_IN"].value, facts["LIVES_IN"].interval.end) == ("Turin", None)
    assert facts["COMMUTE"].uncertain_since is None
    assert len(receipt.revised) == 2
    assert [r["object"] for r in cypher(settings, LIVE_VIEW, scope=f"test/{scope}")] == ["Turin"]


async def test_the_value_after_it_ends_the_value_before_it(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    middle = await story("We moved to Oslo last week!", "2024-06-20")
    await memory.add(said("We are in Rome now.", "2024-09-01"), scope=scope)

    await memory.delete(middle.episode_ids[0], scope=scope)

    assert await values(memory, scope) == ["Ada lives in Rome"]
    assert await values(memory, scope, AsOf(valid=day("2024-08-01"))) == ["Ada lives in Turin"]


async def test_what_was_true_again_was_true_all_the_time(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    middle = await story("We moved to Oslo last week!", "2024-06-20")
    await story("I live in Turin.", "2024-09-10")

    await memory.delete(middle.episode_ids[0], scope=scope)

    (turin,) = await memory.facts(scope=scope)
    assert (turin.interval.start, turin.interval.end) == (day("2024-01-10") + NOON, None)
    assert len(turin.sources) == 2


async def test_what_rules_cannot_settle_is_read_again(
    memory: Memory, story: Story, scope: str, model: ScriptedChat
) -> None:
    await story("The party takes place on 4 October.", "2024-09-01")
    wrong = await story("The party takes place on 5 October.", "2024-09-10")
    right = await story("No, I meant 6 October.", "2024-09-11")
    asked = len(model.asked)

    receipt = await memory.delete(wrong.episode_ids[0], scope=scope)
    unasked = len(model.asked)
    status = await memory.status(scope=scope)
    await memory.process(scope=scope)

    assert (unasked, receipt.queued) == (asked, right.episode_ids)
    assert (status.pending, status.parked) == (1, 0)
    assert await values(memory, scope) == ["party takes place on 2024-10-06"]


async def test_a_rule_waits_again_when_what_set_it_off_is_deleted(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    stated = await story("When I leave Lumen, Ben gets the car.", "2024-02-10")
    left = await story("I left Lumen.", "2024-05-10")
    fired = await values(memory, scope)

    await memory.delete(left.episode_ids[0], scope=scope)
    again = await values(memory, scope)
    states = [r.state for r in await memory.rules(scope=scope)]
    receipt = await memory.delete(stated.episode_ids[0], scope=scope)
    await story("I left Lumen.", "2024-06-10")

    assert fired == ["Ben owns car"]
    assert (again, states) == (["Ada works at Lumen"], [RuleState.WAITING])
    assert len(receipt.rules) == 1
    assert await values(memory, scope) == []


async def test_what_a_deleted_rule_led_to_is_gone(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    stated = await story("When I leave Lumen, Ben gets the car.", "2024-02-10")
    await story("I left Lumen.", "2024-05-10")

    await memory.delete(stated.episode_ids[0], scope=scope)

    assert await values(memory, scope) == []
    assert await memory.rules(scope=scope) == ()


async def test_messages_keep_their_order(memory: Memory, story: Story, scope: str, settings: Settings) -> None:
    ids = [(await story(f"Message {i}.", f"2024-01-1{i}")).episode_ids[0] for i in range(3)]
    await memory.delete(ids[1], scope=scope)
    await memory.delete(ids[2], scope=scope)
    ids.append((await story("Message 3.", "2024-01-14")).episode_ids[0])

    following = cypher(
        settings,
        "MATCH (a:Episode {scope: $scope})-[:NEXT]->(b) RETURN a.id AS a, b.id AS b",
        scope=f"test/{scope}",
    )
    assert following == [{"a": ids[0], "b": ids[3]}]


async def test_what_is_not_there_is_refused(memory: Memory, scope: str) -> None:
    with pytest.raises(NotFound):
        await memory.delete("ep_none", scope=scope)


async def test_one_that_waits_to_be_read_is_never_read(memory: Memory, scope: str, settings: Settings) -> None:
    lines = [said("I live in Turin.", "2024-01-10"), said("I have a cat, Miso.", "2024-01-11")]
    waiting = await memory.add(lines, scope=scope, wait=False)

    receipt = await memory.delete(waiting.episode_ids[0], scope=scope)
    await memory.process(scope=scope)

    assert (receipt.facts, receipt.queued) == ((), ())
    assert await values(memory, scope) == ["Ada has the pet Miso"]
    assert "Turin" not in str(cypher(settings, "MATCH (n {scope: $scope}) RETURN n", scope=f"test/{scope}"))
    with pytest.raises(NotFound):
        await memory.message(waiting.episode_ids[0], scope=scope)


async def test_one_that_is_to_be_read_again_goes_with_what_it_supported(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("The party takes place on 4 October.", "2024-09-01")
    wrong = await story("The party takes place on 5 October.", "2024-09-10")
    right = await story("No, I meant 6 October.", "2024-09-11")
    await memory.delete(wrong.episode_ids[0], scope=scope)

    await memory.delete(right.episode_ids[0], scope=scope)
    await memory.process(scope=scope)

    assert await values(memory, scope) == ["party takes place on 2024-10-04"]


async def test_one_that_comes_again_under_its_id_is_another(memory: Memory, scope: str) -> None:
    cat, dog = replace(said("I have a cat, Miso.", "2024-01-10"), id="m1"), said("And a dog, Rex.", "2024-01-11")
    first = await memory.add(cat, scope=scope)
    await memory.delete(first.episode_ids[0], scope=scope)
    again = await memory.add(replace(cat, text="I live in Turin."), scope=scope)
    other = await memory.add(dog, scope=scope)

    await memory.delete(other.episode_ids[0], scope=scope)

    assert again.episode_ids == first.episode_ids
    assert await values(memory, scope) == ["Ada lives in Turin"]
    assert await memory.verify(scope=scope) == ()
    await memory.delete(again.episode_ids[0], scope=scope)
    assert await values(memory, scope) == []


async def test_its_words_are_in_no_other_decision_and_no_doubt(
    memory: Memory, story: Story, scope: str, settings: Settings
) -> None:
    first = await story("I live in Turin.", "2024-01-10")
    await story("My commute is 20 minutes.", "2024-01-11")
    await story("We moved to Oslo last week!", "2024-06-20")
    await story("When I leave Lumen, Ben gets the car.", "2024-07-01")
    stated = (await memory.rules(scope=scope))[0].source.episode_id
    oslo = next(f for f in await memory.facts(scope=scope) if f.predicate == "LIVES_IN")
    await memory.change_entity(str(oslo.object_id), name="Christiania", scope=scope)

    await memory.delete(first.episode_ids[0], scope=scope)
    await memory.delete(stated, scope=scope)

    told = dump([await memory.history(scope=scope), await memory.entities(scope=scope)])
    graph = str(cypher(settings, "MATCH (n {scope: $scope}) RETURN n", scope=f"test/{scope}"))
    assert "Turin" not in told
    assert "Turin" not in graph
    assert "gets the car" not in told
    assert "gets the car" not in graph
    assert "Christiania" in told


async def test_a_chain_of_rules_falls_with_what_set_it_off(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    car = rule(("Ada", "ends", "WORKS_AT", "Lumen"), ("Ben", "OWNS", "car"), quote="Ben gets the car")
    rome = rule(("Ben", "starts", "OWNS", "car"), ("Ben", "LIVES_IN", "Rome"), quote="Ben goes to Rome")
    rules = {"When I leave, Ben gets the car.": [car], "With a car Ben goes to Rome.": [rome]}
    model = ScriptedChat(read=read, decide=decide, rules=lambda text: rules.get(text, []))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I work at Lumen.", "2024-01-10"), scope=scope)
        stated = await memory.add(said("When I leave, Ben gets the car.", "2024-02-10"), scope=scope)
        await memory.add(said("With a car Ben goes to Rome.", "2024-02-11"), scope=scope)
        left = await memory.add(said("I left Lumen.", "2024-05-10"), scope=scope)
        fired = await values(memory, scope)
        await memory.delete(left.episode_ids[0], scope=scope)
        back = await values(memory, scope)
        waiting = [r.state for r in await memory.rules(scope=scope)]
        again = await memory.add(said("I left Lumen.", "2024-06-10"), scope=scope)
        await memory.delete(stated.episode_ids[0], scope=scope)
        without = await values(memory, scope)
        last = [r.state for r in await memory.rules(scope=scope)]
        breaches = await memory.verify(scope=scope)

    assert again.parked == {}
    assert fired == ["Ben lives in Rome", "Ben owns car"]
    assert (back, waiting) == (["Ada works at Lumen"], [RuleState.WAITING, RuleState.WAITING])
    assert (without, last) == ([], [RuleState.WAITING])
    assert breaches == ()
