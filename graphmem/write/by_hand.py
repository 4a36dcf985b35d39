"""What a statement by hand does to the facts already believed, where it says more than the same words in a talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.models import Conflict, ConflictKind, Fact, Statement
from graphmem.ontology import Ontology
from graphmem.operations import Invalidate, InvalidateKind, Operation, Revise, ReviseKind, Skip
from graphmem.write.settle import Decision, Settled, Unsettled, closes, settle


def settle_by_hand(
    statement: Statement, conflicts: Sequence[Conflict], held: Sequence[Fact], ontology: Ontology, now: datetime
) -> Decision:
    """Decide about what an editor says to hold; `held` are the other facts of its value, or of its place if exclusive.

    Rules in order: what has an end or happened is settled as in a talk; the same that is over holds still, until the
    next value where there is one; a value that is only known since later gives way; all else is settled as in a talk,
    but for what is over, which is no repeat.
    """
    fact = statement.fact
    if fact.interval.end is not None or fact.event:
        return settle(statement, conflicts, ontology)
    rivals = [f for f in held if _excludes(f, fact, ontology)]
    yielding = _yielding(fact, rivals)
    over = _over(fact, held, now)
    if over is not None:
        until = None if yielding else _next_start(over, rivals)
        if until is None or fact.interval.stated:
            return _still(statement, over, until, yielding, now)
    if yielding:
        earlier = [f for f in rivals if f.interval.start <= fact.interval.start and f.overlaps(fact)]
        met = (*earlier, *yielding)
        return Unsettled(statement=statement, conflicts=tuple(Conflict(kind=ConflictKind.SLOT, fact=f) for f in met))
    return settle(statement, [c for c in conflicts if not _ended(c.fact, now)], ontology)


def _excludes(other: Fact, fact: Fact, ontology: Ontology) -> bool:
    return ontology.predicate(fact.predicate).exclusive and closes(other) and other.normal != fact.normal


def _yielding(fact: Fact, rivals: Sequence[Fact]) -> list[Fact]:
    """Return the value that holds now, where nothing else began later than a fact, and since when was not said."""
    later = [f for f in rivals if f.interval.start > fact.interval.start]
    return later if all(f.interval.end is None and not f.interval.stated for f in later) else []


def _over(fact: Fact, held: Sequence[Fact], now: datetime) -> Fact | None:
    """Return the last stretch of time of the same that a fact may mean, None where that holds now."""
    same = [f for f in held if f.normal == fact.normal and f.modality is fact.modality]
    if not all(_ended(f, now) for f in same):
        return None
    meant = [f for f in same if not fact.interval.stated or f.overlaps(fact)]
    return max(meant, key=lambda f: f.interval.start, default=None)


def _ended(fact: Fact, now: datetime) -> bool:
    return fact.interval.end is not None and fact.interval.end <= now


def _next_start(over: Fact, rivals: Sequence[Fact]) -> datetime | None:
    return min((f.interval.start for f in rivals if f.interval.start > over.interval.start), default=None)


def _still(
    statement: Statement, over: Fact, until: datetime | None, yielding: Sequence[Fact], now: datetime
) -> Settled:
    """Let a fact that had ended hold on, in the place of what gives way, with one more source."""
    source = statement.fact.sources[0]
    after = replace(over.state, interval=replace(over.interval, end=until), uncertain_since=None, uncertain_because="")
    redated = Revise(fact_id=over.id, text=over.text, before=over.state, after=after, kind=ReviseKind.REDATED)
    closings = [
        Invalidate(fact_id=f.id, text=f.text, at=now, kind=InvalidateKind.CORRECTION, before=f.state, source=source)
        for f in yielding
    ]
    skip = Skip(text=statement.fact.text, fact_id=over.id, source=source, interval=statement.fact.interval)
    moved: list[Operation] = [redated, *closings] if until != over.interval.end else []
    reason = "it is said again, and holds still" if until is None else "older news: it held until the next value"
    return Settled(statement=statement, operations=(*moved, skip), reason=reason)
