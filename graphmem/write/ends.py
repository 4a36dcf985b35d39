"""The ends that a fact set to others, which move with where it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem import rows
from graphmem.models import Fact, Interval, Scope
from graphmem.ontology import Ontology
from graphmem.operations import Add, Change, Invalidate, InvalidateKind, Revise, ReviseKind
from graphmem.ports import Reader
from graphmem.write.keys import keys_of
from graphmem.write.settle import closes, same_place
from graphmem.write.undo import facts_by_id


async def others_of_place(fact: Fact, scope: Scope, reader: Reader) -> list[Fact]:
    """Return the other facts that are believed of a fact's subject by its predicate."""
    found = await reader.read("facts_of_subject", scope=scope.key, subject=fact.subject_id, predicate=fact.predicate)
    others = await facts_by_id([row["id"] for row in found if row["id"] != fact.id], scope, reader)
    return [f for f in others.values() if same_place(f, fact) and f.expired_at is None]


async def others_of_value(fact: Fact, scope: Scope, ontology: Ontology, reader: Reader) -> list[Fact]:
    """Return the other facts that are believed and say the same as a fact, of whatever time."""
    found = await reader.read("facts_of_value", scope=scope.key, value_key=keys_of(fact, ontology).value)
    others = await facts_by_id([row["id"] for row in found if row["id"] != fact.id], scope, reader)
    return [f for f in others.values() if f.expired_at is None]


async def moved_ends(
    fact: Fact, interval: Interval, others: Sequence[Fact], scope: Scope, ontology: Ontology, reader: Reader
) -> list[Revise]:
    """Return what moves the ends of those `others` that ended because a fact began, to where it is to begin.

    None ends later than it did before that fact, or than where yet another value begins.
    """
    met = [f for f in others if f.interval.end == fact.interval.start and f.interval.start < interval.start]
    if interval.start == fact.interval.start or not met:
        return []
    line = await _line(fact, scope, reader)
    moved: list[Revise] = []
    for other in met:
        set_here, without = _end(other, line, await _changes(other.id, scope, reader))
        bounds = [interval.start, *([without] if without else []), *_begin(fact, other, others, ontology)]
        if set_here:
            after = replace(other.state, interval=replace(other.interval, end=min(bounds)))
            moved.append(
                Revise(fact_id=other.id, text=other.text, before=other.state, after=after, kind=ReviseKind.REDATED)
            )
    return moved


def _begin(fact: Fact, other: Fact, others: Sequence[Fact], ontology: Ontology) -> list[datetime]:
    """Return where further values begin that exclude what had ended."""
    if not ontology.predicate(fact.predicate).exclusive:
        return []
    end = fact.interval.start
    return [f.interval.start for f in others if f.id != other.id and closes(f) and f.interval.start >= end]


async def _line(fact: Fact, scope: Scope, reader: Reader) -> set[str]:
    """Return the ids of a fact and of those, put right by hand, in whose place it is."""
    line, left = {fact.id}, [fact.id]
    while left:
        for change in await _changes(left.pop(), scope, reader):
            closed = [op for op in change.operations if isinstance(op, Invalidate)]
            wrong = {op.fact_id for op in closed if op.kind is InvalidateKind.CORRECTION}
            instead = {op.supersedes for op in change.operations if isinstance(op, Add) and op.fact.id in line}
            left += (wrong & instead) - line
            line |= wrong & instead
    return line


def _end(other: Fact, line: set[str], changes: Sequence[Change]) -> tuple[bool, datetime | None]:
    """Tell whether decisions about facts of a line gave another fact its end, and which it had before them."""
    set_here, end = False, other.interval.end
    for change in reversed(changes):
        for operation in reversed(change.operations):
            if not isinstance(operation, (Invalidate, Revise)) or operation.fact_id != other.id:
                continue
            if operation.before.interval.end == end:
                continue
            if line.isdisjoint(_written(change)):
                return set_here, end
            set_here, end = True, operation.before.interval.end
    return set_here, end


def _written(change: Change) -> set[str]:
    added = {op.fact.id for op in change.operations if isinstance(op, Add)}
    return added | {op.fact_id for op in change.operations if isinstance(op, (Invalidate, Revise))}


async def _changes(fact_id: str, scope: Scope, reader: Reader) -> list[Change]:
    found = await reader.read("changes_of_fact", scopes=[scope.key], fact=fact_id)
    return [rows.change(row["change"]) for row in found]
