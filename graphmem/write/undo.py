"""Undoing decisions: which later ones build on them, and the operations that restore what is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem import rows
from graphmem.errors import NotFound, UndoRefused
from graphmem.models import Entity, Fact, FactVersion, RuleState, Scope
from graphmem.ontology import Ontology
from graphmem.operations import (
    Add,
    AddEntity,
    AddRule,
    Change,
    ChangeEntity,
    ChangeRule,
    Compare,
    Deleted,
    Forget,
    Hide,
    Invalidate,
    Merge,
    NameEntity,
    Operation,
    RemoveEntity,
    RemoveSource,
    Revise,
    ReviseKind,
    Skip,
    revised,
)
from graphmem.ports import Reader
from graphmem.write.single import Draft

_ALL = 1_000_000


async def undoing(
    change_id: str, scope: Scope, ontology: Ontology, now: datetime, reader: Reader, *, editor: str, cascade: bool
) -> Draft:
    """Return the decision that takes another back; raises NotFound, and UndoRefused naming what builds on it."""
    changes = await recorded(scope, reader)
    wanted = next((c for c in changes if c.id == change_id), None)
    if wanted is None:
        raise NotFound(f"there is no change {change_id!r} in this scope.")
    if _for_good(wanted):
        raise UndoRefused(f"{change_id} took words out for good ({wanted.reason}); say it again to have it believed.")
    if any(change_id in c.undoes for c in changes) and wanted not in standing(changes):
        raise UndoRefused(f"{change_id} is undone already.")
    later = [c for c in standing(changes) if c.number > wanted.number]
    facts = await facts_by_id(facts_of([wanted, *later]), scope, reader)
    after_it = built_on(wanted, later, facts, ontology)
    if after_it and not cascade:
        named = "; ".join(f"{c.id} ({c.reason})" for c in after_it[:5])
        raise UndoRefused(
            f"{len(after_it)} later changes build on {change_id}: {named}. Undo them first, or cascade=True."
        )
    final = next((c for c in after_it if _for_good(c)), None)
    if final is not None:
        raise UndoRefused(
            f"{final.id} came after it and took words out for good ({final.reason}); correct or forget by hand instead."
        )
    taken = [wanted, *after_it]
    entities = {e.id: e for e in await _entities(taken, scope, reader)}
    operations = inverse(taken, facts, entities, await _unused(taken, scope, reader), now)
    brought = [op.entity.name for op in wanted.operations if isinstance(op, AddEntity)]
    if brought and not operations:
        raise UndoRefused(
            f"{change_id} only brought in {', '.join(brought)}. What a message, a fact or a rule names, or is merged, "
            "stays. Delete the messages that name it, and it goes too."
        )
    return Draft(
        operations=operations,
        reason=f"undone: {wanted.reason}",
        undoes=tuple(c.id for c in taken),
        editor=editor,
    )


def _for_good(change: Change) -> bool:
    return any(isinstance(op, (Forget, Hide, Deleted)) for op in change.operations)


async def recorded(scope: Scope, reader: Reader) -> list[Change]:
    """Return all decisions of a scope, oldest first."""
    found = await reader.read("changes", scopes=[scope.key], after=0, limit=_ALL)
    return [rows.change(row["change"]) for row in found]


async def facts_by_id(ids: Sequence[str], scope: Scope, reader: Reader) -> dict[str, Fact]:
    """Return facts by their ids, those that there are."""
    found = await reader.read("facts_by_ids", scopes=[scope.key], ids=list(ids)) if ids else []
    return {f.id: f for f in map(rows.fact, found)}


async def fact_by_id(fact_id: str, scope: Scope, reader: Reader) -> Fact:
    """Return a fact; raises NotFound, also where it is gone since it was looked for."""
    found = await facts_by_id([fact_id], scope, reader)
    if fact_id not in found:
        raise NotFound(f"there is no fact {fact_id!r} in this scope.")
    return found[fact_id]


async def _entities(changes: Sequence[Change], scope: Scope, reader: Reader) -> list[Entity]:
    ids = {op.after.id for c in changes for op in c.operations if isinstance(op, ChangeEntity)}
    ids |= {op.entity_id for c in changes for op in c.operations if isinstance(op, NameEntity)}
    found = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(ids)) if ids else []
    return [rows.entity(row["entity"]) for row in found]


async def _unused(changes: Sequence[Change], scope: Scope, reader: Reader) -> dict[str, Entity]:
    """Return the entities that decisions brought in and that may go, by id.

    None that a message names, also the one that brought it in: when that is deleted, its names are taken out of the
    record by way of the entities that it is linked to.
    """
    added = sorted({op.entity.id for c in changes for op in c.operations if isinstance(op, AddEntity)})
    alone = await reader.read("orphans", scope=scope.key, ids=added) if added else []
    unused: dict[str, Entity] = {}
    for entity_id in {row["id"] for row in alone} & set(added):
        merged = [
            rows.entity(row["entity"])
            for row in await reader.read("entities_merged", scope=scope.key, canonical=entity_id)
        ]
        if [e.id for e in merged] == [entity_id]:
            unused[entity_id] = merged[0]
    return unused


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


def _touched(change: Change, facts: Mapping[str, Fact], ontology: Ontology) -> set[str]:  # noqa: C901  (one line a kind)
    """Return what a decision writes: facts, entities, and the places where one value holds at a time."""
    ids: set[str] = set()
    for operation in change.operations:
        match operation:
            case Add(fact=fact):
                ids |= {fact.id, *_place(fact, ontology)}
            case Invalidate(fact_id=fact_id) | Revise(fact_id=fact_id):
                ids |= {fact_id, *(_place(facts[fact_id], ontology) if fact_id in facts else ())}
            case Merge() | RemoveSource() | Skip(fact_id=str()) | Forget():
                ids.add(str(operation.fact_id))
            case Deleted(facts=gone, unsourced=left):
                ids |= {*gone, *left}
            case NameEntity(entity_id=entity_id):
                ids.add(entity_id)
            case ChangeEntity(after=after):
                ids.add(after.id)
            case Compare(entity_id=one, other_id=other):
                ids.add(f"{one} {other}")
            case AddRule(rule=rule):
                ids.add(rule.id)
            case ChangeRule(rule_id=rule_id):
                ids.add(rule_id)
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
                case Invalidate() | Revise() | Merge() | RemoveSource() | Skip(fact_id=str()) | Forget():
                    ids.append(str(operation.fact_id))
                case _:
                    pass
    return list(dict.fromkeys(ids))


def inverse(
    changes: Sequence[Change],
    facts: Mapping[str, Fact],
    entities: Mapping[str, Entity],
    unused: Mapping[str, Entity],
    now: datetime,
) -> tuple[Operation, ...]:
    """Return the operations that take decisions back, the newest first; nothing that was believed is rewritten.

    Of the entities that were brought in the `unused` ones go.
    """
    states = {i: f.state for i, f in facts.items()}
    known = dict(entities)
    undone: list[Operation] = []
    for change in sorted(changes, key=lambda c: -c.number):
        for operation in reversed(change.operations):
            if isinstance(operation, AddEntity) and operation.entity.id in unused:
                undone.append(RemoveEntity(entity=unused[operation.entity.id]))
            undone += _taken_back(operation, facts, states, known, now)
    gone = {(op.fact_id, op.source.episode_id, op.source.quote) for op in undone if isinstance(op, RemoveSource)}
    gone -= {(op.fact_id, op.source.episode_id, op.source.quote) for op in undone if isinstance(op, Merge)}
    for fact_id in sorted({i for i, _, _ in gone}):
        left = [s for s in facts[fact_id].sources if (fact_id, s.episode_id, s.quote) not in gone]
        if not left and states[fact_id].expired_at is None:
            # What nobody says any more is not believed.
            without = replace(states[fact_id], expired_at=now)
            undone.append(_revise(facts[fact_id], without, ReviseKind.WITHDRAWN, states, now))
    return tuple(undone)


def _taken_back(
    operation: Operation,
    facts: Mapping[str, Fact],
    states: dict[str, FactVersion],
    entities: dict[str, Entity],
    now: datetime,
) -> list[Operation]:
    match operation:
        case Add() | Invalidate() | Revise() | Merge() | Skip() | RemoveSource():
            return _taken_from_facts(operation, facts, states, now)
        case NameEntity(entity_id=entity_id, alias=alias) if entity_id in entities:
            is_now = entities[entity_id]
            was = replace(is_now, aliases=tuple(a for a in is_now.aliases if a != alias))
            return _changed(is_now, was, entities)
        case ChangeEntity(before=before, after=after) if after.id in entities:
            return _changed(after, before, entities)
        case Compare(before=before, after=after):
            return [replace(operation, before=after, after=before)]
        case AddRule(rule=rule):
            waits, gone = RuleState.WAITING, RuleState.WITHDRAWN
            return [ChangeRule(rule_id=rule.id, text=rule.text, before=waits, after=gone)]
        case ChangeRule(before=before, after=after):
            return [replace(operation, before=after, after=before)]
        case RemoveEntity(entity=entity):
            return [AddEntity(entity=entity)]
        case _:
            return []


def _taken_from_facts(
    operation: Add | Invalidate | Revise | Merge | Skip | RemoveSource,
    facts: Mapping[str, Fact],
    states: dict[str, FactVersion],
    now: datetime,
) -> list[Operation]:
    fact = facts.get((operation.fact.id if isinstance(operation, Add) else operation.fact_id) or "")
    if fact is None or fact.forgotten_at is not None:
        # Nothing comes back of what was forgotten or deleted for good.
        return []
    match operation:
        case Add():
            gone = replace(states[fact.id], expired_at=now)
            return [_revise(fact, gone, ReviseKind.WITHDRAWN, states, now)]
        case Invalidate(before=before) | Revise(before=before):
            return [_revise(fact, before, ReviseKind.RESTORED, states, now)]
        case RemoveSource(source=source):
            return [Merge(fact_id=fact.id, source=source)]
        case Merge(source=source) | Skip(source=source):
            return [RemoveSource(fact_id=fact.id, source=source)] if source is not None else []


def _revise(fact: Fact, after: FactVersion, kind: ReviseKind, states: dict[str, FactVersion], now: datetime) -> Revise:
    operation = Revise(fact_id=fact.id, text=fact.text, before=states[fact.id], after=after, kind=kind)
    states[fact.id] = revised(operation, now) or after
    return operation


def _changed(before: Entity, after: Entity, entities: dict[str, Entity]) -> list[Operation]:
    entities[after.id] = after
    return [ChangeEntity(before=before, after=after)]
