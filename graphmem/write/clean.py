"""Cleaning: what looks wrong in a scope, each finding with the decision that would mend it; a report first."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import combinations, pairwise

from graphmem import lucene, rows
from graphmem.models import Entity, Fact, Sameness, Scope
from graphmem.ontology import RELATED_TO, Ontology, Predicate
from graphmem.operations import Add, Change, Compare, Invalidate, InvalidateKind, Operation, RemoveEntity
from graphmem.ports import Reader, Transaction
from graphmem.text import fold
from graphmem.write.likeness import like
from graphmem.write.merge import joined, merging, withdrawal
from graphmem.write.retext import text_of
from graphmem.write.settle import closes
from graphmem.write.single import Draft, Tools, decide
from graphmem.write.undo import facts_by_id

OFTEN = 3
_ALL = 1_000_000


class FindingKind(StrEnum):
    """What looks wrong."""

    ENTITIES_ALIKE = "entities alike"
    FACTS_ALIKE = "facts alike"
    ORPHAN = "orphan"
    NO_SOURCE = "no source"
    CONTRADICTION = "contradiction"
    PREDICATE = "predicate outside the ontology"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that looks wrong: the ids of facts or entities, in words, and what `--apply` does, nothing if empty."""

    kind: FindingKind
    ids: tuple[str, ...]
    what: str
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What was found, and the decisions that mended it; none in a dry run."""

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Everything of a scope that is looked at."""

    facts: Mapping[str, Fact]
    entities: Sequence[Entity]
    orphans: frozenset[str]
    merged: frozenset[str]
    compared: frozenset[frozenset[str]]


