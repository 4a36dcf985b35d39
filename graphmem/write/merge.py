"""What the merging of two entities does to their facts, which are then about one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.models import Entity, Fact, Interval
from graphmem.ontology import Ontology
from graphmem.operations import ChangeEntity, Invalidate, InvalidateKind, Merge, Operation, Revise, ReviseKind
from graphmem.write.settle import closes, overlap


def merge(
    members: Sequence[Entity], into: Entity, facts: Sequence[Fact], ontology: Ontology, now: datetime
) -> tuple[Operation, ...]:
    """Return the operations that make entities the same as another; no edge of the ledger moves.

    Where two facts become one, the older stays with both sources, over the time of both; where one value holds at a
    time, the earlier ends when the later begins.
    """
    operations: list[Operation] = [
        ChangeEntity(before=m, after=replace(m, canonical_id=into.canonical_id)) for m in members
    ]
    moved = {m.canonical_id for m in members}
    believed = [_about(f, moved, into.canonical_id) for f in facts if f.expired_at is None]
    kept: list[Fact] = []
    for fact in sorted(believed, key=lambda f: (f.interval.start, f.created_at, f.id)):
        twin = next((k for k in kept if _same(k, fact)), None)
        if twin is None:
            kept.append(fact)
            continue
        operations += _joined(twin, fact, now)
        kept[kept.index(twin)] = replace(twin, interval=_both(twin, fact))
    operations += _redated(kept, {f.id: f for f in believed})
    return (*operations, *_apart(kept, ontology, now))


def _about(fact: Fact, moved: set[str], into: str) -> Fact:
    return replace(
        fact,
        subject_id=into if fact.subject_id in moved else fact.subject_id,
        object_id=into if fact.object_id in moved else fact.object_id,
    )


def _same(one: Fact, other: Fact) -> bool:
    same = (one.subject_id, one.predicate, one.raw_predicate, one.normal, one.modality) == (
        other.subject_id,
        other.predicate,
        other.raw_predicate,
        other.normal,
        other.modality,
    )
    return same and (one.interval.start == other.interval.start if one.event else overlap(one, other))


def _joined(older: Fact, younger: Fact, now: datetime) -> list[Operation]:
    gone = replace(younger.state, expired_at=now)
    expired = Revise(fact_id=younger.id, text=younger.text, before=younger.state, after=gone, kind=ReviseKind.WITHDRAWN)
    return [expired, *(Merge(fact_id=older.id, source=source) for source in younger.sources)]


def _both(older: Fact, younger: Fact) -> Interval:
    ends = (older.interval.end, younger.interval.end)
    return replace(older.interval, end=None if None in ends else max(e for e in ends if e is not None))


def _redated(kept: Sequence[Fact], before: dict[str, Fact]) -> list[Operation]:
    return [
        Revise(
            fact_id=f.id,
            text=f.text,
            before=before[f.id].state,
            after=replace(before[f.id].state, interval=f.interval),
            kind=ReviseKind.REDATED,
        )
        for f in kept
        if f.interval != before[f.id].interval
    ]


def _apart(kept: Sequence[Fact], ontology: Ontology, now: datetime) -> list[Operation]:
    """End the earlier of two values where one holds at a time."""
    places: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in kept:
        if ontology.predicate(fact.predicate).exclusive and closes(fact):
            places[fact.subject_id, fact.predicate, fact.raw_predicate].append(fact)
    operations: list[Operation] = []
    for held in places.values():
        for i, fact in enumerate(held):
            later = next((f for f in held[i + 1 :] if overlap(fact, f)), None)
            if later is not None:
                change = later.interval.start > fact.interval.start
                operations.append(
                    Invalidate(
                        fact_id=fact.id,
                        text=fact.text,
                        at=later.interval.start if change else now,
                        kind=InvalidateKind.CHANGE if change else InvalidateKind.CORRECTION,
                        before=fact.state,
                    )
                )
    return operations
