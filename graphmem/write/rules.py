"""Stated rules: a consequence that was said ahead takes effect by itself when what it waits for happens."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem import rows
from graphmem.models import Fact, Interval, Polarity, Precision, Rule, RuleEvent, RuleState, Scope, Source
from graphmem.ontology import Ontology
from graphmem.operations import Add, AddRule, Change, ChangeRule, Invalidate, InvalidateKind, Operation, Skip
from graphmem.ports import Reader, Vector
from graphmem.serial import load_rule
from graphmem.write.retext import text_of
from graphmem.write.settle import closes, same_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """Decisions with what rules made of them, and the vectors of the facts that came by rules."""

    changes: tuple[Change, ...]
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A rule that waits, with the vector of its consequence."""

    rule: Rule
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happening:
    """A value that begins to hold or stops, since when, and the messages that led to it."""

    fact: Fact
    ends: bool
    at: datetime
    stated: bool
    sources: tuple[Source, ...]


async def with_rules(
    changes: Sequence[Change], denied: Mapping[str, Fact], scope: Scope, ontology: Ontology, now: datetime, tx: Reader
) -> Fired:
    """Return the decisions, each with the operations of the rules that it sets off; every rule takes effect once.

    `denied` are statements, by the ids of their decisions, that something is no longer so: a rule that waits for that
    end takes effect even where nobody had said that it was so.
    """
    if not denied and not any(isinstance(op, (Add, Invalidate)) for c in changes for op in c.operations):
        return Fired(changes=tuple(changes), vectors={})
    waiting = await _waiting(changes, scope, tx)
    vectors: dict[str, Vector] = {}
    done: list[Change] = []
    batch = [op for c in changes for op in c.operations]
    for change in changes:
        operations = list(change.operations)
        causes: dict[int, tuple[Source, ...]] = {}
        looked_at = 0
        # What a rule leads to may set off another one.
        while waiting and looked_at < len(operations):
            happening = await _happening(operations[looked_at], denied.get(change.id), scope, tx)
            if happening is not None and looked_at in causes:
                happening = replace(happening, sources=causes[looked_at])
            looked_at += 1
            for item in [w for w in waiting if happening is not None]:
                if happening is None or not await _awaits(item.rule, happening, scope, tx):
                    continue
                waiting.remove(item)
                led = await _effect(item.rule, happening, batch, scope, ontology, now, tx)
                both = tuple(dict.fromkeys((item.rule.source, *happening.sources)))
                causes |= dict.fromkeys(range(len(operations), len(operations) + len(led)), both)
                operations += led
                batch += led
                vectors |= {op.fact.text: item.vector for op in led if isinstance(op, Add) and item.vector}
        done.append(replace(change, operations=tuple(operations)))
    return Fired(changes=tuple(done), vectors=vectors)


async def _waiting(changes: Sequence[Change], scope: Scope, reader: Reader) -> list[_Waiting]:
    """Return the rules that wait, also those of the same exchange, about the entities that are meant now."""
    found = await reader.read("rules_of_scopes", scopes=[scope.key], state=RuleState.WAITING.value)
    stored = [(load_rule(row["rule"]), row["embedding"]) for row in found]
    ends = {e for rule, _ in stored for e in (rule.subject_id, rule.normal, rule.fact.subject_id, rule.fact.object_id)}
    known = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(e for e in ends if e)) if ends else []
    meant = {e.id: e.canonical_id for e in (rows.entity(row["entity"]) for row in known)}
    called = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(set(meant.values()))) if meant else []
    names = {row["entity"]["id"]: row["entity"]["name"] for row in called}
    old = [_Waiting(rule=_about(rule, meant, names), vector=vector) for rule, vector in stored]
    # The vectors of new ones come with the exchange.
    new = [op.rule for c in changes for op in c.operations if isinstance(op, AddRule)]
    return [*old, *(_Waiting(rule=rule, vector=()) for rule in new)]


def _about(rule: Rule, meant: Mapping[str, str], names: Mapping[str, str]) -> Rule:
    fact = rule.fact
    subject = meant.get(fact.subject_id, fact.subject_id)
    target = meant.get(fact.object_id or "", fact.object_id)
    return replace(
        rule,
        subject_id=meant.get(rule.subject_id, rule.subject_id),
        normal=meant.get(rule.normal, rule.normal),
        fact=replace(
            fact,
            subject_id=subject,
            subject=names.get(subject, fact.subject),
            object_id=target,
            object=names.get(target or "", fact.object),
        ),
    )


