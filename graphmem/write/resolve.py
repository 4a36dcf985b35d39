"""Update resolver: what the model decides about the conflicts that rules leave, checked before it is believed."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem.dates import parse_date, show_date
from graphmem.errors import ReplyRefused
from graphmem.models import (
    ConflictKind,
    Entity,
    EntityPair,
    Episode,
    Fact,
    Interval,
    Polarity,
    Precision,
    Sameness,
    Statement,
    label_of,
)
from graphmem.ontology import Ontology
from graphmem.operations import Add, Forget, Hide, Invalidate, InvalidateKind, Merge, Operation, Skip
from graphmem.ports import ChatRequest
from graphmem.prompts import render
from graphmem.text import named_in
from graphmem.write.replies import DecisionReply, PairReply, ResolutionReply
from graphmem.write.settle import Settled, Unsettled

KIND = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the prompt shows: statements, facts and pairs of entities by their short ids."""

    triples: Mapping[str, Unsettled]
    facts: Mapping[str, Fact]
    pairs: Mapping[str, EntityPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDecision:
    """What the model says of two entities: `winner` keeps its name where they are one."""

    pair: EntityPair
    state: Sameness
    reason: str
    winner: Entity | None = None
    loser: Entity | None = None


_MEETS = {
    ConflictKind.SLOT: "another value",
    ConflictKind.DENIED: "denied by it",
    ConflictKind.PAIR: "the same two",
    ConflictKind.NEAR: "in like words",
}


def show(unsettled: Sequence[Unsettled], pairs: Sequence[EntityPair] = ()) -> Shown:
    """Give short ids to all statements, to all facts that they meet, and to all pairs of entities."""
    facts = {f.id: f for u in unsettled for f in u.facts}
    return Shown(
        triples={f"T{i}": u for i, u in enumerate(unsettled, start=1)},
        facts={f"F{i}": f for i, f in enumerate(facts.values(), start=1)},
        pairs={f"P{i}": p for i, p in enumerate(pairs, start=1)},
    )


def resolution_request(shown: Shown, exchange: Sequence[Episode], ontology: Ontology) -> ChatRequest:
    """Return the request to decide all conflicts of an exchange at once."""
    said = {e.id: e for e in exchange}
    by_id = {f.id: short for short, f in shown.facts.items()}
    lines: list[str] = []
    for short, unsettled in shown.triples.items():
        source = unsettled.statement.fact.sources[0]
        episode = said[source.episode_id]
        lines.append(
            f"{short}: {_statement(unsettled.statement, ontology)}; said {episode.at:%Y-%m-%d} by {episode.speaker}: "
            f'"{source.quote}" in "{episode.text}"'
        )
        lines += [
            f"  meets {by_id[c.fact.id]}: {_MEETS.get(c.kind, c.kind.value)}: {_believed(c.fact)}"
            for c in unsettled.conflicts
        ]
    lines += [f"{short}: {_pair(pair, exchange)}" for short, pair in shown.pairs.items()]
    prompt = render("resolve", {"conflicts": html.escape("\n".join(lines), quote=False)})
    names = {f"triple:{u.statement.label}": short for short, u in shown.triples.items()}
    names |= {f"pair:{p.label}": short for short, p in shown.pairs.items()}
    return ChatRequest(
        kind=KIND,
        prompt_version=prompt.version,
        system=prompt.system,
        user=prompt.user,
        schema=ResolutionReply,
        message_ids=tuple(e.message_id for e in exchange),
        names={**names, **{f"fact:{label_of(f)}": short for short, f in shown.facts.items()}},
    )


def resolve(
    reply: ResolutionReply, shown: Shown, ontology: Ontology, now: datetime, neutral: Callable[[Statement], str]
) -> tuple[Settled, ...]:
    """Return a decision for every statement shown; raises ReplyRefused for one that the ledger does not support.

    `neutral` says how a statement reads without its value, for what is to be forgotten.

    Source: Mem0 (arXiv 2504.19413) section 2.1 (ADD, UPDATE, DELETE, NOOP), Mem0g section 2.2 (update resolver).
    """
    by_triple: dict[str, list[DecisionReply]] = {}
    for decision in reply.decisions:
        if decision.triple not in shown.triples:
            raise ReplyRefused(f"{decision.triple!r} is not one of {', '.join(shown.triples)}.")
        by_triple.setdefault(decision.triple, []).append(decision)
    missing = [short for short in shown.triples if short not in by_triple]
    if missing:
        raise ReplyRefused(f"there is no decision for {', '.join(missing)}.")
    return tuple(
        _forgetting(by_triple[short], u, shown, neutral(u.statement))
        if u.statement.polarity is Polarity.FORGET
        else _resting(_decided(by_triple[short], u, shown, ontology, now), by_triple[short], shown)
        for short, u in shown.triples.items()
    )


def resolve_pairs(reply: ResolutionReply, shown: Shown) -> tuple[PairDecision, ...]:
    """Return a decision for every pair of entities shown; raises ReplyRefused where one is missing or was not shown.

    Add: two entities; merge: one, under the known name; invalidate: one, whose known name was wrong; skip: not to tell.
    """
    by_pair = {e.pair: e for e in reply.entities}
    if set(by_pair) != set(shown.pairs) or len(by_pair) != len(reply.entities):
        raise ReplyRefused(f"`entities` must decide about {', '.join(shown.pairs) or 'nothing'}, each once.")
    return tuple(_paired(by_pair[short], pair) for short, pair in shown.pairs.items())


def _paired(reply: PairReply, pair: EntityPair) -> PairDecision:
    match reply.action:
        case "add":
            return PairDecision(pair=pair, state=Sameness.NEVER, reason=reply.reason)
        case "skip":
            return PairDecision(pair=pair, state=Sameness.PENDING, reason=reply.reason)
        case "merge":
            winner, loser = pair.other, pair.entity
        case "invalidate":
            winner, loser = pair.entity, pair.other
    return PairDecision(pair=pair, state=Sameness.PENDING, reason=reply.reason, winner=winner, loser=loser)


def _forgetting(decisions: Sequence[DecisionReply], unsettled: Unsettled, shown: Shown, text: str) -> Settled:
    """Take which facts a request to forget means; it adds nothing."""
    statement = unsettled.statement
    request = Hide(episode_ids=(statement.fact.sources[0].episode_id,))
    means = [_fact_of(d, unsettled, shown) for d in decisions if d.action in {"invalidate", "merge"}]
    forgotten = tuple(Forget(fact_id=f.id, text=text) for f in means)
    return _settled(statement, (*(forgotten or (Skip(text=text),)), request), "its speaker asked to forget it")


def _resting(settled: Settled, decisions: Sequence[DecisionReply], shown: Shown) -> Settled:
    """Let a new fact rest on the facts that the model names, which must be shown and stay believed."""
    grounds = list(dict.fromkeys(name for d in decisions for name in d.rests_on))
    unknown = [name for name in grounds if name not in shown.facts]
    if unknown:
        raise ReplyRefused(f"{decisions[0].triple}: {unknown[0]!r} (rests_on) is not one of {', '.join(shown.facts)}.")
    closed = {op.fact_id for op in settled.operations if isinstance(op, Invalidate)}
    under = tuple(i for i in (shown.facts[name].id for name in grounds) if i not in closed)
    operations = tuple(replace(op, rests_on=under) if isinstance(op, Add) else op for op in settled.operations)
    return replace(settled, operations=operations)


def _decided(
    decisions: Sequence[DecisionReply], unsettled: Unsettled, shown: Shown, ontology: Ontology, now: datetime
) -> Settled:
    actions = {d.action for d in decisions}
    if len(actions) > 1 or (len(decisions) > 1 and actions != {"invalidate"}):
        raise ReplyRefused(
            f"{decisions[0].triple} has decisions that exclude each other: {', '.join(sorted(actions))}."
        )
    reason = " ".join(dict.fromkeys(d.reason for d in decisions))
    statement = unsettled.statement
    match decisions[0].action:
        case "add":
            if statement.polarity is not Polarity.STATED:
                raise ReplyRefused(f"{decisions[0].triple} denies: it adds nothing. Invalidate, or skip.")
            if ontology.predicate(statement.fact.predicate).exclusive and unsettled.rivals:
                raise ReplyRefused(
                    f"{decisions[0].triple}: of {statement.fact.predicate} one value holds at a time; "
                    "close the other, merge or skip."
                )
            return _settled(statement, (Add(fact=statement.fact),), reason)
        case "merge":
            fact = _fact_of(decisions[0], unsettled, shown)
            return _settled(statement, (Merge(fact_id=fact.id, source=statement.fact.sources[0]),), reason)
        case "skip":
            return _settled(statement, (Skip(text=statement.fact.text),), reason)
        case "invalidate":
            return _closing(decisions, unsettled, shown, reason, now)


def _closing(
    decisions: Sequence[DecisionReply], unsettled: Unsettled, shown: Shown, reason: str, now: datetime
) -> Settled:
    """Close facts, and put the statement in their place unless it only denies them."""
    statement = unsettled.statement
    new, source = statement.fact, statement.fact.sources[0]
    closings: list[Invalidate] = []
    for decision in decisions:
        fact = _fact_of(decision, unsettled, shown)
        kind, boundary = _kind(decision, fact, statement), statement.fact.interval
        if kind is InvalidateKind.CHANGE:
            boundary = _boundary(decision, statement)
            _check_boundary(boundary, fact, decision)
            new = replace(new, interval=replace(boundary, end=new.interval.end))
            if boundary.start <= fact.interval.start:
                # Nothing would be left of it: it had ended by the time it was said.
                kind = InvalidateKind.CORRECTION
            elif fact.interval.end is not None and boundary.start >= fact.interval.end:
                # It had ended before already.
                continue
        elif not new.interval.stated:
            new = replace(new, interval=replace(fact.interval, end=new.interval.end or fact.interval.end))
        at = boundary.start if kind is InvalidateKind.CHANGE else now
        closings.append(Invalidate(fact_id=fact.id, text=fact.text, at=at, kind=kind, before=fact.state, source=source))
    if statement.polarity is Polarity.DENIED:
        return _settled(statement, tuple(closings) or (Skip(text=statement.fact.text),), reason)
    supersedes = closings[0].fact_id if closings else None
    return _settled(replace(statement, fact=new), (*closings, Add(fact=new, supersedes=supersedes)), reason)


def _kind(decision: DecisionReply, fact: Fact, statement: Statement) -> InvalidateKind:
    """Return how a fact stops; what happened is closed by nothing, and denied it was a mistake."""
    if not fact.event:
        return decision.kind or InvalidateKind.CHANGE
    if statement.polarity is Polarity.STATED:
        raise ReplyRefused(f"{decision.triple}: {fact.text} happened; nothing closes it. Add, merge or skip.")
    return InvalidateKind.CORRECTION


def _check_boundary(boundary: Interval, fact: Fact, decision: DecisionReply) -> None:
    if boundary.start < fact.interval.start and fact.interval.stated:
        raise ReplyRefused(
            f"{decision.triple}: {fact.text} is true since {fact.interval.start:%Y-%m-%d}; it cannot end "
            f"before, on {boundary.start:%Y-%m-%d}. A mistake is a correction."
        )


def _boundary(decision: DecisionReply, statement: Statement) -> Interval:
    """Return when the change took place: as stated by the triple, else as the model read it, else when it was said."""
    own = statement.fact.interval
    if own.stated or decision.at is None:
        return own
    try:
        start, precision = parse_date(decision.at)
    except ValueError as exc:
        raise ReplyRefused(f"{decision.triple}: {decision.at!r} is no date ({exc}).") from exc
    if precision is Precision.INSTANT or start <= own.start:
        return Interval(start=start, precision=precision, stated=True)
    raise ReplyRefused(f"{decision.triple}: {decision.at} is after the message; what is still to come closes nothing.")


def _fact_of(decision: DecisionReply, unsettled: Unsettled, shown: Shown) -> Fact:
    fact = shown.facts.get(decision.fact or "")
    if fact is None or fact.id not in {f.id for f in unsettled.facts}:
        raise ReplyRefused(f"{decision.triple}: {decision.fact!r} is not a fact that it meets.")
    return fact


def _settled(statement: Statement, operations: tuple[Operation, ...], reason: str) -> Settled:
    return Settled(statement=statement, operations=operations, reason=reason, by_model=True)


_POLARITIES = {Polarity.STATED: "", Polarity.DENIED: " NOT (denied)", Polarity.FORGET: " (to be forgotten)"}


def _pair(pair: EntityPair, exchange: Sequence[Episode]) -> str:
    names = (pair.entity.name, *pair.entity.aliases)
    said = next((f', as in {e.speaker}: "{e.text}"' for e in exchange if named_in(e.text, names)), "")
    return f"new {pair.entity.described}{said}; known {pair.other.described}"


def _statement(statement: Statement, ontology: Ontology) -> str:
    fact = statement.fact
    denied = _POLARITIES[statement.polarity]
    one = "one" if ontology.predicate(fact.predicate).exclusive else "many"
    since = f", since {show_date(fact.interval.start, fact.interval.precision)}" if fact.interval.stated else ""
    return f"{fact.text}{denied} [{fact.predicate}, {one} at a time{since}]"


def _believed(fact: Fact) -> str:
    known = "since" if fact.interval.stated else "known since"
    end = fact.interval.end
    until = f" until {show_date(end, fact.interval.precision)}" if end else ""
    quotes = " / ".join(f'"{s.quote}"' for s in fact.sources[:2])
    return f"{fact.text} [{known} {show_date(fact.interval.start, fact.interval.precision)}{until}] {quotes}"
