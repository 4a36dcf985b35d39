"""Filters of searches and lists: the store returns what the same conditions in plain Python let through."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphmem import AsOf, Episode, Fact, FactPage, Filters, Memory, Message, SearchResult
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import InvalidInput
from tests.conftest import ENGINES, new_scope, settings_of
from tests.conftest import Add as Story
from tests.counts import FULL
from tests.scripted import ScriptedChat, triple

DRAWS, MIXTURES = (8, 20) if FULL else (4, 6)
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
SESSIONS, AGENTS, CHANNELS = ("monday", "friday"), ("planner", "coach", None), ("chat", "mail")
SAID = {
    "LIKES": ("tea", "jazz", "chess", "rye bread"),
    "HAS_PET": ("Miso", "Rex", "Otto"),
    "VISITED": ("Oslo", "Rome", "Turin"),
    "SPEAKS": ("Latin", "Greek"),
}
QUESTION = "What is there to tell about Ada, Ben and Mia?"


def lines() -> dict[str, list[dict[str, Any]]]:
    """Return some sentences with what a model reads in them, as random as they are repeatable."""
    dice = random.Random(7)
    made: dict[str, list[dict[str, Any]]] = {}
    for who in ("Ada", "Ben", "Mia"):
        for predicate, values in SAID.items():
            value = dice.choice(values)
            since = (START + timedelta(days=dice.randint(-400, 100))).date().isoformat()
            found = triple(who, predicate, value, quote=f"{who}, {value}", confidence=dice.choice((0.6, 0.8, 0.95)))
            until = "2099-01-01" if predicate == "LIKES" else None
            made[f"{who}, {value}: {predicate.lower()}."] = [{**found, "valid_from": since, "valid_to": until}]
    return made | {"Nothing much happened.": [], "The weather was fine.": []}


LINES = lines()


def messages() -> list[Message]:
    dice = random.Random(11)
    made = [
        Message(
            text=text,
            at=START + timedelta(days=9 * n),
            speaker="Ada",
            id=f"m{n}",
            session=dice.choice(SESSIONS),
            agent=dice.choice(AGENTS),
            metadata={
                "channel": dice.choice(CHANNELS),
                "year": dice.choice((1, 2)),
                "kept": dice.choice((True, False)),
            },
        )
        for n, text in enumerate(LINES)
    ]
    # Said again elsewhere: one fact, two sources.
    again = [replace(m, id=f"{m.id}-again", session="sunday", agent=None, metadata={}) for m in made[:4]]
    return [*made, *again]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two scopes full of facts, and all that they hold."""

    memory: Memory
    scopes: tuple[str, str]
    facts: tuple[Fact, ...]
    episodes: tuple[Episode, ...]
    types: dict[str, str]


@pytest.fixture(scope="module", params=ENGINES)
async def world(request: pytest.FixtureRequest, embedded_home: Path, embedder: LocalEmbedder) -> AsyncIterator[World]:
    """A world of each engine; the tests only ask."""
    model = ScriptedChat(read=lambda said: LINES.get(said, []))
    scopes = (new_scope(), new_scope())
    said = messages()
    async with Memory.open(settings_of(request, embedded_home), model=model, embedder=embedder) as memory:
        await memory.add([m for n, m in enumerate(said) if n % len(LINES) % 3], scope=scopes[0])
        await memory.add([m for n, m in enumerate(said) if not n % len(LINES) % 3], scope=scopes[1])
        facts = [f for scope in scopes for f in await memory.facts(scope=scope, limit=1000)]
        episodes = [
            e for scope in scopes for s in (*SESSIONS, "sunday") for e in await memory.messages(scope=scope, session=s)
        ]
        entities = [e for scope in scopes for e in await memory.entities(scope=scope)]
        yield World(
            memory=memory,
            scopes=scopes,
            facts=tuple(facts),
            episodes=tuple(episodes),
            types={e.id: e.type for e in entities},
        )


def said_as(filters: Filters, episode: Episode) -> bool:
    """Tell whether a message passes, but for its time."""
    return (
        (filters.sessions is None or episode.session in filters.sessions)
        and (filters.agents is None or episode.agent in filters.agents)
        and (filters.sources is None or episode.message_id in filters.sources)
        and all(key in episode.metadata and episode.metadata[key] == v for key, v in (filters.metadata or {}).items())
    )


def stated_as(filters: Filters, fact: Fact, world: World) -> bool:
    """Tell whether a fact passes, but for its times and its messages."""
    kinds = {world.types.get(fact.subject_id), world.types.get(fact.object_id or "")}
    return (
        (filters.predicates is None or fact.predicate in filters.predicates)
        and (filters.types is None or bool(kinds & set(filters.types)))
        and (filters.confidence is None or fact.confidence >= filters.confidence)
    )


def true_in(filters: Filters, fact: Fact) -> bool:
    start, end = fact.interval.start, fact.interval.end
    if filters.until is not None and start >= filters.until:
        return False
    return filters.since is None or start >= filters.since or (not fact.event and (end is None or end > filters.since))


