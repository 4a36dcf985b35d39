"""What a new statement does to the facts already believed, where no model is needed to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from graphmem.models import Conflict, ConflictKind, Fact, Modality, Polarity, Statement
from graphmem.ontology import Ontology
from graphmem.operations import Add, Invalidate, InvalidateKind, Operation, Revise, ReviseKind, Skip

CLOSING_CONFIDENCE = 0.5
ALIKE = frozenset({ConflictKind.NEAR, ConflictKind.PAIR})
"""What only resembles a statement contradicts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A decision about one statement, and why."""

    statement: Statement
    operations: tuple[Operation, ...]
    reason: str
    by_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A statement and the believed facts that it contradicts or nearly repeats: for the model to decide."""

    statement: Statement
    conflicts: tuple[Conflict, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that the statement meets."""
        return tuple(c.fact for c in self.conflicts)

    @property
    def rivals(self) -> tuple[Fact, ...]:
        """Those of them that it contradicts."""
        return tuple(c.fact for c in self.conflicts if c.kind not in ALIKE)


Decision: TypeAlias = Settled | Unsettled


def settle(statement: Statement, conflicts: Sequence[Conflict], ontology: Ontology) -> Decision:
    """Decide by rules alone, or hand the conflicts on.

    Rules in order: what is not meant is not believed; a denial of something known needs a model; an exact repeat
    adds its source; what can stand beside is added; news from before what it contradicts takes its place in the past.

    Source: Mem0 (arXiv 2504.19413) section 2.1 decides all of these by model; here only what is left.
    """
    fact = statement.fact
    if fact.modality in {Modality.HYPOTHETICAL, Modality.JOKING}:
        return _skip(statement, f"it was only {fact.modality.value}")
    alike = tuple(c for c in conflicts if _alike(c, statement, ontology))
    if statement.polarity is Polarity.DENIED:
        denied = tuple(c for c in conflicts if c.kind in {ConflictKind.REPEAT, ConflictKind.DENIED}) or alike
        if not denied:
            return _skip(statement, "it denies what is not believed")
        # What is only planned or doubtful ends no fact, though a plan may end a plan.
        denied = tuple(c for c in denied if closes(fact) or c.fact.modality is fact.modality is not Modality.SAID)
        if not denied:
            return _skip(statement, "it is not certain enough to close anything")
        return Unsettled(statement=statement, conflicts=denied)
    repeated = next((c.fact for c in conflicts if c.kind in {ConflictKind.REPEAT, ConflictKind.INVERSE}), None)
    if repeated is not None:
        return _repeat(statement, repeated)
    if ontology.predicate(fact.predicate).exclusive:
        return _exclusive(statement, [c.fact for c in conflicts if c.kind is ConflictKind.SLOT])
    if alike:
        return Unsettled(statement=statement, conflicts=alike)
    return _add(statement, "nothing contradicts it")


def _alike(conflict: Conflict, statement: Statement, ontology: Ontology) -> bool:
    """Tell whether a conflict may be the same statement in other words."""
    fact, new = conflict.fact, statement.fact
    if conflict.kind is ConflictKind.PAIR:
        either = ontology.predicate(fact.predicate).worded or ontology.predicate(new.predicate).worded
        return either and not (fact.event or new.event) and fact.modality is new.modality and fact.overlaps(new)
    return conflict.kind is ConflictKind.NEAR


def _exclusive(statement: Statement, rivals: Sequence[Fact]) -> Decision:
    """Decide about a value of which one holds at a time."""
    fact = statement.fact
    if not closes(fact):
        return _add(statement, "it is not certain enough to close anything")
    met = [r for r in rivals if closes(r) and r.overlaps(fact)]
    if not met:
        return _add(statement, "nothing else is believed for that time")
    next_start = min((r.interval.start for r in met if r.interval.start > fact.interval.start), default=None)
    if next_start is not None:
        statement = ended(statement, next_start)
    earlier = tuple(r for r in met if r.interval.start <= fact.interval.start)
    if earlier and all(r.uncertain_since is not None and r.interval.start < fact.interval.start for r in earlier):
        return _instead_of_doubt(statement, earlier)
    if earlier:
        slot = ConflictKind.SLOT
        return Unsettled(statement=statement, conflicts=tuple(Conflict(kind=slot, fact=f) for f in earlier))
    return _add(statement, "older news: it held until the next value")


def _repeat(statement: Statement, known: Fact) -> Settled:
    """Leave the source with the fact that is said again; one that was uncertain is certain again."""
    again = _skip(statement, "it is believed already; one more source for it", of=known)
    if known.uncertain_since is None or statement.fact.interval.start < known.uncertain_since:
        return again
    certain = replace(known.state, uncertain_since=None, uncertain_because="")
    operation = Revise(fact_id=known.id, text=known.text, before=known.state, after=certain, kind=ReviseKind.CERTAIN)
    return replace(again, operations=(*again.operations, operation), reason="it is said again, and certain again")


def _instead_of_doubt(statement: Statement, doubted: Sequence[Fact]) -> Settled:
    """Put a stated value in the place of one that was uncertain already."""
    closings = tuple(
        Invalidate(
            fact_id=f.id,
            text=f.text,
            at=statement.fact.interval.start,
            kind=InvalidateKind.CHANGE,
            before=f.state,
            source=statement.fact.sources[0],
        )
        for f in doubted
    )
    added = Add(fact=statement.fact, supersedes=doubted[0].id)
    return Settled(statement=statement, operations=(*closings, added), reason="it was uncertain; this is stated now")


def closes(fact: Fact) -> bool:
    """Tell whether a fact is meant and certain enough to contradict another."""
    return fact.modality is Modality.SAID and fact.confidence >= CLOSING_CONFIDENCE


def same_place(one: Fact, other: Fact) -> bool:
    """Tell whether two facts say something of one subject by one predicate."""
    a, b = (one.subject_id, one.predicate, one.raw_predicate), (other.subject_id, other.predicate, other.raw_predicate)
    return a == b


def ended(statement: Statement, at: datetime) -> Statement:
    """Return a statement whose fact ends at `at`, or earlier where it already did."""
    interval = statement.fact.interval
    end = at if interval.end is None else min(at, interval.end)
    return replace(statement, fact=replace(statement.fact, interval=replace(interval, end=end)))


def _add(statement: Statement, reason: str) -> Settled:
    return Settled(statement=statement, operations=(Add(fact=statement.fact),), reason=reason)


def _skip(statement: Statement, reason: str, of: Fact | None = None) -> Settled:
    operation = Skip(
        text=statement.fact.text,
        fact_id=of.id if of else None,
        source=statement.fact.sources[0] if of else None,
        interval=statement.fact.interval if of else None,
    )
    return Settled(statement=statement, operations=(operation,), reason=reason)
