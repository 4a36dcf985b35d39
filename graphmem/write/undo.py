"""Undoing decisions: which later ones build on them, and the operations that restore what is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.models import Entity, Fact, FactVersion
from graphmem.ontology import Ontology
from graphmem.operations import (
    Add,
    Change,
    ChangeEntity,
    Invalidate,
    Merge,
    NameEntity,
    Operation,
    RemoveSource,
    Revise,
    ReviseKind,
    Skip,
    revised,
)


def standing(changes: Sequence[Change]) -> list[Change]:
    """Return the decisions that were not undone, without those that only undid others, oldest first."""
    undone: set[str] = set()
    for change in reversed(changes):
        if change.id not in undone:
            undone |= set(change.undoes)
    return [c for c in changes if c.id not in undone and not c.undoes]


def built_on(change: Change, later: Sequence[Change], facts: Mapping[str, Fact], ontology: Ontology) -> list[Change]:
    """Return the later decisions that build on a decision, at any depth: on its facts, its places or its entities."""
    found: list[Change] = []
    touched = _touched(change, facts, ontology)
    for candidate in later:
        theirs = _touched(candidate, facts, ontology)
        if touched & theirs:
            found.append(candidate)
            touched |= theirs
    return found


def _touched(change: Change, facts: Mapping[str, Fact], ontology: Ontology) -> set[str]:
    """Return what a decision writes: facts, entities, and the places where one value holds at a time."""
    ids: set[str] = set()
    for operation in change.operations:
        match operation:
            case Add(fact=fact):
                ids |= {fact.id, *_place(fact, ontology)}
            case Invalidate(fact_id=fact_id) | Revise(fact_id=fact_id):
                ids |= {fact_id, *(_place(facts[fact_id], ontology) if fact_id in facts else ())}
            case Merge(fact_id=fact_id) | RemoveSource(fact_id=fact_id) | Skip(fact_id=str() as fact_id):
                ids.add(fact_id)
            case NameEntity(entity_id=entity_id):
                ids.add(entity_id)
            case ChangeEntity(after=after):
                ids.add(after.id)
            case _:
                pass
    return ids


def _place(fact: Fact, ontology: Ontology) -> tuple[str, ...]:
    if not ontology.predicate(fact.predicate).exclusive:
        return ()
    return (f"{fact.subject_id} {fact.predicate} {fact.raw_predicate}",)


def facts_of(changes: Iterable[Change]) -> list[str]:
    """Return the ids of all facts that decisions write."""
    ids: list[str] = []
    for change in changes:
        for operation in change.operations:
            match operation:
                case Add(fact=fact):
                    ids.append(fact.id)
                case Invalidate() | Revise() | Merge() | RemoveSource() | Skip(fact_id=str()):
                    ids.append(str(operation.fact_id))
                case _:
                    pass
    return list(dict.fromkeys(ids))


def inverse(
    changes: Sequence[Change], facts: Mapping[str, Fact], entities: Mapping[str, Entity], now: datetime
) -> tuple[Operation, ...]:
    """Return the operations that take decisions back, the newest first; nothing that was believed is rewritten."""
    states = {i: f.state for i, f in facts.items()}
    known = dict(entities)
    undone: list[Operation] = []
    for change in sorted(changes, key=lambda c: -c.number):
        for operation in reversed(change.operations):
            undone += _taken_back(operation, facts, states, known, now)
    return tuple(undone)


def _taken_back(
    operation: Operation,
    facts: Mapping[str, Fact],
    states: dict[str, FactVersion],
    entities: dict[str, Entity],
    now: datetime,
) -> list[Operation]:
    match operation:
        case Add(fact=fact):
            gone = replace(states[fact.id], expired_at=now)
            return [_revise(facts[fact.id], gone, ReviseKind.WITHDRAWN, states, now)]
        case Invalidate(fact_id=fact_id, before=before) | Revise(fact_id=fact_id, before=before):
            return [_revise(facts[fact_id], before, ReviseKind.RESTORED, states, now)]
        case Merge(fact_id=fact_id, source=source):
            return [RemoveSource(fact_id=fact_id, source=source)]
        case Skip(fact_id=str() as fact_id, source=source) if source is not None:
            return [RemoveSource(fact_id=fact_id, source=source)]
        case RemoveSource(fact_id=fact_id, source=source):
            return [Merge(fact_id=fact_id, source=source)]
        case NameEntity(entity_id=entity_id, alias=alias):
            is_now = entities[entity_id]
            was = replace(is_now, aliases=tuple(a for a in is_now.aliases if a != alias))
            return _changed(is_now, was, entities)
        case ChangeEntity(before=before, after=after):
            return _changed(after, before, entities)
        case _:
            return []


def _revise(fact: Fact, after: FactVersion, kind: ReviseKind, states: dict[str, FactVersion], now: datetime) -> Revise:
    operation = Revise(fact_id=fact.id, text=fact.text, before=states[fact.id], after=after, kind=kind)
    states[fact.id] = revised(operation, now) or after
    return operation


def _changed(before: Entity, after: Entity, entities: dict[str, Entity]) -> list[Operation]:
    entities[after.id] = after
    return [ChangeEntity(before=before, after=after)]