def facts_that_pass(filters: Filters, world: World) -> list[Fact]:
    said = {e.id for e in world.episodes if said_as(filters, e)}
    return [
        f
        for f in world.facts
        if stated_as(filters, f, world) and true_in(filters, f) and any(s.episode_id in said for s in f.sources)
    ]


def messages_that_pass(filters: Filters, world: World) -> set[str]:
    stating = {s.episode_id for f in world.facts if stated_as(filters, f, world) for s in f.sources}
    of_facts = any(asked is not None for asked in (filters.predicates, filters.types, filters.confidence))
    return {
        e.id
        for e in world.episodes
        if said_as(filters, e)
        and (not of_facts or e.id in stating)
        and (filters.since is None or filters.since <= e.at)
        and (filters.until is None or e.at < filters.until)
    }


def some_filters(names: Sequence[str], dice: random.Random) -> Filters:
    """Return filters of some kinds, with values that the world has."""
    since = START + timedelta(days=dice.randint(-200, 90))
    values: dict[str, Any] = {
        "since": since,
        "until": since + timedelta(days=dice.randint(1, 200)),
        "predicates": tuple(dice.sample(sorted(SAID), dice.randint(1, 2))),
        "types": tuple(dice.sample(("Animal", "Place", "Topic", "Person"), dice.randint(1, 2))),
        "confidence": dice.choice((0.0, 0.7, 0.8, 0.9)),
        "sessions": tuple(dice.sample((*SESSIONS, "sunday"), dice.randint(1, 2))),
        "agents": tuple(dice.sample(("planner", "coach"), dice.randint(1, 2))),
        "sources": tuple(f"m{n}" for n in dice.sample(range(len(LINES)), 4)),
        "metadata": dice.choice(({"channel": "chat"}, {"year": 2}, {"kept": True, "channel": "mail"})),
    }
    return Filters(**{name: values[name] for name in names})


KINDS = ("since", "until", "predicates", "types", "confidence", "sessions", "agents", "sources", "metadata")


async def check(filters: Filters, world: World, passed: dict[str, int]) -> None:
    expected, said = facts_that_pass(filters, world), messages_that_pass(filters, world)
    listed = [f for s in world.scopes for f in await world.memory.facts(scope=s, filters=filters, limit=1000)]
    found = await world.memory.search(QUESTION, scope=world.scopes, filters=filters, limit=1000, tokens=20_000)
    assert {f.id for f in listed} == {f.id for f in expected}, filters
    assert {f.fact.id for f in found.facts} == {f.id for f in expected}, filters
    assert {e.episode.id for e in found.episodes} == said, filters
    quoted = {s.episode_id for f in found.facts for s in f.fact.sources}
    assert quoted <= {e.id for e in world.episodes if said_as(filters, e)}, "no other message is quoted"
    passed["facts"] += len(expected)
    passed["messages"] += len(said)


async def test_each_filter_lets_through_what_python_does(world: World) -> None:
    assert len(world.facts) == 12
    dice = random.Random(3)
    for kind in KINDS:
        passed = {"facts": 0, "messages": 0}
        for _ in range(DRAWS):
            await check(some_filters([kind], dice), world, passed)
        assert 0 < passed["facts"] < DRAWS * len(world.facts), kind
        assert 0 < passed["messages"] < DRAWS * len(world.episodes), kind


async def test_filters_together_let_through_what_passes_all_of_them(world: World) -> None:
    dice = random.Random(5)
    passed = {"facts": 0, "messages": 0}
    for _ in range(MIXTURES):
        await check(some_filters(dice.sample(KINDS, dice.randint(2, 3)), dice), world, passed)
    assert passed["facts"]
    assert passed["messages"]


async def test_a_scope_that_is_not_asked_for_stays_out(world: World) -> None:
    chat = Filters(metadata={"channel": "chat"})

    found = await world.memory.search(QUESTION, scope=world.scopes[0], filters=chat, limit=1000)

    assert found.facts
    assert {f.fact.scope for f in found.facts} | {e.episode.scope for e in found.episodes} == {
        f"test/{world.scopes[0]}"
    }


