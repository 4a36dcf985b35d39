"""Consequences: what a new fact rests on, and what becomes uncertain when that ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem import rows
from graphmem.models import Fact, Scope
from graphmem.ontology import Ontology
from graphmem.operations import (
    Add,
    Change,
    Invalidate,
    InvalidateKind,
    Operation,
    Revise,
    ReviseKind,
)
from graphmem.ports import Reader


async def with_grounds(
    changes: Sequence[Change], scope: Scope, ontology: Ontology, reader: Reader
) -> tuple[Change, ...]:
    """Return the decisions, each new fact with the facts that it rests on by the ontology."""
    adds = [op.fact for c in changes for op in c.operations if isinstance(op, Add)]
    resting = {f.subject_id for f in adds if ontology.predicate(f.predicate).rests_on}
    if not resting:
        return tuple(changes)
    grounds = sorted({name for f in adds for name in ontology.predicate(f.predicate).rests_on})
    found = await reader.read("grounds", scope=scope.key, subjects=sorted(resting), predicates=grounds)
    closed = {op.fact_id for c in changes for op in c.operations if isinstance(op, (Invalidate, Revise))}
    believed = [f for f in await _facts([row["id"] for row in found], scope, reader) if f.id not in closed]
    believed += adds

    def grounded(operation: Operation) -> Operation:
        if not isinstance(operation, Add):
            return operation
        names = ontology.predicate(operation.fact.predicate).rests_on
        under = tuple(
            g.id
            for g in believed
            if g.predicate in names and g.subject_id == operation.fact.subject_id and _underlies(g, operation.fact)
        )
        return replace(operation, rests_on=under) if under else operation

    return tuple(replace(c, operations=tuple(grounded(op) for op in c.operations)) for c in changes)


def _underlies(ground: Fact, fact: Fact) -> bool:
    return ground.id != fact.id and ground.expired_at is None and ground.interval.end is None


async def with_doubts(changes: Sequence[Change], scope: Scope, now: datetime, reader: Reader) -> tuple[Change, ...]:
    """Return the decisions, each closing with what rested on the closed fact made uncertain, at any depth."""
    endings = {c.id: [e for op in c.operations if (e := _ending(op, now)) is not None] for c in changes}
    seen = {e.fact_id for found in endings.values() for e in found}
    doubted: list[Change] = []
    for change in changes:
        doubts: list[Operation] = []
        for ending in endings[change.id]:
            doubts += await _doubts(ending, seen, scope, reader)
        doubted.append(replace(change, operations=(*change.operations, *doubts)) if doubts else change)
    return tuple(doubted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """A fact that stops being so, since when, and how it reads."""

    fact_id: str
    since: datetime
    text: str


def _ending(operation: Operation, now: datetime) -> _Ending | None:
    match operation:
        case Invalidate(fact_id=fact_id, text=text, kind=InvalidateKind.CHANGE, at=at):
            return _Ending(fact_id=fact_id, since=at, text=text)
        case Invalidate(fact_id=fact_id, text=text) | Revise(fact_id=fact_id, text=text, kind=ReviseKind.WITHDRAWN):
            return _Ending(fact_id=fact_id, since=now, text=text)
        case _:
            return None


async def _doubts(ending: _Ending, seen: set[str], scope: Scope, reader: Reader) -> list[Revise]:
    """Walk breadth first over what rests on a fact; a fact is met once, so that cycles end."""
    frontier = [ending.fact_id]
    doubts: list[Revise] = []
    while frontier:
        found = await reader.read("dependents", scope=scope.key, ids=frontier)
        frontier = [row["id"] for row in found if row["id"] not in seen]
        seen.update(frontier)
        for fact in await _facts(frontier, scope, reader):
            if fact.uncertain_since is None:
                after = replace(fact.state, uncertain_since=ending.since, uncertain_because=f"no longer: {ending.text}")
                doubts.append(
                    Revise(fact_id=fact.id, text=fact.text, before=fact.state, after=after, kind=ReviseKind.UNCERTAIN)
                )
    return doubts


async def _facts(ids: Sequence[str], scope: Scope, reader: Reader) -> list[Fact]:
    if not ids:
        return []
    return [rows.fact(row) for row in await reader.read("facts_by_ids", scopes=[scope.key], ids=list(ids))]
