"""The same promises on every store."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem import AsOf, Memory, Message, Settings
from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.queries import schema_format
from graphmem.errors import NotFound, ScopeMissing
from graphmem.operations import Add, Invalidate, InvalidateKind, Skip
from graphmem.wiring import build
from tests.browse import LIVE_VIEW, cypher
from tests.conftest import Add as Story
from tests.scripted import ScriptedChat, triple

ROOT = Path(__file__).parents[2]


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


async def test_moving_house_closes_the_old_home(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")

    now = await memory.search("Where does Ada live?", scope=scope)
    spring = await memory.search("Where does Ada live?", scope=scope, as_of=AsOf(valid=day("2024-03-01")))

    assert now.facts[0].text == "Ada lives in Oslo"
    assert spring.facts[0].text == "Ada lives in Turin"
    assert "Turin" not in " ".join(f.text for f in now.facts)
    assert "We moved to Oslo last week!" in now.text


async def test_what_was_believed_before_the_move_is_still_told(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    before = datetime.now(UTC)
    await story("We moved to Oslo last week!", "2024-06-20")

    (turin,) = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-09-01"), known=before))
    known_now = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-09-01")))

    assert turin.text == "Ada lives in Turin"
    assert [f.text for f in known_now] == ["Ada lives in Oslo"]
    assert turin.interval.end is None
    assert (await memory.fact(turin.id, scope=scope)).interval.end == datetime(2024, 6, 13, tzinfo=UTC)


async def test_a_time_may_be_named_by_what_happened(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")

    before = await memory.search("Where did Ada live before the move?", scope=scope)
    since = await memory.search("Where does Ada live since the move?", scope=scope)
    spring = await memory.search("Where did Ada live in May 2024?", scope=scope)
    undated = await memory.search("Where did Ada live?", scope=scope)

    assert [f.text for f in spring.withdrawn] == ["Ada lives in Turin"]
    assert undated.withdrawn == since.withdrawn == ()
    assert [(f.text, f.parts["date"] > 0) for f in before.withdrawn] == [("Ada lives in Turin", True)]
    assert [(f.text, f.parts.get("date", 0) > 0) for f in before.facts] == [("Ada lives in Oslo", False)]
    assert [(f.text, f.parts["date"] > 0) for f in since.facts] == [("Ada lives in Oslo", True)]


async def test_what_is_said_again_and_again_stands_once_among_the_best(
    memory: Memory, story: Story, scope: str
) -> None:
    for date in ("2024-01-01", "2024-01-02", "2024-01-03"):
        await story("Good morning, the tea is ready!", date)
    await story("My tea is from Assam.", "2024-01-04")

    found = await memory.search("Which tea does Ada drink?", scope=scope)

    texts = [e.episode.text for e in found.episodes]
    assert sorted(texts[:2]) == ["Good morning, the tea is ready!", "My tea is from Assam."]
    assert len(texts) == 4


async def test_a_correction_was_never_so(memory: Memory, story: Story, scope: str) -> None:
    await story("The party takes place on 5 October.", "2024-09-01")
    added = await story("No, I meant 6 October.", "2024-09-08")

    closings = [op for c in added.changes for op in c.operations if isinstance(op, Invalidate)]
    facts = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-09-03")))

    assert [c.kind for c in closings] == [InvalidateKind.CORRECTION]
    assert [f.value for f in facts] == ["2024-10-06"]


async def test_a_repeat_is_no_second_fact_but_one_more_source(
    memory: Memory, story: Story, scope: str, model: ScriptedChat
) -> None:
    await story("I live in Turin.", "2024-01-10")
    added = await story("I live in Turin.", "2024-02-10")

    (fact,) = await memory.facts(scope=scope)

    assert isinstance(added.changes[-1].operations[0], Skip)
    assert len(fact.sources) == 2
    assert "resolve" not in {request.kind for request in model.asked}


async def test_many_values_stand_side_by_side(memory: Memory, story: Story, scope: str, model: ScriptedChat) -> None:
    await story("I have a cat, Miso.", "2024-01-10")
    await story("And a dog, Rex.", "2024-02-10")

    assert {f.value for f in await memory.facts(scope=scope)} == {"Miso", "Rex"}
    assert {request.kind for request in model.asked} == {"extract"}


async def test_a_denial_ends_what_it_denies(memory: Memory, story: Story, scope: str) -> None:
    await story("And a dog, Rex.", "2024-02-10")
    await story("I no longer have Rex.", "2024-03-10")

    (then,) = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-02-20")))

    assert await memory.facts(scope=scope) == ()
    assert then.interval.end == day("2024-03-10")


async def test_a_hypothesis_is_not_believed(memory: Memory, story: Story, scope: str) -> None:
    added = await story("If I moved to Rome, I would miss the snow.", "2024-01-10")

    assert await memory.facts(scope=scope) == ()
    assert "hypothetical" in added.changes[-1].reason


async def test_older_news_takes_its_place_in_the_past(memory: Memory, story: Story, scope: str) -> None:
    await story("We moved to Oslo last week!", "2024-06-20")
    await story("I live in Turin.", "2024-01-10")

    (now,) = await memory.facts(scope=scope)
    (then,) = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-02-01")))

    assert (now.value, then.value) == ("Oslo", "Turin")


async def test_a_chain_of_three_facts_answers(memory: Memory, story: Story, scope: str) -> None:
    for text in ("My boss is Ingrid.", "Her brother is Lars.", "Lars studied at NTNU.", "I live in Turin."):
        await story(text, "2024-01-10")

    found = await memory.search("Where did the brother of Ada's boss study?", scope=scope)
    answer = next(f for f in found.facts if f.text == "Lars studied at NTNU")

    assert answer in found.facts[:3]
    assert answer.path == ("Ada reports to Ingrid", "Ingrid is a sibling of Lars")


async def test_the_live_view_shows_what_holds(story: Story, scope: str, settings: Settings) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("I am 34.", "2024-01-11")
    await story("We moved to Oslo last week!", "2024-06-20")

    edges = cypher(settings, LIVE_VIEW, scope=f"test/{scope}")
    people = cypher(
        settings, "MATCH (p:Person {scope: $scope}) RETURN p.name AS name, p.age AS age", scope=f"test/{scope}"
    )

    assert edges == [{"subject": "Ada", "type": "LIVES_IN", "object": "Oslo"}]
    assert people == [{"name": "Ada", "age": 34}]


async def test_history_tells_the_decisions_in_order(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")
    (turin,) = await memory.facts(scope=scope, as_of=AsOf(valid=day("2024-02-01")))

    told = await memory.history(turin.id, scope=scope)
    whole = await memory.history(scope=scope)

    assert [type(op) for c in told for op in c.operations] == [Add, Invalidate, Add]
    assert told[1].cost.tokens_in == 10
    assert [c.number for c in whole] == list(range(1, len(whole) + 1))


async def test_nothing_crosses_scopes(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    (fact,) = await memory.facts(scope=scope)

    other = await memory.search("Where does Ada live?", scope=f"{scope}-other")

    assert (other.facts, other.episodes) == ((), ())
    with pytest.raises(NotFound):
        await memory.fact(fact.id, scope=f"{scope}-other")
    with pytest.raises(NotFound):
        await memory.neighbourhood(fact.subject_id, scope=f"{scope}-other")


async def test_a_neighbourhood_over_two_hops(memory: Memory, story: Story, scope: str) -> None:
    for text in ("My boss is Ingrid.", "Her brother is Lars.", "Lars studied at NTNU."):
        await story(text, "2024-01-10")
    fact = next(f for f in await memory.facts(scope=scope) if f.subject == "Ada")

    near = await memory.neighbourhood(fact.subject_id, scope=scope, hops=2)

    assert {e.name for e in near.entities} == {"Ada", "Ingrid", "Lars"}
    assert {f.text for f in near.facts} == {"Ada reports to Ingrid", "Ingrid is a sibling of Lars"}


async def test_a_message_is_kept_once(memory: Memory, scope: str) -> None:
    said = Message(text="I live in Turin.", at=day("2024-01-10"), speaker="Ada", id="m1")

    first = await memory.add(said, scope=scope)
    second = await memory.add(said, scope=scope)

    assert (first.new, second.new, second.known) == (1, 0, 1)
    assert first.episode_ids == second.episode_ids
    assert (await memory.status(scope=scope)).episodes == 1


async def test_without_waiting_the_messages_are_there_and_facts_come_later(memory: Memory, scope: str) -> None:
    said = Message(text="I live in Turin.", at=day("2024-01-10"), speaker="Ada")
    await memory.add(said, scope=scope, wait=False)
    waiting = await memory.status(scope=scope)

    outcome = await memory.process(scope=scope)

    assert (waiting.pending, waiting.facts) == (1, 0)
    assert outcome.done == 1
    assert (await memory.status(scope=scope)).open == 1


async def test_a_reply_that_breaks_the_rules_parks_the_message_and_a_retry_takes_it(
    memory: Memory, scope: str, model: ScriptedChat
) -> None:
    good = model.read
    model.read = lambda _: [triple("Ada", "LIVES_IN", "Turin", quote="words that nobody said")]
    said = Message(text="I live in Turin.", at=day("2024-01-10"), speaker="Ada", id="m1")

    added = await memory.add(said, scope=scope)
    parked = await memory.status(scope=scope)
    model.read = good
    await memory.retry(scope=scope)

    assert "words that nobody said" in added.parked["m1"]
    assert (parked.parked, parked.facts) == (1, 0)
    assert [f.value for f in await memory.facts(scope=scope)] == ["Turin"]


async def test_24_writers_of_the_same_and_of_contradicting_facts(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    places = ["Turin", "Oslo", "Rome"]
    model = ScriptedChat(read=lambda said: [triple("Ada", "LIVES_IN", said.split()[-1], quote=said)])

    async def write(memory: Memory, number: int) -> None:
        said = Message(text=f"I live in {places[number % 3]}", at=day(f"2024-01-{number + 1:02}"), speaker="Ada")
        await memory.add(said, scope=scope)

    async with (
        Memory.open(settings, model=model, embedder=embedder) as one,
        Memory.open(settings, model=model, embedder=embedder) as other,
    ):
        await asyncio.gather(*(write((one, other)[n % 2], n) for n in range(24)))
        status = await one.status(scope=scope)
        facts = await one.facts(scope=scope)
        live = cypher(settings, LIVE_VIEW, scope=f"test/{scope}")
        found = await one._parts.store.read(
            "facts_of_scopes", scopes=[f"test/{scope}"], predicate="LIVES_IN", limit=100
        )
        whole = [await one.fact(row["id"], scope=scope) for row in found]

    assert (status.pending, status.parked, status.episodes) == (0, 0, 24)
    assert len(facts) == 1
    assert len(live) == 1
    assert sum(f.interval.end is None and f.expired_at is None for f in whole) == 1
    assert sum(len(f.sources) for f in whole) == 24


async def test_50_writers_in_two_processes_agree(memory: Memory, scope: str, settings: Settings) -> None:
    command = [sys.executable, "-m", "tests.contender", str(settings.home), settings.neo4j_uri or "", scope]
    both = [
        await asyncio.create_subprocess_exec(*command, str(first), "25", cwd=ROOT, stderr=asyncio.subprocess.PIPE)
        for first in (0, 25)
    ]
    for process in both:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    status = await memory.status(scope=scope)
    (home,) = await memory.facts(scope=scope)
    found = await memory.history(scope=scope)

    stated = sum(isinstance(op, (Add, Skip)) for c in found for op in c.operations)
    assert (status.pending, status.parked, status.episodes) == (0, 0, 50)
    assert home.predicate == "LIVES_IN"
    assert stated >= 50


async def test_without_a_model_messages_are_indexed_and_it_says_so(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    async with Memory.open(settings, embedder=embedder) as memory:
        added = await memory.add(Message(text="I live in Turin.", at=day("2024-01-10"), speaker="Ada"), scope=scope)
        found = await memory.search("Who lives in Turin?", scope=scope)

    assert added.note is not None
    assert "OPENAI_API_KEY" in added.note
    assert [e.episode.text for e in found.episodes] == ["I live in Turin."]


async def test_a_scope_is_asked_for(memory: Memory) -> None:
    with pytest.raises(ScopeMissing):
        await memory.search("Where?", scope="")
    with pytest.raises(ScopeMissing):
        await memory.search("Where?", scope=[])


async def test_ten_thousand_quoted_words_and_lucene_signs_harm_nothing(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("I live in Turin.", "2024-01-10")

    for query in ('Turin" OR scope_key:* (', "+-&|!(){}[]^~*?:\\/", "Turin AND NOT Turin", "Zoë " * 300):
        found = await memory.search(query, scope=scope)
        assert all(e.episode.scope == f"test/{scope}" for e in found.episodes)


async def test_opening_twice_changes_nothing(settings: Settings, embedder: LocalEmbedder) -> None:
    first = await build(settings, embedder=embedder)
    second = await build(settings, embedder=embedder)
    state = await second.store.read("graph_state")
    await first.store.close()
    await second.store.close()

    assert isinstance(second.store, BoltStore)
    assert state[0]["format"] == schema_format(second.store.dialect)
    assert state[0]["embedder"] == embedder.name
