"""Seeds: the facts, entities and messages from which a question's answer is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from graphmem import lucene, rows
from graphmem.models import Entity, Scope
from graphmem.ports import Reader, Vector

_STOP_WORDS = """
a an and are as at be been but by can could did do does for from had has have he her hers him his how i if in
into is it its me my of on or our she should so that the their them then there these they this those to was we
were what when where which who whom whose why will with would you your about any some
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
EPISODES = 40
FACTS = 40
ENTITIES = 20
# Up to this size every message is compared: the index's nearest may all lie in other scopes.
SCAN_BELOW = 300
INDEX_NEAREST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many messages the asked scopes hold, and whether there are facts."""

    episodes: int
    facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Ids of messages and facts with their vector and word scores, and the entities that the question names."""

    near_episodes: dict[str, float]
    word_episodes: dict[str, float]
    near_facts: dict[str, float]
    word_facts: dict[str, float]
    entities: tuple[Entity, ...]


def content_words(text: str) -> list[str]:
    """Return the words of a question that carry meaning; all of them where none does."""
    found = [w.removesuffix("'s") for w in lucene.words(text)]
    return [w for w in found if w not in STOP_WORDS] or found


async def scope_sizes(scopes: Sequence[Scope], reader: Reader) -> Sizes:
    """Return what decides how the scopes are searched."""
    found = (await reader.read("scope_sizes", scopes=[s.key for s in scopes]))[0]
    return Sizes(episodes=found["episodes"], facts=found["facts"])


async def find_seeds(query: str, vector: Vector, scopes: Sequence[Scope], sizes: Sizes, reader: Reader) -> Seeds:
    """Ask the vector and full-text indexes over messages, facts and entities at once."""
    keys = [s.key for s in scopes]
    text = lucene.scoped(scopes, content_words(query))
    near_episodes, near_facts, word_episodes, word_facts, entities = await asyncio.gather(
        _near("episodes", vector, keys, EPISODES, sizes.episodes, reader),
        _near("facts", vector, keys, FACTS, sizes.episodes, reader) if sizes.facts else _none(),
        _saying("episodes_saying", text, keys, EPISODES, reader),
        _saying("facts_saying", text, keys, FACTS, reader) if sizes.facts else _none(),
        _entities(query, text, keys, reader),
    )
    return Seeds(
        near_episodes=near_episodes,
        word_episodes=word_episodes,
        near_facts=near_facts,
        word_facts=word_facts,
        entities=entities,
    )


async def _none() -> dict[str, float]:
    return {}


async def _near(kind: str, vector: Vector, keys: list[str], limit: int, size: int, reader: Reader) -> dict[str, float]:
    """Return the nearest of the scopes; where the index's nearest are too few of them, compare all of the scopes'."""
    if size > SCAN_BELOW:
        k = INDEX_NEAREST
        found = await reader.read(f"near_{kind}", scopes=keys, vector=vector, k=k, limit=limit)
        if len(found) >= limit:
            return {row["id"]: row["score"] for row in found}
    found = await reader.read(f"nearest_{kind}", scopes=keys, vector=vector, limit=limit)
    return {row["id"]: row["score"] for row in found}


async def _saying(query: str, text: str | None, keys: list[str], limit: int, reader: Reader) -> dict[str, float]:
    if text is None:
        return {}
    return {row["id"]: row["score"] for row in await reader.read(query, scopes=keys, text=text, limit=limit)}


async def _entities(query: str, text: str | None, keys: list[str], reader: Reader) -> tuple[Entity, ...]:
    """Return the entities that the question names whole, by any of their names."""
    if text is None:
        return ()
    found = await reader.read("entities_saying", scopes=keys, text=text, limit=ENTITIES * 5)
    asked = f" {' '.join(w.removesuffix(chr(39) + 's') for w in lucene.words(query))} "
    named = [
        entity
        for entity in (rows.entity(row["entity"]) for row in found)
        if any(f" {' '.join(lucene.words(name))} " in asked for name in entity.names)
    ]
    return tuple(named[:ENTITIES])
