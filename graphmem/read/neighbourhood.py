"""Neighbourhood: the entities and facts within some hops of an entity, on the asked clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem import rows
from graphmem.models import AsOf, Entity, Fact, Scope
from graphmem.ports import Reader
from graphmem.read.states import state_at
from graphmem.serial import utc_text

MOST_FACTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """A subgraph: entities are its nodes, facts its edges; `truncated` when there was more."""

    start: Entity
    entities: tuple[Entity, ...]
    facts: tuple[Fact, ...]
    truncated: bool


async def walk(start: Entity, hops: int, scope: Scope, as_of: AsOf, now: datetime, reader: Reader) -> Neighbourhood:
    """Follow the facts that hold from entity to entity, at most MOST_FACTS of them."""
    facts: dict[str, Fact] = {}
    seen = {start.canonical_id}
    frontier = [start.canonical_id]
    truncated = False
    for _ in range(hops):
        found, cut = await facts_around(frontier, scope, as_of, now, reader)
        truncated = truncated or cut
        holding = [f for f in found if f.id not in facts]
        facts |= {f.id: f for f in holding[: MOST_FACTS - len(facts)]}
        ends = {end for f in holding for end in (f.subject_id, f.object_id) if end}
        frontier = sorted(ends - seen)
        seen |= ends
        if not frontier or len(facts) >= MOST_FACTS:
            break
    shown = {end for f in facts.values() for end in (f.subject_id, f.object_id) if end} | {start.canonical_id}
    entities = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(shown))
    return Neighbourhood(
        start=start,
        entities=tuple(rows.entity(row["entity"]) for row in entities),
        facts=tuple(facts.values()),
        truncated=truncated,
    )


async def facts_around(
    entities: Sequence[str], scope: Scope, as_of: AsOf, now: datetime, reader: Reader
) -> tuple[list[Fact], bool]:
    """Return the facts that hold about some entities, in their state then, and whether there are more."""
    found = await reader.read(
        "facts_touching_at",
        scopes=[scope.key],
        entities=list(entities),
        valid=utc_text(as_of.valid or now),
        known=utc_text(as_of.known or now),
        limit=MOST_FACTS,
    )
    ids = [row["id"] for row in found]
    facts = [rows.fact(row) for row in await reader.read("facts_by_ids", scopes=[scope.key], ids=ids)]
    states = [(f, state_at(f, as_of, now)) for f in facts]
    return [f.in_state(state) for f, state in states if state is not None], len(ids) >= MOST_FACTS
