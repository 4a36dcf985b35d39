"""Seeds: the facts, entities and messages from which a question's answer is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from graphmem import lucene
from graphmem.models import Scope
from graphmem.ports import Embedder, Reader, Vector
from graphmem.read.asked import Asked
from graphmem.read.filtered import conditions
from graphmem.read.names import Named, named_entities
from graphmem.read.strategies import ENTITY, MIX, TRIPLET, Strategy
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors

EPISODES = 60
FACTS = 40
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
class Seeds:
    """Ids of messages and facts with their vector and word scores, and the entities that the question names."""

    near_episodes: dict[str, float]
    word_episodes: dict[str, float]
    near_facts: dict[str, float]
    word_facts: dict[str, float]
    named: tuple[Named, ...]


async def scope_sizes(scopes: Sequence[Scope], embedder: Embedder, reader: Reader) -> Sizes:
    """Return what decides how the scopes are searched; raises EmbedderError for vectors of another model."""
    found = (await reader.read("scope_sizes", scopes=[s.key for s in scopes], most=COMPARED + 1))[0]
    check_vectors(found, embedder)
    return Sizes(episodes=found["episodes"], facts=found["facts"])


async def find_seeds(asked: Asked, sizes: Sizes, strategy: Strategy, reader: Reader) -> Seeds:
    """Ask the indexes over messages, facts and entities at once; where only some pass filters, compare all of them.

    Of the paper's ways, the one begins from named entities only, the other from facts by their vectors only.
    """
    searches = _filtered(asked, reader) if asked.filters is not None else _indexed(asked, sizes, reader)
    wanted = {
        "near_episodes": strategy == MIX,
        "near_facts": strategy != ENTITY and sizes.facts > 0,
        "word_episodes": strategy == MIX,
        "word_facts": strategy == MIX and sizes.facts > 0,
    }
    (episodes, facts, word_episodes, word_facts), named = await asyncio.gather(
        asyncio.gather(*(searches[name]() if asks else _none() for name, asks in wanted.items())),
        named_entities(asked.told, asked.scopes, reader) if strategy != TRIPLET else _nobody(),
    )
    return Seeds(
        near_episodes=episodes,
        word_episodes=word_episodes,
        near_facts=facts,
        word_facts=word_facts,
        named=named,
    )


_Searches: TypeAlias = Mapping[str, Callable[[], Coroutine[Any, Any, dict[str, float]]]]


def _indexed(asked: Asked, sizes: Sizes, reader: Reader) -> _Searches:
    return {
        "near_episodes": lambda: near_episodes(asked.vector, asked.scopes, sizes, reader),
        "near_facts": lambda: near_facts(asked.vector, asked.scopes, sizes, asked.known, reader),
        "word_episodes": lambda: _saying("episodes_saying", asked.text, asked.scopes, reader, limit=EPISODES),
        "word_facts": lambda: saying_facts(asked.text, asked.scopes, reader),
    }


def _filtered(asked: Asked, reader: Reader) -> _Searches:
    passing = {"known": utc_text(asked.known), **conditions(asked.filters)}
    near = {"scopes": asked.keys, "vector": asked.vector, **passing}

    async def saying(query: str, limit: int) -> dict[str, float]:
        return await _saying(query, asked.text, asked.scopes, reader, limit=limit, among=AMONG, **passing)

    return {
        "near_episodes": lambda: _scores("nearest_episodes_where", reader, limit=EPISODES, **near),
        "near_facts": lambda: _scores("nearest_facts_where", reader, limit=FACTS, **near),
        "word_episodes": lambda: saying("episodes_saying_where", EPISODES),
        "word_facts": lambda: saying("facts_saying_where", FACTS),
    }


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


async def _none() -> dict[str, float]:
    return {}


async def _nobody() -> tuple[Named, ...]:
    return ()


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