async def find(
    scope: Scope, ontology: Ontology, reader: Reader, messages: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """Return what looks wrong in a scope, reading it whole; with `messages` only what facts of these have a part in."""
    held = await _read(scope, reader)
    found = tuple(_findings(held, ontology))
    if messages is None:
        return found
    stated = [f for f in held.facts.values() if any(s.episode_id in messages for s in f.sources)]
    touched = {i for f in stated for i in (f.id, f.subject_id, f.object_id)}
    return tuple(f for f in found if touched.intersection(f.ids))


async def clean(scope: Scope, tools: Tools, editor: str) -> Cleaning:
    """Mend what can be mended, each finding by a decision of its own that can be undone."""
    found = await find(scope, tools.ontology, tools.store)
    changes: tuple[Change, ...] = ()
    for finding in [f for f in found if f.action]:

        async def build(tx: Transaction, now: datetime, finding: Finding = finding) -> Draft:
            # Looked at again under the lock: an earlier mending may have seen to it.
            if finding not in await find(scope, tools.ontology, tx):
                return Draft(operations=(), reason="")
            operations = await _mending(finding, scope, tools.ontology, now, tx)
            texts = [op.fact.text for op in operations if isinstance(op, Add)]
            vectors = dict(zip(texts, await tools.embedder.embed(texts), strict=True)) if texts else {}
            reason = f"cleaned: {finding.kind}"
            return Draft(operations=tuple(operations), reason=reason, editor=editor, vectors=vectors)

        changes += await decide(build, scope, tools)
    return Cleaning(findings=found, changes=changes)


async def _read(scope: Scope, reader: Reader) -> _Scope:
    scopes = [scope.key]
    ids = [r["id"] for r in await reader.read("facts_of_scopes", scopes=scopes, predicate=None, limit=_ALL)]
    known = await reader.read("entities_of_scopes", scopes=scopes, after_name=None, after_id=None, limit=_ALL)
    entities = [rows.entity(row["entity"]) for row in known]
    alone = await reader.read("orphans", scope=scope.key, ids=[e.id for e in entities])
    pairs = await reader.read("entity_pairs", scopes=scopes, state=None)
    facts = await facts_by_id(ids, scope, reader)
    return _Scope(
        facts={i: f for i, f in facts.items() if f.expired_at is None},
        entities=[e for e in entities if e.canonical_id == e.id],
        orphans=frozenset(row["id"] for row in alone),
        merged=frozenset(e.canonical_id for e in entities if e.canonical_id != e.id),
        compared=frozenset(frozenset((p["entity"]["id"], p["other"]["id"])) for p in pairs),
    )


def _findings(held: _Scope, ontology: Ontology) -> Iterator[Finding]:
    yield from _entities(held)
    yield from _facts(held, ontology)
    yield from _contradictions(held, ontology)
    yield from _predicates(held, ontology)


def _entities(held: _Scope) -> Iterator[Finding]:
    for entity in held.entities:
        if entity.id in held.orphans and entity.id not in held.merged:
            what = f"{entity.described}: nothing is said about it, and no message names it"
            yield Finding(kind=FindingKind.ORPHAN, ids=(entity.id,), what=what, action="take it out")
    for one, other in _neighbours([e for e in held.entities if e.id not in held.orphans]):
        if frozenset((one.id, other.id)) in held.compared or not like(one, other):
            continue
        same = fold(one.name) == fold(other.name)
        action = "make them one" if same else "put them up for review"
        what = f"{one.described} and {other.described} may be one"
        yield Finding(kind=FindingKind.ENTITIES_ALIKE, ids=(one.id, other.id), what=what, action=action)


def _neighbours(entities: Sequence[Entity]) -> Iterator[tuple[Entity, Entity]]:
    """Yield the pairs whose names share a word or begin alike, so that not every pair has to be compared."""
    blocks: dict[str, list[Entity]] = defaultdict(list)
    for entity in entities:
        for key in {w for name in entity.names for w in (*lucene.words(name), name[:3])}:
            blocks[key].append(entity)
    seen: set[tuple[str, str]] = set()
    for block in blocks.values():
        for one, other in combinations(block, 2):
            if (one.id, other.id) not in seen:
                seen.add((one.id, other.id))
                yield one, other


def _facts(held: _Scope, ontology: Ontology) -> Iterator[Finding]:
    places: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in held.facts.values():
        if not fact.sources:
            yield Finding(kind=FindingKind.NO_SOURCE, ids=(fact.id,), what=fact.text, action="believe it no more")
        elif ontology.predicate(fact.predicate).worded and fact.literal:
            words = " ".join(sorted(set(lucene.words(fact.value))))
            places[fact.subject_id, fact.predicate, words].append(fact)
    for alike in places.values():
        for one, other in pairwise(sorted(alike, key=lambda f: (f.interval.start, f.id))):
            if one.overlaps(other) and one.modality is other.modality:
                what = f"{one.text} and {other.text}"
                kind = FindingKind.FACTS_ALIKE
                yield Finding(kind=kind, ids=(one.id, other.id), what=what, action="keep the older, with both sources")


def _contradictions(held: _Scope, ontology: Ontology) -> Iterator[Finding]:
    places: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in held.facts.values():
        if ontology.predicate(fact.predicate).exclusive and fact.sources:
            places[fact.subject_id, fact.predicate, fact.raw_predicate].append(fact)
    for rivals in places.values():
        for one, other in combinations(sorted(rivals, key=lambda f: (f.interval.start, f.id)), 2):
            if one.normal == other.normal or not one.overlaps(other) or one.modality is not other.modality:
                continue
            sure = closes(one) and closes(other) and one.interval.start < other.interval.start
            action = f"end the first on {other.interval.start:%Y-%m-%d}" if sure else ""
            what = f"{one.text} and {other.text}, at the same time"
            yield Finding(kind=FindingKind.CONTRADICTION, ids=(one.id, other.id), what=what, action=action)


def _predicates(held: _Scope, ontology: Ontology) -> Iterator[Finding]:
    invented = [f for f in held.facts.values() if f.predicate == RELATED_TO and f.raw_predicate]
    for fact in invented:
        meant = meant_predicate(fact, ontology)
        if meant is not None:
            what = f"{fact.raw_predicate} in {fact.text} is {meant.name}"
            action = "" if _taken(fact, meant, held) else f"say it by {meant.name}"
            yield Finding(kind=FindingKind.PREDICATE, ids=(fact.id,), what=what, action=action)
    rest = Counter(f.raw_predicate for f in invented if meant_predicate(f, ontology) is None)
    for name, count in rest.most_common():
        if count >= OFTEN:
            ids = tuple(sorted(f.id for f in invented if f.raw_predicate == name))
            what = f"{name} occurs {count} times; add it to the ontology (GRAPHMEM_ONTOLOGY) to have it typed"
            yield Finding(kind=FindingKind.PREDICATE, ids=ids, what=what)


def _taken(fact: Fact, meant: Predicate, held: _Scope) -> bool:
    """Tell whether the place where a fact would go holds the same already, or a value that excludes it."""
    return any(
        (f.subject_id, f.predicate) == (fact.subject_id, meant.name)
        and f.overlaps(fact)
        and (meant.exclusive or f.normal == fact.normal)
        for f in held.facts.values()
    )


def meant_predicate(fact: Fact, ontology: Ontology) -> Predicate | None:
    """Return the ontology's predicate that an invented one names by its name or phrase, if it takes such a value."""
    said = fold(fact.raw_predicate.replace("_", " "))
    for predicate in ontology.predicates.values():
        forms = {fold(predicate.name.replace("_", " ")), fold(predicate.phrase)}
        if said in forms and (predicate.literal is None) == (fact.literal is None):
            return predicate
    return None


async def _mending(
    finding: Finding, scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> Sequence[Operation]:
    if finding.kind in {FindingKind.ORPHAN, FindingKind.ENTITIES_ALIKE}:
        return await _mend_entities(finding, scope, ontology, now, tx)
    facts = await facts_by_id(finding.ids, scope, tx)
    one = facts[finding.ids[0]]
    match finding.kind:
        case FindingKind.NO_SOURCE:
            return [withdrawal(one, now)]
        case FindingKind.FACTS_ALIKE:
            return joined(one, facts[finding.ids[1]], now)
        case FindingKind.CONTRADICTION:
            at = facts[finding.ids[1]].interval.start
            kind = InvalidateKind.CHANGE
            return [Invalidate(fact_id=one.id, text=one.text, at=at, kind=kind, before=one.state)]
        case _:
            return _renamed(one, ontology, now)


async def _mend_entities(
    finding: Finding, scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> Sequence[Operation]:
    found = await tx.read("entities_by_ids", scopes=[scope.key], ids=list(finding.ids))
    entities = {e.id: e for e in (rows.entity(row["entity"]) for row in found)}
    if finding.kind is FindingKind.ORPHAN:
        return [RemoveEntity(entity=entities[finding.ids[0]])]
    one, other = (entities[i] for i in finding.ids)
    if fold(one.name) == fold(other.name):
        return await merging(one.id, other.id, scope, ontology, now, tx)
    names, pending = f"{one.name} | {other.name}", Sameness.PENDING
    return [Compare(entity_id=one.id, other_id=other.id, names=names, before=None, after=pending)]


def _renamed(fact: Fact, ontology: Ontology, now: datetime) -> list[Operation]:
    """Say a fact by the predicate that is meant: a new fact with the same sources in its place."""
    meant = meant_predicate(fact, ontology)
    if meant is None:
        return []
    said = replace(fact, id=f"fa_{uuid.uuid4().hex[:24]}", predicate=meant.name, raw_predicate="", versions=())
    said = replace(said, text=text_of(said, ontology), created_at=now)
    return [withdrawal(fact, now), Add(fact=said, supersedes=fact.id)]
