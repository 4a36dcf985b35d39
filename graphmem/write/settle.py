"""What a new statement does to the facts already believed, where no model is needed to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from graphmem.models import Conflict, ConflictKind, Fact, Modality, Polarity, Statement
from graphmem.ontology import Ontology
from graphmem.operations import Add, Operation, Skip

CLOSING_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A decision about one statement, and why."""

    statement: Statement
    operations: tuple[Operation, ...]
    reason: str
    by_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A statement and the believed facts that it contradicts: for the model to decide."""

    statement: Statement
    facts: tuple[Fact, ...]


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
    same = [c.fact for c in conflicts if c.kind in {ConflictKind.REPEAT, ConflictKind.DENIED}]
    if statement.polarity is Polarity.DENIED:
        if not same:
            return _skip(statement, "it denies what is not believed")
        return Unsettled(statement=statement, facts=tuple(_unique(same)))
    repeated = next((c.fact for c in conflicts if c.kind in {ConflictKind.REPEAT, ConflictKind.INVERSE}), None)
    if repeated is not None and _in_force(repeated, fact):
        return _skip(statement, "it is believed already; one more source for it", of=repeated)
    if not ontology.predicate(fact.predicate).exclusive:
        return _add(statement, "nothing contradicts it")
    return _exclusive(statement, [c.fact for c in conflicts if c.kind is ConflictKind.SLOT])


def _exclusive(statement: Statement, rivals: Sequence[Fact]) -> Decision:
    """Decide about a value of which one holds at a time."""
    fact = statement.fact
    if fact.modality is not Modality.SAID or fact.confidence < CLOSING_CONFIDENCE:
        return _add(statement, "it is not certain enough to close anything")
    rivals = [r for r in rivals if r.modality is Modality.SAID and r.confidence >= CLOSING_CONFIDENCE]
    met = [r for r in rivals if _overlap(r, fact)]
    if not met:
        return _add(statement, "nothing else is believed for that time")
    first_later = min((r.interval.start for r in met if r.interval.start > fact.interval.start), default=None)
    earlier = [r for r in met if r.interval.start <= fact.interval.start]
    if first_later is not None and not earlier:
        past = replace(fact, interval=replace(fact.interval, end=first_later))
        return _add(replace(statement, fact=past), "older news: it held until the next value")
    return Unsettled(statement=statement, facts=tuple(earlier))


def settle_batch(decisions: Sequence[Decision], ontology: Ontology) -> tuple[Decision, ...]:
    """Hold the statements of one exchange against each other, in the order of their valid time.

    A repeat within the exchange adds its source to the first; of two values where one holds at a time the later one
    ends the earlier one; of two for the same moment the one said last stays.
    """
    out: list[Decision] = []
    for decision in decisions:
        statement = decision.statement
        twin = next((o for o in out if _same(o.statement, statement) and _adds(o)), None)
        if twin is not None and statement.polarity is Polarity.STATED:
            out.append(_skip(statement, "said twice in one exchange", of=twin.statement.fact))
        elif _adds(decision) and ontology.predicate(statement.fact.predicate).exclusive:
            out = [_outdone(o, statement) for o in out]
            out.append(_before_later(decision, out))
        else:
            out.append(decision)
    return tuple(out)


def _before_later(decision: Decision, others: Sequence[Decision]) -> Decision:
    """Return a value of the exchange, ended where a later value of it begins."""
    fact = decision.statement.fact
    starts = [o.statement.fact.interval.start for o in others if _rivals(o, decision.statement)]
    start = min((s for s in starts if s > fact.interval.start), default=None)
    if start is None or fact.interval.end is not None:
        return decision
    ended = replace(fact, interval=replace(fact.interval, end=start))
    return _add(replace(decision.statement, fact=ended), "it held until the next value of the same exchange")


def _outdone(earlier: Decision, statement: Statement) -> Decision:
    """Return what becomes of an earlier addition of the exchange when another value follows."""
    if not _rivals(earlier, statement):
        return earlier
    fact, start = earlier.statement.fact, statement.fact.interval.start
    if fact.interval.start == start:
        return _skip(earlier.statement, "said otherwise later in the same exchange")
    if fact.interval.start < start and fact.interval.end is None:
        ended = replace(fact, interval=replace(fact.interval, end=start))
        return _add(replace(earlier.statement, fact=ended), "it held until the next value of the same exchange")
    return earlier


def _rivals(decision: Decision, statement: Statement) -> bool:
    one, other = decision.statement.fact, statement.fact
    return (
        isinstance(decision, Settled)
        and _adds(decision)
        and one.modality is Modality.SAID
        and other.modality is Modality.SAID
        and (one.subject_id, one.predicate, one.raw_predicate)
        == (other.subject_id, other.predicate, other.raw_predicate)
        and _value(one) != _value(other)
        and _overlap(one, other)
    )


def _same(one: Statement, other: Statement) -> bool:
    a, b = one.fact, other.fact
    return (a.subject_id, a.predicate, a.raw_predicate, _value(a), a.modality) == (
        b.subject_id,
        b.predicate,
        b.raw_predicate,
        _value(b),
        b.modality,
    ) and (not (a.interval.stated and b.interval.stated) or a.interval.start == b.interval.start)


def _value(fact: Fact) -> str:
    return fact.object_id or (fact.literal.normal if fact.literal else "")


def _adds(decision: Decision) -> bool:
    return isinstance(decision, Settled) and any(isinstance(op, Add) for op in decision.operations)


def _in_force(believed: Fact, fact: Fact) -> bool:
    """Tell whether a believed fact covers the new one; one that was closed before is true again."""
    return believed.interval.end is None or fact.interval.start < believed.interval.end


def _overlap(one: Fact, other: Fact) -> bool:
    a, b = one.interval, other.interval
    return (a.end is None or b.start < a.end) and (b.end is None or a.start < b.end)


def _add(statement: Statement, reason: str) -> Settled:
    return Settled(statement=statement, operations=(Add(fact=statement.fact),), reason=reason)


def _skip(statement: Statement, reason: str, of: Fact | None = None) -> Settled:
    operation = Skip(
        text=statement.fact.text,
        fact_id=of.id if of else None,
        source=statement.fact.sources[0] if of else None,
    )
    return Settled(statement=statement, operations=(operation,), reason=reason)


def _unique(facts: Sequence[Fact]) -> list[Fact]:
    return list({f.id: f for f in facts}.values())
