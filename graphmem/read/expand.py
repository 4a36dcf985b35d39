"""Subgraph expansion: from the seeds over facts to facts, hop by hop, keeping the paths."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphmem import rows
from graphmem.models import Episode, Fact, Scope
from graphmem.ports import Reader, Row, Vector
from graphmem.read.seeds import Seeds

HOPS = 4
BEAM = 24
FACTS_A_HOP = 120
HOP_DECAY = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A fact that was reached: how near it is to the question, over how many hops, and through which facts."""

    near: float
    hops: int
    path: tuple[str, ...]
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The subgraph around the seeds."""

    facts: Mapping[str, Fact]
    reached: Mapping[str, Reached]
    episodes: Mapping[str, Episode]
    near: Mapping[str, float]


async def expand(seeds: Seeds, vector: Vector, scopes: Sequence[Scope], reader: Reader) -> Expanded:
    """Walk from the named entities and the nearest facts, best first and damped at hubs; then fetch what was reached.

    Source: Mem0g (arXiv 2504.19413) section 2.2, entity-centric retrieval, here over several hops.
    """
    keys = [s.key for s in scopes]
    (reached, facts), found = await asyncio.gather(
        _facts(seeds, vector, keys, reader), _around(seeds, vector, keys, reader)
    )
    episodes = {e.id: e for e in (rows.episode(row["episode"]) for row in found)}
    near = {row["episode"]["id"]: row["near"] for row in found}
    return Expanded(facts=facts, reached=reached, episodes=episodes, near=near)


async def _facts(
    seeds: Seeds, vector: Vector, keys: list[str], reader: Reader
) -> tuple[dict[str, Reached], dict[str, Fact]]:
    reached = await _hops(seeds, vector, keys, reader)
    ids = list(dict.fromkeys([*seeds.near_facts, *seeds.word_facts, *reached]))
    found = await reader.read("facts_by_ids", scopes=keys, ids=ids) if ids else []
    return reached, {f.id: f for f in map(rows.fact, found)}


async def _around(seeds: Seeds, vector: Vector, keys: list[str], reader: Reader) -> list[Row]:
    ids = list(dict.fromkeys([*seeds.near_episodes, *seeds.word_episodes]))
    return await reader.read("episodes_around", scopes=keys, ids=ids, vector=vector) if ids else []


async def _hops(seeds: Seeds, vector: Vector, keys: list[str], reader: Reader) -> dict[str, Reached]:
    reached: dict[str, Reached] = {}
    # The way to an entity: the facts that led there, and how strong the way is.
    ways: dict[str, tuple[tuple[str, ...], float]] = {e.canonical_id: ((), 1.0) for e in seeds.entities}
    frontier = list(ways)
    for hop in range(1, HOPS + 1):
        if not frontier:
            break
        found = await reader.read("facts_around", scopes=keys, entities=frontier, vector=vector, limit=FACTS_A_HOP)
        fresh = [row for row in found if row["id"] not in reached]
        degree = Counter(end for row in fresh for end in _ends(row))
        following: dict[str, tuple[tuple[str, ...], float]] = {}
        for row in fresh:
            start = max((e for e in _ends(row) if e in ways), key=lambda e: ways[e][1], default=None)
            if start is None:
                continue
            path, strength = ways[start]
            strength *= HOP_DECAY / (1 + math.log1p(degree[start]) / 10)
            reached[row["id"]] = Reached(near=row["near"], hops=hop, path=path, strength=strength)
            for end in _ends(row):
                if end not in ways and strength > following.get(end, ((), 0.0))[1]:
                    following[end] = ((*path, row["id"]), strength * (0.5 + 0.5 * max(row["near"], 0.0)))
        best = sorted(following, key=lambda e: -following[e][1])[:BEAM]
        ways |= {e: following[e] for e in best}
        frontier = best
    return reached


def _ends(row: Row) -> list[str]:
    return [end for end in (row["subject_id"], row["object_id"]) if end]
