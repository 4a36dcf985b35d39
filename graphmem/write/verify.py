"""The ledger's promises, checked on the graph as it stands: each breach is named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from graphmem import rows
from graphmem.models import Fact, FactVersion, Scope, Source
from graphmem.ontology import LiteralKind, Ontology
from graphmem.operations import (
    Add,
    Change,
    Deleted,
    Forget,
    Invalidate,
    Merge,
    Operation,
    RemoveSource,
    Revise,
    Skip,
    revised,
)
from graphmem.ports import Reader, Row
from graphmem.write.keys import keys_of
from graphmem.write.settle import closes

_ALL = 1_000_000_000
_AT_ONCE = 500
# A store may keep fewer digits of a time than a change does.
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A promise that does not hold: its name, and what breaks it."""

    promise: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that is checked of a scope."""

    facts: Mapping[str, Fact]
    changes: Sequence[Change]
    edges: Sequence[Row]
    properties: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, str | None]
    crossings: Sequence[Row]


async def read_standing(scope: Scope, reader: Reader) -> Standing:
    """Read a scope whole."""
    scopes = [scope.key]
    ids = [r["id"] for r in await reader.read("facts_of_scopes", scopes=scopes, predicate=None, limit=_ALL)]
    facts: dict[str, Fact] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found = await reader.read("facts_by_ids", scopes=scopes, ids=ids[start : start + _AT_ONCE])
        facts |= {f.id: f for f in map(rows.fact, found)}
    changes = await reader.read("changes", scopes=scopes, after=0, limit=_ALL)
    return Standing(
        facts=facts,
        changes=[rows.change(row["change"]) for row in changes],
        edges=await reader.read("live_edges", scopes=scopes),
        properties={r["id"]: r["properties"] for r in await reader.read("live_properties", scopes=scopes)},
        keys={r["id"]: r["live_key"] for r in await reader.read("live_keys", scopes=scopes)},
        crossings=await reader.read("crossings", scopes=scopes, limit=100),
    )


def breaches(standing: Standing, ontology: Ontology, now: datetime) -> tuple[Breach, ...]:
    """Return every breach, none where the graph keeps its promises."""
    return (
        *_crossings(standing),
        *_facts(standing, ontology),
        *_overlaps(standing, ontology),
        *_edges(standing, now),
        *_properties(standing, ontology, now),
        *_replay(standing),
        *_gaps(standing),
    )


def _crossings(standing: Standing) -> Iterator[Breach]:
    for row in standing.crossings:
        yield Breach(promise="nothing crosses scopes", what=f"{row['from_id']} -[{row['type']}]-> {row['to_id']}")


def _facts(standing: Standing, ontology: Ontology) -> Iterator[Breach]:
    for fact in standing.facts.values():
        named = f"{fact.id} ({fact.text})"
        states = [*fact.versions, fact.state]
        believed, key = fact.expired_at is None, standing.keys.get(fact.id)
        if believed and not fact.sources:
            yield Breach(promise="every fact has a source", what=named)
        if any(s.interval.end is not None and s.interval.end <= s.interval.start for s in states):
            yield Breach(promise="intervals are sane", what=f"{named} ends before it starts")
        if any(a.expired_at is None or a.expired_at > b.created_at for a, b in pairwise(states)):
            yield Breach(promise="versions never overlap", what=named)
        if believed and fact.interval.end is None and key != keys_of(fact, ontology).live:
            yield Breach(promise="an open fact has its key", what=named)
        if not believed and key is not None:
            yield Breach(promise="what is not believed has no key", what=named)


def _overlaps(standing: Standing, ontology: Ontology) -> Iterator[Breach]:
    places: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in standing.facts.values():
        if fact.expired_at is None and closes(fact) and ontology.predicate(fact.predicate).exclusive:
            places[fact.subject_id, fact.predicate, fact.raw_predicate].append(fact)
    for held in places.values():
        held.sort(key=lambda f: f.interval.start)
        for one, other in pairwise(held):
            if one.overlaps(other):
                yield Breach(promise="one value holds at a time", what=f"{one.text} ({one.id}) and {other.text}")


def _edges(standing: Standing, now: datetime) -> Iterator[Breach]:
    wanted = {
        f.id: (f.predicate, f.subject_id, f.object_id)
        for f in standing.facts.values()
        if f.object_id and f.expired_at is None and (f.interval.end is None or f.interval.end > now)
    }
    drawn = Counter(row["fact_id"] for row in standing.edges)
    last = max((c.at for c in standing.changes), default=now)
    for row in standing.edges:
        fact = standing.facts.get(row["fact_id"])
        what = f"{row['subject_id']} -[{row['type']}]-> {row['object_id']} of {row['fact_id']}"
        if fact is None or fact.expired_at is not None:
            yield Breach(promise="the live view shows what is believed", what=what)
        elif (row["type"], row["subject_id"], row["object_id"]) != (fact.predicate, fact.subject_id, fact.object_id):
            yield Breach(promise="the live view shows what is believed", what=f"{what} is drawn otherwise")
        elif fact.interval.end is not None and fact.interval.end <= last:
            yield Breach(promise="what is over is swept out of the live view", what=what)
        elif (rows.moment(row["valid_at"]), rows.ending(row["invalid_at"])) != (fact.interval.start, fact.interval.end):
            yield Breach(promise="the live view has the fact's dates", what=what)
    for fact_id in wanted:
        if drawn[fact_id] != 1:
            yield Breach(
                promise="each open fact is drawn once", what=f"{standing.facts[fact_id].text}: {drawn[fact_id]} times"
            )


def _properties(standing: Standing, ontology: Ontology, now: datetime) -> Iterator[Breach]:
    held: dict[tuple[str, str], list[tuple[datetime, Any]]] = defaultdict(list)
    for fact in standing.facts.values():
        predicate = ontology.predicate(fact.predicate)
        if predicate.live_property and fact.literal and standing.keys.get(fact.id):
            if fact.interval.end is not None and fact.interval.end <= now:
                continue
            value = fact.literal.number if predicate.literal is LiteralKind.NUMBER else fact.literal.text
            held[fact.subject_id, fact.predicate].append((fact.interval.start, value))
    for entity_id, properties in standing.properties.items():
        for predicate in ontology.predicates.values():
            if predicate.live_property is None:
                continue
            values = [v for _, v in sorted(held.get((entity_id, predicate.name), []), key=lambda pair: pair[0])]
            one = predicate.cardinality == "one"
            wanted = (values[-1] if values else None) if one else (sorted(set(values)) or None)
            if properties.get(predicate.live_property) != wanted:
                yield Breach(
                    promise="the live view has the facts' literals",
                    what=f"{properties.get('name')}.{predicate.live_property} is not {wanted!r}",
                )


def _replay(standing: Standing) -> Iterator[Breach]:
    """Hold the present against what the record of decisions leads to."""
    numbers = [c.number for c in standing.changes]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Breach(promise="changes are numbered without a gap", what=f"{len(numbers)} changes")
    states, sources, deleted = _folded(standing.changes)
    # One that was deleted may have come again under its id.
    deleted -= {s.episode_id for fact in standing.facts.values() for s in fact.sources}
    for fact in standing.facts.values():
        state = states.get(fact.id)
        if state is None or _seen(state) != _seen(fact.state):
            yield Breach(promise="changes replay to the present", what=f"{fact.text} ({fact.id})")
        recorded = {s for s in sources[fact.id] if s[0] not in deleted}
        # The words of what was forgotten or hidden are gone from both.
        if {s[0] for s in recorded} != {s.episode_id for s in fact.sources}:
            yield Breach(promise="changes replay to the sources", what=f"{fact.text} ({fact.id})")


def _folded(
    changes: Sequence[Change],
) -> tuple[dict[str, FactVersion], dict[str, set[tuple[str, str]]], set[str]]:
    """Return what decisions lead to: states and sources of facts, and the messages that were deleted."""
    states: dict[str, FactVersion] = {}
    sources: dict[str, set[tuple[str, str]]] = defaultdict(set)
    deleted: set[str] = set()
    for change in changes:
        for operation in change.operations:
            _again(operation, change.at, states, sources)
        for episode in {op.episode_id for op in change.operations if isinstance(op, Deleted)}:
            deleted.add(episode)
            for fact_id, said in sources.items():
                sources[fact_id] = {s for s in said if s[0] != episode}
    return states, sources, deleted


def _gaps(standing: Standing) -> Iterator[Breach]:
    """Between two beliefs in a fact there is a time without one only where a decision restored it."""
    restored = {
        (op.fact_id, change.at)
        for change in standing.changes
        for op in change.operations
        if isinstance(op, Revise) and op.before.expired_at is not None
    }
    for fact in standing.facts.values():
        for one, other in pairwise([*fact.versions, fact.state]):
            gap = one.expired_at is not None and one.expired_at < other.created_at
            if gap and not any(i == fact.id and abs(at - other.created_at) < _TICK for i, at in restored):
                yield Breach(promise="gaps between versions are explained", what=f"{fact.text} ({fact.id})")


def _again(
    operation: Operation, at: datetime, states: dict[str, FactVersion], sources: dict[str, set[tuple[str, str]]]
) -> None:
    match operation:
        case Add(fact=fact):
            states[fact.id] = fact.state
            sources[fact.id] |= {_said(s) for s in fact.sources}
        case Merge(fact_id=fact_id, source=source):
            sources[fact_id].add(_said(source))
        case Skip(fact_id=str() as fact_id, source=Source() as source):
            sources[fact_id].add(_said(source))
        case RemoveSource(fact_id=fact_id, source=source):
            sources[fact_id].discard(_said(source))
        case Invalidate(fact_id=fact_id) | Revise(fact_id=fact_id):
            states[fact_id] = revised(operation, at) or states[fact_id]
        case Forget(fact_id=fact_id) if fact_id in states:
            states[fact_id] = replace(states[fact_id], expired_at=at)
        case _:
            pass


def _said(source: Source) -> tuple[str, str]:
    return source.episode_id, source.quote


def _seen(state: FactVersion) -> tuple[Any, ...]:
    interval = state.interval
    return interval.start, interval.end, interval.stated, state.expired_at is None, state.uncertain_since
