"""Consequences: what a new fact rests on, what stated rules lead to, and what becomes uncertain when a ground ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from graphmem import rows
from graphmem.models import Fact, Ground, Scope
from graphmem.ontology import Ontology
from graphmem.operations import (
    Add,
    Change,
    Forget,
    Invalidate,
    InvalidateKind,
    Operation,
    Revise,
    ReviseKind,
)
from graphmem.ports import Reader
from graphmem.write.rules import Fired, with_rules

Stated: TypeAlias = Mapping[str, Sequence[Ground]]
"""What new facts rest on as it was said, by the facts' ids."""


async def with_consequences(
    changes: Sequence[Change],
    stated: Stated,
    scope: Scope,
    ontology: Ontology,
    now: datetime,
    reader: Reader,
    denied: Mapping[str, Fact] | None = None,
) -> Fired:
    """Return the decisions with all that follows: grounds, rules that take effect, and what becomes uncertain.

    `denied` are the statements of decisions, by the decisions' ids, that something is no longer so.
    """
    fired = await with_rules(changes, denied or {}, scope, ontology, now, reader)
    grounded = await _with_grounds(fired.changes, stated, scope, ontology, reader)
    return replace(fired, changes=await _with_doubts(grounded, scope, now, reader))


async def _with_grounds(
    changes: Sequence[Change], stated: Stated, scope: Scope, ontology: Ontology, reader: Reader
) -> tuple[Change, ...]:
    """Return the decisions, each fact that is new or certain again with the facts that it rests on.

    They rest on what the ontology says, on what the speaker said, and on what the resolver named.
    """
    operations = [op for c in changes for op in c.operations]
    adds = [op.fact for op in operations if isinstance(op, Add)]
    certain = [op.fact_id for op in operations if isinstance(op, Revise) and op.kind is ReviseKind.CERTAIN]
    resting = [*adds, *await _facts(certain, scope, reader)]
    grounds = {f.id: found for f in resting if (found := _grounds(f, stated, ontology))}
    if not grounds:
        return tuple(changes)
    wanted = {ground for found in grounds.values() for ground in found}
    found = await reader.read(
        "grounds",
        scope=scope.key,
        subjects=sorted({g.subject for g in wanted}),
        predicates=sorted({g.predicate for g in wanted}),
    )
    closed = {op.fact_id for op in operations if isinstance(op, (Invalidate, Revise))}
    believed = [f for f in await _facts([row["id"] for row in found], scope, reader) if f.id not in closed]
    believed = [f for f in (*believed, *adds) if f.expired_at is None and f.interval.end is None]
    under: dict[str, list[str]] = {}

    def grounded(operation: Operation) -> Operation:
        if not isinstance(operation, (Add, Revise)):
            return operation
        fact_id = operation.fact.id if isinstance(operation, Add) else operation.fact_id
        places = {(g.subject, g.predicate) for g in grounds.get(fact_id, ())}
        met = [g.id for g in believed if (g.subject_id, g.predicate) in places and g.id != fact_id]
        under[fact_id] = [g for g in met if not _rests(g, fact_id, under)]
        return replace(operation, rests_on=tuple(dict.fromkeys((*operation.rests_on, *under[fact_id]))))

    return tuple(replace(c, operations=tuple(grounded(op) for op in c.operations)) for c in changes)


def _grounds(fact: Fact, stated: Stated, ontology: Ontology) -> tuple[Ground, ...]:
    by_ontology = [
        Ground(subject=fact.subject_id, predicate=name) for name in ontology.predicate(fact.predicate).rests_on
    ]
    return (*by_ontology, *stated.get(fact.id, ()))


def _rests(fact_id: str, on: str, under: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a fact rests on another over those of the same exchange, so that no circle is made."""
    return any(ground == on or _rests(ground, on, under) for ground in under.get(fact_id, ()))


async def _with_doubts(changes: Sequence[Change], scope: Scope, now: datetime, reader: Reader) -> tuple[Change, ...]:
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
        case (
            Invalidate(fact_id=fact_id, text=text)
            | Revise(fact_id=fact_id, text=text, kind=ReviseKind.WITHDRAWN)
            | Forget(fact_id=fact_id, text=text)
        ):
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
