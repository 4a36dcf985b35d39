"""Seeds: the facts, entities and messages from which a question's answer is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphmem import lucene, rows
from graphmem.models import Scope
from graphmem.ports import Embedder, Reader, Request, Row, Store, Vector
from graphmem.read.asked import Asked, Embedded
from graphmem.read.filtered import conditions
from graphmem.read.joined import joined
from graphmem.read.names import Named, link_names, names_asked, owning, slips_asked
from graphmem.read.strategies import ENTITY, MIX, TRIPLET, Strategy
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors

EPISODES = 60
FACTS = 30
STATING, STATED = 10, 20
"""Of how many of the best messages the facts are seeds too, and how many facts at most."""
AMONG = 2000
"""How many that share words with a question are looked at where only some pass filters."""
# What the index returns of a scope is its nearest, as far as it goes; with fewer than these all are compared after all.
ENOUGH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many messages and facts the asked scopes hold, facts counted up to one more than are compared singly."""

    episodes: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Messages and facts that are like a question in one way, by id with their scores; what the best messages state."""

    episodes: Mapping[str, float]
    facts: Mapping[str, float]
    stated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What shares words with a question, and the entities that it names: known before its vector is.

    `told` is the question in the third person, names with the apostrophes that they lacked.
    """

    words: Scored
    named: tuple[Named, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """What is near a question, what shares words with it, and the entities that it names."""

    near: Scored
    words: Scored
    named: tuple[Named, ...]

    @property
    def episodes(self) -> list[str]:
        """The messages' ids, the nearest first."""
        return list(dict.fromkeys([*self.near.episodes, *self.words.episodes]))

    @property
    def facts(self) -> list[str]:
        """The facts' ids, the nearest first."""
        return list(dict.fromkeys([*self.near.facts, *self.words.facts]))

    @property
    def stated(self) -> list[str]:
        """The ids of what the best messages state."""
        return list(dict.fromkeys([*self.near.stated, *self.words.stated]))


async def scope_sizes(scopes: Sequence[Scope], embedder: Embedder, store: Store) -> Sizes:
    """Return what decides how the scopes are searched; raises VectorsForeign for vectors of another model."""
    found = (await store.read("scope_sizes", scopes=[s.key for s in scopes], most=store.compared(FACTS) + 1))[0]
    check_vectors(found, embedder)
    return Sizes(episodes=found["episodes"], facts=found["facts"])


async def look_up(asked: Asked, strategy: Strategy, reader: Reader) -> LookedUp:
    """Ask the full-text indexes for messages, facts and names; this needs no vector.

    Of the paper's ways, the one begins from named entities only, the other from facts by their vectors only.
    """
    names = names_asked(asked.told, asked.scopes) if strategy != TRIPLET else None
    episodes, facts = _said(asked) if strategy == MIX else (None, None)
    found = await joined(reader, {"names": names, "episodes": episodes, "facts": facts}, scopes=asked.keys)
    told, named = _named(asked.told, found["names"])
    # Only now: looking for words that differ little takes the embedded store longer than all else here.
    slips = slips_asked(told, named, asked.scopes) if names is not None else None
    if slips is not None:
        query, mistyped = slips
        told, named = _named(asked.told, [*found["names"], *await reader.read(query, scopes=asked.keys, **mistyped)])
    return LookedUp(words=_scored(found["episodes"], found["facts"]), named=named, told=told)


async def find_near(asked: Embedded, sizes: Sizes, strategy: Strategy, store: Store) -> Scored:
    """Ask for the nearest messages and facts; where only some pass filters, all of them are compared."""
    passing = None if asked.filters is None else _passing(asked)
    wanted: dict[str, Sequence[Request]] = {}
    if strategy == MIX:
        wanted["episodes"] = _near_episodes(sizes, store, passing)
    if strategy != ENTITY and sizes.facts:
        wanted["facts"] = _near_facts(sizes, asked.known, store, passing)
    found = await _nearest(wanted, asked.vector, asked.scopes, store)
    return _scored(found.get("episodes", []), found.get("facts", []))


async def near_facts(
    vector: Vector, scopes: Sequence[Scope], sizes: Sizes, known: datetime, store: Store
) -> dict[str, float]:
    """Return the facts nearest to a vector, of those not taken back by the time `known`, by id with their scores."""
    return _scores((await _nearest({"facts": _near_facts(sizes, known, store)}, vector, scopes, store))["facts"])


async def near_episodes(vector: Vector, scopes: Sequence[Scope], sizes: Sizes, store: Store) -> dict[str, float]:
    """Return the messages nearest to a vector, by id with their scores."""
    return _scores((await _nearest({"episodes": _near_episodes(sizes, store)}, vector, scopes, store))["episodes"])


async def saying_facts(query: str, scopes: Sequence[Scope], reader: Reader) -> dict[str, float]:
    """Return the facts that share words with a question, by id with their scores."""
    text = lucene.scoped(scopes, lucene.content_words(query))
    if text is None:
        return {}
    return _scores(await reader.read("facts_saying", scopes=[s.key for s in scopes], text=text, limit=FACTS))


def _named(question: str, found: Sequence[Row]) -> tuple[str, tuple[Named, ...]]:
    """Return a question with the apostrophes that it lacked, and the entities that it names among those found."""
    entities = list({entity.id: entity for entity in (rows.entity(row["entity"]) for row in found)}.values())
    told = owning(question, entities)
    return told, link_names(told, entities)


def _said(asked: Asked) -> tuple[Request | None, Request | None]:
    """Return how to ask for the messages and for the facts that share words with a question."""
    text = lucene.scoped(asked.scopes, lucene.content_words(asked.text))
    if text is None:
        return None, None
    episodes, facts = {"text": text, "limit": EPISODES}, {"text": text, "limit": FACTS}
    if asked.filters is None:
        return ("episodes_saying", episodes), ("facts_saying", facts)
    passing = {"among": AMONG, **_passing(asked)}
    return ("episodes_saying_where", episodes | passing), ("facts_saying_where", facts | passing)


def _near_episodes(sizes: Sizes, store: Store, passing: Mapping[str, Any] | None = None) -> Sequence[Request]:
    own = {"limit": EPISODES}
    if passing is not None:
        return [("nearest_episodes_where", {**own, **passing})]
    return [*([("near_episodes", own)] if sizes.episodes > store.compared(EPISODES) else []), ("nearest_episodes", own)]


def _near_facts(
    sizes: Sizes, known: datetime, store: Store, passing: Mapping[str, Any] | None = None
) -> Sequence[Request]:
    own = {"limit": FACTS, "known": utc_text(known)}
    if passing is not None:
        return [("nearest_facts_where", {**own, **passing})]
    return [*([("near_facts", own)] if sizes.facts > store.compared(FACTS) else []), ("nearest_facts", own)]


async def _nearest(
    wanted: Mapping[str, Sequence[Request]], vector: Vector, scopes: Sequence[Scope], reader: Reader
) -> dict[str, list[Row]]:
    """Return the nearest, best first; where an index's are too few of the scopes', compare all of these."""
    shared = {"scopes": [s.key for s in scopes], "vector": vector}
    found = await joined(reader, {what: ways[0] for what, ways in wanted.items()}, **shared)
    few = {what: ways[-1] for what, ways in wanted.items() if len(ways) > 1 and len(found[what]) < ENOUGH}
    return found | await joined(reader, few, **shared)


def _passing(asked: Asked) -> dict[str, Any]:
    return {"known": utc_text(asked.known), **conditions(asked.filters)}


def _scored(episodes: Sequence[Row], facts: Sequence[Row]) -> Scored:
    stated = dict.fromkeys(fact for row in episodes[:STATING] for fact in row["facts"])
    return Scored(episodes=_scores(episodes), facts=_scores(facts), stated=tuple(stated)[:STATED])


def _scores(found: Sequence[Row]) -> dict[str, float]:
    return {row["id"]: row["score"] for row in found}