async def _happening(operation: Operation, denied: Fact | None, scope: Scope, reader: Reader) -> _Happening | None:
    match operation:
        case Skip() if denied is not None:
            return _Happening(
                fact=denied,
                ends=True,
                at=denied.interval.start,
                stated=denied.interval.stated,
                sources=denied.sources,
            )
        case Add(fact=fact) if closes(fact):
            start = fact.interval
            return _Happening(fact=fact, ends=False, at=start.start, stated=start.stated, sources=fact.sources)
        case Invalidate(fact_id=fact_id, kind=InvalidateKind.CHANGE, at=at, source=source):
            found = await reader.read("facts_by_ids", scopes=[scope.key], ids=[fact_id])
            fact = rows.fact(found[0]) if found else None
            said = (source,) if source else ()
            return _Happening(fact=fact, ends=True, at=at, stated=True, sources=said) if fact else None
        case _:
            return None


async def _awaits(rule: Rule, happening: _Happening, scope: Scope, reader: Reader) -> bool:
    """Tell whether this is what a rule waits for; a rule is about what comes after it was said."""
    fact = happening.fact
    same = (fact.subject_id, fact.predicate, fact.raw_predicate) == (
        rule.subject_id,
        rule.predicate,
        rule.raw_predicate,
    )
    if not same or (rule.normal and rule.normal != fact.normal) or happening.at < rule.said_at:
        return False
    match rule.event:
        case RuleEvent.ENDS:
            return happening.ends
        case RuleEvent.STARTS:
            return not happening.ends
        case RuleEvent.CHANGES:
            return not happening.ends and await _had_another(fact, scope, reader)


async def _had_another(fact: Fact, scope: Scope, reader: Reader) -> bool:
    """Tell whether another value was believed before this one."""
    others = await _of_place(fact, scope, reader)
    return any(o.normal != fact.normal and o.interval.start < fact.interval.start for o in others)


async def _of_place(fact: Fact, scope: Scope, reader: Reader) -> list[Fact]:
    """Return what is believed by the same predicate of the same subject."""
    found = await reader.read("facts_of_subject", scope=scope.key, subject=fact.subject_id, predicate=fact.predicate)
    facts = await reader.read("facts_by_ids", scopes=[scope.key], ids=[row["id"] for row in found]) if found else []
    held = map(rows.fact, facts)
    return [f for f in held if f.expired_at is None and f.raw_predicate == fact.raw_predicate and f.id != fact.id]


async def _effect(
    rule: Rule,
    happening: _Happening,
    batch: Sequence[Operation],
    scope: Scope,
    ontology: Ontology,
    now: datetime,
    reader: Reader,
) -> list[Operation]:
    """Return what a rule leads to: its fact and what that closes, the closing of what it denies, or nothing more."""
    fired = ChangeRule(rule_id=rule.id, text=rule.text, before=RuleState.WAITING, after=RuleState.FIRED)
    start = Interval(start=happening.at, precision=Precision.DAY, stated=happening.stated)
    fact = replace(rule.fact, id=f"fa_{uuid.uuid4().hex[:24]}", interval=start, created_at=now)
    sources = tuple(dict.fromkeys((rule.source, *happening.sources)))
    fact = replace(fact, sources=sources, text=text_of(fact, ontology))
    closed = {op.fact_id for op in batch if isinstance(op, Invalidate)}
    held = [f for f in await _of_place(fact, scope, reader) if f.id not in closed and f.overlaps(fact)]
    same = [f for f in held if f.normal == fact.normal and f.modality is fact.modality]
    if rule.polarity is Polarity.DENIED:
        return [fired, *(_closing(f, happening.at, rule.source) for f in same if f.interval.start < happening.at)]
    if same:
        return [fired, Skip(text=fact.text, fact_id=same[0].id, source=rule.source)]
    exclusive = ontology.predicate(fact.predicate).exclusive
    stated = [op.fact for op in batch if isinstance(op, Add) and same_place(op.fact, fact) and op.fact.overlaps(fact)]
    rivals = [f for f in held if closes(f)]
    if exclusive and (stated or any(f.interval.start >= happening.at for f in rivals)):
        # What is said of that time outweighs what was said ahead.
        return [fired]
    closings = [_closing(f, happening.at, rule.source) for f in rivals] if exclusive else []
    supersedes = closings[0].fact_id if closings else None
    return [fired, *closings, Add(fact=fact, supersedes=supersedes, by_rule=rule.id)]


def _closing(fact: Fact, at: datetime, source: Source) -> Invalidate:
    return Invalidate(
        fact_id=fact.id, text=fact.text, at=at, kind=InvalidateKind.CHANGE, before=fact.state, source=source
    )
