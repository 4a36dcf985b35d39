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
    """Return the decisions, each fact that is new or certain again with the facts that it rests on by the ontology."""
    operations = [op for c in changes for op in c.operations]
    adds = [op.fact for op in operations if isinstance(op, Add)]
    certain = [op.fact_id for op in operations if isinstance(op, Revise) and op.kind is ReviseKind.CERTAIN]
    resting = {f.id: f for f in [*adds, *await _facts(certain, scope, reader)] if _grounds(f, ontology)}
    if not resting:
        return tuple(changes)
    found = await reader.read(
        "grounds",
        scope=scope.key,
        subjects=sorted({f.subject_id for f in resting.values()}),
        predicates=sorted({name for f in resting.values() for name in _grounds(f, ontology)}),
    )
    closed = {op.fact_id for op in operations if isinstance(op, (Invalidate, Revise))}
    believed = [f for f in await _facts([row["id"] for row in found], scope, reader) if f.id not in closed]
    believed += adds

    def grounded(operation: Operation) -> Operation:
        if not isinstance(operation, (Add, Revise)):
            return operation
        fact = resting.get(operation.fact.id if isinstance(operation, Add) else operation.fact_id)
        if fact is None:
            return operation
        names = _grounds(fact, ontology)
        under = [g.id for g in believed if g.predicate in names and _underlies(g, fact)]
        return replace(operation, rests_on=tuple(under))

    return tuple(replace(c, operations=tuple(grounded(op) for op in c.operations)) for c in changes)


def _grounds(fact: Fact, ontology: Ontology) -> tuple[str, ...]:
    return ontology.predicate(fact.predicate).rests_on


def _underlies(ground: Fact, fact: Fact) -> bool:
    same = ground.subject_id == fact.subject_id and ground.id != fact.id
    return same and ground.expired_at is None and ground.interval.end is None


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
