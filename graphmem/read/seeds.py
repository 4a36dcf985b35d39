"""Seeds: the facts, entities and messages from which a question's answer is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphmem import lucene
from graphmem.models import Scope
from graphmem.ports import Embedder, Reader, Vector
from graphmem.read.asked import Asked, Embedded
from graphmem.read.filtered import conditions
from graphmem.read.names import Named, named_entities
from graphmem.read.strategies import ENTITY, MIX, TRIPLET, Strategy
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors

EPISODES = 60
FACTS = 30
AMONG = 2000
"""How many that share words with a question are looked at where only some pass filters."""
# Up to this size everything in the scopes is compared, 12 microseconds each: that is exact, and no slower.
COMPARED = 500
# What the index returns of a scope is its nearest, as far as it goes; with fewer than these all are compared after all.
ENOUGH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many messages and facts the asked scopes hold, facts counted up to a little more than are compared singly."""

    episodes: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Messages and facts that are like a question in one way, by id with their scores."""

    episodes: Mapping[str, float]
    facts: Mapping[str, float]


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


async def scope_sizes(scopes: Sequence[Scope], embedder: Embedder, reader: Reader) -> Sizes:
    """Return what decides how the scopes are searched; raises EmbedderError for vectors of another model."""
    found = (await reader.read("scope_sizes", scopes=[s.key for s in scopes], most=COMPARED + 1))[0]
    check_vectors(found, embedder)
    return Sizes(episodes=found["episodes"], facts=found["facts"])


async def find_near(asked: Embedded, sizes: Sizes, strategy: Strategy, reader: Reader) -> Scored:
    """Ask the vector indexes over messages and facts at once; where only some pass filters, compare all of them.

    Of the paper's ways, the one begins from named entities only, the other from facts by their vectors only.
    """
    passing = _passing(asked)

    async def where(query: str, limit: int) -> dict[str, float]:
        return await _scores(query, reader, scopes=asked.keys, vector=asked.vector, limit=limit, **passing)

    async def episodes() -> dict[str, float]:
        if strategy != MIX:
            return {}
        if asked.filters is not None:
            return await where("nearest_episodes_where", EPISODES)
        return await near_episodes(asked.vector, asked.scopes, sizes, reader)

    async def facts() -> dict[str, float]:
        if strategy == ENTITY or not sizes.facts:
            return {}
        if asked.filters is not None:
            return await where("nearest_facts_where", FACTS)
        return await near_facts(asked.vector, asked.scopes, sizes, asked.known, reader)

    found = await asyncio.gather(episodes(), facts())
    return Scored(episodes=found[0], facts=found[1])


async def find_said(asked: Asked, strategy: Strategy, reader: Reader) -> Scored:
    """Ask the full-text indexes over messages and facts at once; this needs no vector."""
    if strategy != MIX:
        return Scored(episodes={}, facts={})
    passing = {"among": AMONG, **_passing(asked)}

    async def where(query: str, limit: int) -> dict[str, float]:
        return await _saying(query, asked.text, asked.scopes, reader, limit=limit, **passing)

    async def episodes() -> dict[str, float]:
        if asked.filters is not None:
            return await where("episodes_saying_where", EPISODES)
        return await _saying("episodes_saying", asked.text, asked.scopes, reader, limit=EPISODES)

    async def facts() -> dict[str, float]:
        if asked.filters is not None:
            return await where("facts_saying_where", FACTS)
        return await saying_facts(asked.text, asked.scopes, reader)

    found = await asyncio.gather(episodes(), facts())
    return Scored(episodes=found[0], facts=found[1])


async def find_named(asked: Asked, strategy: Strategy, reader: Reader) -> tuple[Named, ...]:
    """Return the entities that a question names, where the strategy begins from them; this needs no vector."""
    return await named_entities(asked.told, asked.scopes, reader) if strategy != TRIPLET else ()


def _passing(asked: Asked) -> dict[str, Any]:
    return {"known": utc_text(asked.known), **conditions(asked.filters)}


async def near_facts(
    vector: Vector, scopes: Sequence[Scope], sizes: Sizes, known: datetime, reader: Reader
) -> dict[str, float]:
    """Return the facts nearest to a vector, of those not taken back by the time `known`, by id with their scores."""
    if not sizes.facts:
        return {}
    return await _near("facts", sizes.facts, FACTS, reader, vector=vector, scopes=scopes, known=utc_text(known))


async def near_episodes(vector: Vector, scopes: Sequence[Scope], sizes: Sizes, reader: Reader) -> dict[str, float]:
    """Return the messages nearest to a vector, by id with their scores."""
    return await _near("episodes", sizes.episodes, EPISODES, reader, vector=vector, scopes=scopes)


async def saying_facts(query: str, scopes: Sequence[Scope], reader: Reader) -> dict[str, float]:
    """Return the facts that share words with a question, by id with their scores."""
    return await _saying("facts_saying", query, scopes, reader, limit=FACTS)


async def _near(
    kind: str, size: int, limit: int, reader: Reader, *, scopes: Sequence[Scope], **asked: Any
) -> dict[str, float]:
    """Return the nearest of the scopes; where the index's nearest are too few of them, compare all of the scopes'."""
    asked |= {"scopes": [s.key for s in scopes], "limit": limit}
    if size > COMPARED:
        found = await reader.read(f"near_{kind}", **asked)
        if len(found) >= ENOUGH:
            return {row["id"]: row["score"] for row in found}
    return await _scores(f"nearest_{kind}", reader, **asked)


async def _scores(query: str, reader: Reader, **asked: Any) -> dict[str, float]:
    return {row["id"]: row["score"] for row in await reader.read(query, **asked)}


async def _saying(
    query: str, asked: str, scopes: Sequence[Scope], reader: Reader, **parameters: Any
) -> dict[str, float]:
    text = lucene.scoped(scopes, lucene.content_words(asked))
    if text is None:
        return {}
    return await _scores(query, reader, scopes=[s.key for s in scopes], text=text, **parameters)
