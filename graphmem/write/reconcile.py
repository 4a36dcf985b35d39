"""What the decisions of one exchange do to each other: each was made against what was believed before all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphmem.models import Fact, Statement
from graphmem.ontology import Ontology
from graphmem.operations import Add, Invalidate, InvalidateKind, Operation, Skip
from graphmem.write.settle import Settled, closes, ended, same_place


def reconcile(decisions: Sequence[Settled], ontology: Ontology) -> tuple[Settled, ...]:
    """Return the decisions, in their order, so that they can be applied together.

    They are taken in the order of valid time. A fact is closed once; what repeats a fact that was closed by then is
    true again; a repeat within the exchange adds its source to the first; of two values where one holds at a time the
    later one ends the earlier one, and of two for the same moment the one said last stays.
    """
    order = sorted(range(len(decisions)), key=lambda i: (decisions[i].statement.fact.interval.start, i))
    done: dict[int, Settled] = {}
    closed: dict[str, Invalidate] = {}
    for i in order:
        decision = _true_again(_close_once(decisions[i], closed), closed)
        closed |= {op.fact_id: op for op in decision.operations if isinstance(op, Invalidate)}
        if added(decision) is not None:
            decision = _beside(decision, done, ontology)
        done[i] = decision
    return tuple(done[i] for i in range(len(decisions)))


def added(decision: Settled) -> Fact | None:
    """Return the fact that a decision adds."""
    return next((op.fact for op in decision.operations if isinstance(op, Add)), None)


def _close_once(decision: Settled, closed: dict[str, Invalidate]) -> Settled:
    kept = tuple(op for op in decision.operations if not (isinstance(op, Invalidate) and op.fact_id in closed))
    return replace(decision, operations=kept)


def _true_again(decision: Settled, closed: dict[str, Invalidate]) -> Settled:
    """Turn a repeat of a fact that another statement closed before it into a new fact."""
    fact = decision.statement.fact
    for operation in decision.operations:
        closing = closed.get(operation.fact_id or "") if isinstance(operation, Skip) else None
        if closing is not None and (closing.kind is InvalidateKind.CORRECTION or closing.at <= fact.interval.start):
            # Until when the closed one held, since something else may hold from then on.
            until = closing.before.interval.end
            again = decision.statement if until is None else ended(decision.statement, until)
            return replace(decision, statement=again, operations=(Add(fact=again.fact),), reason="it is true again")
    return decision


def _beside(decision: Settled, done: dict[int, Settled], ontology: Ontology) -> Settled:
    """Fit an addition in beside those of the same exchange that come before it in time."""
    for i, other in done.items():
        known, fact = added(other), decision.statement.fact
        if known is None or not same_place(known, fact) or not known.overlaps(fact):
            continue
        if known.normal == fact.normal and known.modality is fact.modality:
            if not fact.event or known.interval.start == fact.interval.start:
                return _instead(decision, "said twice in one exchange", of=known)
        elif ontology.predicate(fact.predicate).exclusive and closes(known) and closes(fact):
            if known.interval.start == fact.interval.start:
                done[i] = _instead(other, "said otherwise later in the same exchange")
            else:
                reason = f"{other.reason}; it held until the next value of the same exchange"
                done[i] = _with_statement(replace(other, reason=reason), ended(other.statement, fact.interval.start))
    return decision


def _instead(decision: Settled, reason: str, of: Fact | None = None) -> Settled:
    """Return a decision that adds nothing, but closes what it closed; its source goes to `of`."""
    fact = decision.statement.fact
    skip = Skip(
        text=fact.text,
        fact_id=of.id if of else None,
        source=fact.sources[0] if of else None,
        interval=fact.interval if of else None,
    )
    kept: tuple[Operation, ...] = tuple(op for op in decision.operations if not isinstance(op, Add))
    return replace(decision, operations=(*kept, skip), reason=reason)


def _with_statement(decision: Settled, statement: Statement) -> Settled:
    operations = tuple(replace(op, fact=statement.fact) if isinstance(op, Add) else op for op in decision.operations)
    return replace(decision, statement=statement, operations=operations)
