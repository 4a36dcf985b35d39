"""Merging two entities, whose facts are then about one; and splitting them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem import rows
from graphmem.errors import InvalidInput, NotFound
from graphmem.models import Entity, Fact, Interval, Sameness, Scope
from graphmem.ontology import Ontology
from graphmem.operations import (
    ChangeEntity,
    Compare,
    Invalidate,
    InvalidateKind,
    Merge,
    Operation,
    Revise,
    ReviseKind,
)
from graphmem.ports import Reader
from graphmem.write.settle import closes

_ALL = 1_000_000


async def merging(
    winner_id: str, loser_id: str, scope: Scope, ontology: Ontology, now: datetime, reader: Reader
) -> tuple[Operation, ...]:
    """Return the operations that make two entities one, under the first one's name; raises InvalidInput if they are."""
    into, gone = await _entities(winner_id, loser_id, scope, reader)
    if into.canonical_id == gone.canonical_id:
        raise InvalidInput(f"{into.name} and {gone.name} are one entity already.")
    found = await reader.read("entities_merged", scope=scope.key, canonical=gone.canonical_id)
    members = [rows.entity(row["entity"]) for row in found]
    ends = [into.canonical_id, gone.canonical_id]
    touching = await reader.read("facts_touching", scopes=[scope.key], entities=ends, limit=_ALL)
    facts = await reader.read("facts_by_ids", scopes=[scope.key], ids=[row["id"] for row in touching])
    compared = await comparing(into, gone, Sameness.SAME, scope, reader)
    return (*merge(members, into, [rows.fact(row) for row in facts], ontology, now), *compared)


async def splitting(entity_id: str, scope: Scope, reader: Reader) -> tuple[Operation, ...]:
    """Return the operations that make a merged entity itself again, never to be held for the other one.

    Raises InvalidInput where it was not merged.
    """
    known = (await _entities(entity_id, entity_id, scope, reader))[0]
    if known.canonical_id == known.id:
        raise InvalidInput(f"{known.name} is not merged into another entity.")
    other = (await _entities(known.canonical_id, known.canonical_id, scope, reader))[0]
    after = replace(known, canonical_id=known.id)
    compared = await comparing(known, other, Sameness.NEVER, scope, reader)
    return (ChangeEntity(before=known, after=after), *compared)


async def comparing(one: Entity, other: Entity, state: Sameness, scope: Scope, reader: Reader) -> tuple[Operation, ...]:
    """Return the operation that notes whether two entities are one; none where that is noted already."""
    known = await reader.read("pairs_of", scopes=[scope.key], one=one.id, other=other.id)
    before = Sameness(known[0]["state"]) if known else None
    if before is state:
        return ()
    ids = (known[0]["entity_id"], known[0]["other_id"]) if known else (one.id, other.id)
    names = f"{one.name} | {other.name}"
    return (Compare(entity_id=ids[0], other_id=ids[1], names=names, before=before, after=state),)


async def _entities(one: str, other: str, scope: Scope, reader: Reader) -> tuple[Entity, Entity]:
    found = await reader.read("entities_by_ids", scopes=[scope.key], ids=[one, other])
    by_id = {e.id: e for e in (rows.entity(row["entity"]) for row in found)}
    missing = next((i for i in (one, other) if i not in by_id), None)
    if missing is not None:
        raise NotFound(f"there is no entity {missing!r} in this scope.")
    return by_id[one], by_id[other]


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
        operations += joined(twin, fact, now)
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
    return same and (one.interval.start == other.interval.start if one.event else one.overlaps(other))


def withdrawal(fact: Fact, now: datetime) -> Revise:
    """Return the operation after which a fact is believed no more."""
    gone = replace(fact.state, expired_at=now)
    return Revise(fact_id=fact.id, text=fact.text, before=fact.state, after=gone, kind=ReviseKind.WITHDRAWN)


def joined(older: Fact, younger: Fact, now: datetime) -> list[Operation]:
    """Return the operations that leave the older of two like facts, with the sources of both."""
    return [withdrawal(younger, now), *(Merge(fact_id=older.id, source=source) for source in younger.sources)]


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
            later = next((f for f in held[i + 1 :] if fact.overlaps(f)), None)
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
