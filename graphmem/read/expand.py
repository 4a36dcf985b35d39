"""Subgraph expansion: from the seeds over facts to facts, hop by hop, keeping the paths; and the messages around."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from graphmem import rows
from graphmem.models import Fact
from graphmem.ports import Reader, Row, TokenEmbedder
from graphmem.read.asked import Asked
from graphmem.read.filtered import passing_facts, passing_messages, with_passing_sources
from graphmem.read.late import nearness, weighed, with_due
from graphmem.read.nested import Nested, nested
from graphmem.read.relations import Relations
from graphmem.read.seeds import EPISODES, Seeds
from graphmem.read.walk import HOPS, Chain, Step, Walk
from graphmem.rows import Around

DEGREE = 200
"""How many facts of one entity are looked at, so that a hub costs no more than others; its best ones are seeds too."""
BESIDE = 40
"""How many facts beside what the question names are ranked, though they are no seeds and end no chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The subgraph around the seeds.

    `near` and `late` are the facts' nearness to the question, as a whole and token by token. `passing` are the messages
    that may be returned, the others are only beside them.
    """

    facts: Mapping[str, Fact]
    chains: Mapping[str, Chain]
    near: Mapping[str, float]
    late: Mapping[str, float]
    episodes: Mapping[str, Around]
    passing: Set[str]


async def expand(
    asked: Asked, seeds: Seeds, relations: Relations, tokens: TokenEmbedder | None, reader: Reader
) -> Expanded:
    """Walk from the named entities, best first; fetch the facts that were reached, and messages with neighbours."""
    near_by = list(dict.fromkeys([*seeds.near_episodes, *seeds.word_episodes]))
    walked, (found, passing) = await asyncio.gather(
        _walk(asked, seeds, relations, reader), _around(asked, near_by, reader)
    )
    chains = walked.chains
    on_the_way = [i for chain in chains.values() for i in chain.path if walked.steps[i].passes]
    beside = [i for i, step in walked.steps.items() if step.passes][:BESIDE]
    ids = list(dict.fromkeys([*seeds.near_facts, *seeds.word_facts, *chains, *on_the_way, *beside]))
    (near, late), whole = await asyncio.gather(
        _nearness(asked, ids, tokens, reader), _read(reader, "facts_by_ids", ids, scopes=asked.keys, ids=ids)
    )
    facts = {f.id: f for f in await with_passing_sources(map(rows.fact, whole), asked.filters, asked.keys, reader)}
    if not seeds.near_episodes and not seeds.word_episodes:
        stated = [source.episode_id for i in ids if i in facts for source in facts[i].sources]
        found, passing = await _around(asked, list(dict.fromkeys(stated))[:EPISODES], reader)
    return Expanded(
        facts=facts,
        chains=chains,
        near=near,
        late=late,
        episodes={e.id: e for e in found},
        passing=passing,
    )


async def _walk(asked: Asked, seeds: Seeds, relations: Relations, reader: Reader) -> Walk:
    walk = Walk()
    walk.begin(_named(asked, seeds))
    times = asked.times
    for hop in range(1, HOPS + 1):
        around = {"entities": walk.frontier, "degree": DEGREE, **times}
        found = await _read(reader, "facts_around", walk.frontier, scopes=asked.keys, **around)
        fresh = [row for row in found if row["id"] not in walk.steps]
        passing = await passing_facts([row["id"] for row in fresh], asked.filters, asked.keys, times["known"], reader)
        walk.add(_step(row, relations, row["id"] in passing) for row in fresh)
        met = walk.relations()
        if not met:
            break
        # Only where there is something to walk over, since the parts have to be embedded.
        walk.go(await relations.scores(walk.parts(last=hop == HOPS), met))
    return walk


def _named(asked: Asked, seeds: Seeds) -> list[tuple[str, Nested]]:
    """Return the entities that the question names, each with what it says around the name."""
    found = ((n.entity.canonical_id, nested(asked.told, [n.surface])) for n in seeds.named)
    return [(entity, around) for entity, around in found if around is not None]


def _step(row: Row, relations: Relations, passes: bool) -> Step:
    predicate, raw = row["predicate"], row["raw_predicate"] or ""
    return Step(
        id=row["id"],
        subject=row["subject_id"],
        object=row["object_id"] or "",
        forwards=relations.of(predicate, raw, backwards=False),
        backwards=relations.of(predicate, raw, backwards=True),
        passes=passes,
    )


async def _read(reader: Reader, query: str, needed: Sequence[str], **parameters: Any) -> list[Row]:
    return await reader.read(query, **parameters) if needed else []


async def _nearness(
    asked: Asked, ids: list[str], tokens: TokenEmbedder | None, reader: Reader
) -> tuple[dict[str, float], dict[str, float]]:
    """Return how near facts are to the question as a whole, and token by token."""
    found = await _read(reader, "facts_near", ids, scopes=asked.keys, ids=ids, vector=asked.vector)
    near = {row["id"]: row["near"] for row in found}
    if asked.tokens is None or tokens is None:
        return near, {}
    held = await with_due(found, ids, tokens)
    return near, {i: weighed(n, asked.tokens.weights) for i, n in nearness(asked.tokens, held).items()}


async def _around(asked: Asked, ids: list[str], reader: Reader) -> tuple[list[Around], set[str]]:
    """Return messages with their neighbours, and the ids of those that pass."""
    told = await _read(reader, "episodes_around", ids, scopes=asked.keys, ids=ids, vector=asked.vector)
    found = [Around(*fields) for row in told for fields in row["around"]]
    return found, await passing_messages([e.id for e in found], asked.filters, asked.keys, reader)