async def test_a_chain_leads_over_what_does_not_pass_but_does_not_show_it(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("My boss is Ingrid.", "2024-01-10")
    await story("Her brother is Lars.", "2024-02-10")
    await story("Lars studied at NTNU.", "2024-03-10")

    found = await memory.search(
        "Where did the brother of Ada's boss study?", scope=scope, filters=Filters(predicates=("STUDIED_AT",))
    )

    assert [f.text for f in found.facts] == ["Lars studied at NTNU"]
    assert found.facts[0].path == ()
    assert [e.episode.text for e in found.episodes] == ["Lars studied at NTNU."]
    assert "Ingrid" not in found.text


async def test_a_time_filters_by_what_was_believed_then(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    before = datetime.now(UTC)
    await story("We moved to Oslo last week!", "2024-06-20")
    autumn = Filters(since=datetime(2024, 9, 1, tzinfo=UTC), until=datetime(2024, 10, 1, tzinfo=UTC))

    now = await memory.search("Where does Ada live?", scope=scope, filters=autumn)
    then = await memory.search("Where does Ada live?", scope=scope, filters=autumn, as_of=AsOf(known=before))
    listed = await memory.facts(scope=scope, filters=autumn, as_of=AsOf(known=before))

    assert [f.text for f in now.facts] == ["Ada lives in Oslo"]
    assert [f.text for f in then.facts] == [f.text for f in listed] == ["Ada lives in Turin"]
    assert now.episodes == ()


async def test_who_ended_a_fact_is_only_quoted_where_that_message_passes(memory: Memory, scope: str) -> None:
    for n, (text, session) in enumerate((("I have a cat, Miso.", "a"), ("And a dog, Rex.", "a"))):
        await memory.add(Message(text=text, at=START + timedelta(days=n), speaker="Ada", session=session), scope=scope)
    gone = Message(text="I no longer have Rex.", at=START + timedelta(days=9), speaker="Ada", session="b")
    await memory.add(gone, scope=scope)

    async def ask(filters: Filters | None) -> SearchResult:
        return await memory.search("Does Ada still have the dog Rex?", scope=scope, filters=filters)

    whole, first = await ask(None), await ask(Filters(sessions=("a",)))

    assert [f.ended_by.quote for f in whole.withdrawn if f.ended_by] == ["no longer have Rex"]
    assert [(f.text, f.ended_by) for f in first.withdrawn] == [("Ada has the pet Rex", None)]
    assert "no longer have" not in first.text


async def test_pages_hold_each_fact_once_though_others_come(memory: Memory, scope: str, story: Story) -> None:
    async def pages(after: str | None = None, filters: Filters | None = None) -> list[FactPage]:
        read: list[FactPage] = []
        while not read or read[-1].next:
            read.append(
                await memory.facts_page(scope=scope, limit=2, after=read[-1].next if read else after, filters=filters)
            )
        return read

    for n, text in enumerate(("I live in Turin.", "I have a cat, Miso.", "My boss is Ingrid.", "I work at Lumen.")):
        await story(text, f"2024-0{n + 1}-10")
    await story("And a dog, Rex.", "2024-04-10")

    whole = await memory.facts(scope=scope)
    first, *_ = cut = await pages()
    assert [f.id for page in cut for f in page.facts] == [f.id for f in whole]
    assert [len(page.facts) for page in cut] == [2, 2, 1]
    assert [f.interval.start for f in whole] == sorted((f.interval.start for f in whole), reverse=True)
    assert await memory.facts(scope=scope, after=first.next, limit=2) == cut[1].facts

    await story("My commute is 20 minutes.", "2024-05-10")
    rest = await pages(after=first.next)
    assert [f.id for page in rest for f in page.facts] == [f.id for page in cut[1:] for f in page.facts]

    pets = await pages(filters=Filters(predicates=("HAS_PET", "LIVES_IN")))
    assert [[f.value for f in page.facts] for page in pets] == [["Rex", "Miso"], ["Turin"]]


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"since": datetime(2024, 1, 1)}, "zone"),  # noqa: DTZ001  (that is what is wrong with it)
    ({"until": "2024-01-01"}, "time"),
    ({"since": START, "until": START}, "before"),
    ({"since": datetime(1, 1, 1, tzinfo=UTC)}, "years"),
    ({"predicates": ()}, "leave it out"),
    ({"sessions": ()}, "leave it out"),
    ({"sessions": "monday"}, "tuple"),
    ({"agents": (None,)}, "tuple"),
    ({"sources": ("\ud800",)}, "surrogate"),
    ({"predicates": ("LOVES",)}, "ontology"),
    ({"types": ("Robot",)}, "Animal"),
    ({"confidence": 1.5}, "0 to 1"),
    ({"confidence": float("nan")}, "0 to 1"),
    ({"confidence": True}, "0 to 1"),
    ({"metadata": {}}, "leave it out"),
    ({"metadata": {"a": {"b": 1}}}, "flat"),
    ({"metadata": {"a": None}}, "flat"),
)


async def test_filters_that_cannot_be_used_are_refused_in_words(memory: Memory, scope: str) -> None:
    for values, said in BAD:
        filters = Filters(**values)
        with pytest.raises(InvalidInput, match=said):
            await memory.search("Where?", scope=scope, filters=filters)
        with pytest.raises(InvalidInput, match=said):
            await memory.facts(scope=scope, filters=filters)
    for cursor in ("", "x", "ä", "MjAyNA==", "MjAyNC0wMS0wMXxmYQ==", "fHw="):
        with pytest.raises(InvalidInput, match="page"):
            await memory.facts_page(scope=scope, after=cursor)
