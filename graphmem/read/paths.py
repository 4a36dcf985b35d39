"""Paths: the shortest chains of facts between two entities, on the asked clocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from graphmem import rows
from graphmem.models import AsOf, Entity, Fact, Scope
from graphmem.ports import Reader
from graphmem.read.neighbourhood import facts_around

MOST_PATHS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A chain: `facts[i]` ties `entities[i]` to `entities[i + 1]`."""

    entities: tuple[Entity, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The shortest paths, all of one length; `truncated` when so many facts lie around that there may be others."""

    paths: tuple[Path, ...]
    truncated: bool


async def find_paths(
    start: Entity, end: Entity, hops: int, scope: Scope, as_of: AsOf, now: datetime, reader: Reader
) -> Paths:
    """Walk hop by hop from one entity until the other is met; at most 500 facts a hop, MOST_PATHS paths."""
    source, target = start.canonical_id, end.canonical_id
    ways: dict[str, list[tuple[str, Fact]]] = defaultdict(list)
    depth, frontier, truncated = {source: 0}, [source], False
    for hop in range(1, hops + 1):
        if target in depth or not frontier:
            break
        found, cut = await facts_around(frontier, scope, as_of, now, reader)
        truncated = truncated or cut
        for fact in found:
            for one, other in ((fact.subject_id, fact.object_id), (fact.object_id, fact.subject_id)):
                if one and other and depth.get(one) == hop - 1 and depth.get(other, hop) == hop:
                    depth[other] = hop
                    ways[other].append((one, fact))
        frontier = sorted(entity for entity, at in depth.items() if at == hop)
    chains = _chains(source, target, ways) if target in depth and source != target else []
    names = {entity for ids, _ in chains for entity in ids}
    found_entities = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(names)) if names else []
    known = {e.id: e for e in (rows.entity(row["entity"]) for row in found_entities)}
    paths = [Path(entities=tuple(known[i] for i in ids), facts=tuple(facts)) for ids, facts in chains]
    return Paths(paths=tuple(paths), truncated=truncated or len(chains) >= MOST_PATHS)


def _chains(source: str, target: str, ways: dict[str, list[tuple[str, Fact]]]) -> list[tuple[list[str], list[Fact]]]:
    """Return the chains from source to target, from the ways by which each entity was first met."""
    open_ends: list[tuple[list[str], list[Fact]]] = [([target], [])]
    while open_ends and open_ends[0][0][0] != source:
        open_ends = [
            ([before, *ids], [fact, *facts])
            for ids, facts in open_ends
            for before, fact in sorted(ways[ids[0]], key=lambda w: (w[0], w[1].id))
        ][:MOST_PATHS]
    return open_ends
