"""Deleting a message for good: with what only it supported, and with what it had closed open again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem import rows
from graphmem.errors import NotFound
from graphmem.models import Episode, EpisodeState, Fact, Rule, RuleState, Scope
from graphmem.ontology import Ontology
from graphmem.operations import Change, ChangeRule, Cost, Deleted, Merge, Operation, Revise, ReviseKind
from graphmem.ports import Reader, Transaction
from graphmem.serial import load_rule
from graphmem.write.apply import Effects, apply_changes, refresh_live
from graphmem.write.apply_rules import entities_in
from graphmem.write.forget import neutral
from graphmem.write.lock import lock_scope
from graphmem.write.merge import withdrawal
from graphmem.write.replay import Place, Replayed, replay, settle_places
from graphmem.write.scrub import Scrubbed, drop_orphans, entities_of, scrub_changes, soften_doubts
from graphmem.write.single import Tools
from graphmem.write.undo import facts_by_id, recorded, standing

_READ_AGAIN = "a message on which its decision rested was deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a deletion took away and what it changed, by ids; `queued` are messages that have to be read again."""

    episode_id: str
    change_id: str
    facts: tuple[str, ...]
    unsourced: tuple[str, ...]
    revised: tuple[str, ...]
    rules: tuple[str, ...]
    entities: tuple[str, ...]
    queued: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What has to be written."""

    gone: tuple[str, ...]
    unsourced: tuple[str, ...]
    rules: tuple[Rule, ...]
    operations: tuple[Operation, ...]
    queued: tuple[str, ...]


async def delete_episode(
    episode_id: str, scope: Scope, tools: Tools, *, read_again: EpisodeState, editor: str
) -> Receipt:
    """Delete a message and replay the record without it; one new decision says what changed. It cannot be undone.

    What rules cannot settle goes back to the queue, in the state `read_again`. One that waits in the queue leaves it;
    who reads it meanwhile finds it gone inside the scope's lock, and writes nothing. Raises NotFound.
    """
    now = tools.clock.now()

    async def work(tx: Transaction) -> Receipt:
        locked = await lock_scope(scope, tools.embedder, now, tx)
        plan, texts = await _plan(episode_id, scope, tools.ontology, now, tx)
        entities = await entities_of(list(plan.gone), scope, tx)
        named = await tx.read("entities_of_episode", scope=scope.key, id=episode_id)
        entities |= {row["id"] for row in named} | {e for rule in plan.rules for e in entities_in(rule)}
        gone = await facts_by_id(plan.gone, scope, tx)
        if plan.gone:
            await tx.write("drop_live", scope=scope.key, ids=list(plan.gone))
        slots = await tx.read("slots_of_facts", scope=scope.key, ids=list(plan.gone)) if plan.gone else []
        if plan.gone:
            await tx.write("delete_facts", scope=scope.key, ids=list(plan.gone))
            await soften_doubts(list(gone.values()), texts, scope, tx)
        await tx.write("delete_rules_of", scope=scope.key, ids=[episode_id])
        await tx.write("read_anew_beside", scope=scope.key, ids=[episode_id])
        await tx.write("unlink_episode", scope=scope.key, id=episode_id)
        await tx.write("delete_episode", scope=scope.key, id=episode_id)
        await tx.write("drop_summary", scope=scope.key)
        orphans = await drop_orphans(entities, scope, tx)
        rules = {r.id for r in plan.rules}
        phrases = [f.text for f in gone.values()] + [r.text for r in plan.rules]
        scrubbed = Scrubbed(facts=texts, episodes={episode_id}, rules=rules, orphans=orphans, phrases=phrases)
        deleted = Deleted(
            episode_id=episode_id,
            facts=plan.gone,
            rules=tuple(sorted(rules)),
            entities=tuple(sorted(orphans.ids)),
            unsourced=plan.unsourced,
        )
        change = Change(
            id=f"ch_{uuid.uuid4().hex[:24]}",
            scope=scope.key,
            at=now,
            operations=(deleted, *plan.operations),
            reason="a message was deleted",
            cost=Cost(),
            episode_ids=(),
            number=locked["change_number"] + 1,
            editor=editor,
        )
        await apply_changes((change,), Effects(vectors={}), scope, tools.ontology, now, tx)
        await scrub_changes(scrubbed, scope, tx)
        await refresh_live(slots, scope, tools.ontology, now, tx)
        if plan.queued:
            await tx.write(
                "requeue_episodes",
                scope=scope.key,
                scope_key=scope.digest,
                ids=list(plan.queued),
                state=read_again.value,
                reason=_READ_AGAIN,
            )
        await tx.write("advance_scope", scope=scope.key, ledger=1, seq=0, changes=1, tokens=0, due=-1)
        return Receipt(
            episode_id=episode_id,
            change_id=change.id,
            facts=plan.gone,
            unsourced=plan.unsourced,
            revised=tuple(op.fact_id for op in plan.operations if isinstance(op, Revise)),
            rules=deleted.rules,
            entities=deleted.entities,
            queued=plan.queued,
        )

    receipt = await tools.store.transact(work)
    await tools.embedder.forget()
    tools.tokens.later(scope)
    return receipt


async def _plan(
    episode_id: str, scope: Scope, ontology: Ontology, now: datetime, reader: Reader
) -> tuple[_Plan, dict[str, str]]:
    """Return what the deletion does, and how the facts that go read in the record from now on."""
    found = await reader.read("episodes_by_ids", scopes=[scope.key], ids=[episode_id])
    if not found:
        raise NotFound(f"there is no message {episode_id!r} in this scope.")
    changes = await recorded(scope, reader)
    deleted = {op.episode_id: c.number for c in changes for op in c.operations if isinstance(op, Deleted)}
    deleted[episode_id] = max((c.number for c in changes), default=0) + 1
    stands = [c for c in standing(changes) if not any(isinstance(op, Deleted) for op in c.operations)]
    said = await _episodes(stands, scope, reader)
    done = replay(stands, deleted, said)
    # A message that is shown no more cannot be read again: what was decided about it stays.
    done.doubtful -= {e.id for e in said.values() if not e.text}
    ids = await reader.read("facts_of_scopes", scopes=[scope.key], predicate=None, limit=1_000_000)
    facts = await facts_by_id([row["id"] for row in ids], scope, reader)
    supported = [f for f in facts.values() if any(s.episode_id == episode_id for s in f.sources)]
    gone = tuple(sorted(f.id for f in supported if f.id not in done.states))
    place = settle_places(done, {i: f for i, f in facts.items() if i not in gone}, ontology)
    rules = await reader.read("rules_of_episodes", scope=scope.key, ids=[episode_id])
    operations, queued = _operations(done, place, facts, set(gone), now)
    plan = _Plan(
        gone=gone,
        unsourced=tuple(sorted(f.id for f in supported if f.id not in gone)),
        rules=tuple(load_rule(row["rule"]) for row in rules),
        operations=(*operations, *await _rules(done, scope, reader)),
        queued=queued,
    )
    return plan, {i: neutral(facts[i], ontology) for i in gone}


async def _episodes(changes: Sequence[Change], scope: Scope, reader: Reader) -> dict[str, Episode]:
    ids = sorted({e for c in changes for e in c.episode_ids})
    found = await reader.read("episodes_by_ids", scopes=[scope.key], ids=ids) if ids else []
    return {e.id: e for e in (rows.episode(row["episode"]) for row in found)}


def _operations(
    done: Replayed, place: Place, facts: Mapping[str, Fact], gone: set[str], now: datetime
) -> tuple[list[Operation], tuple[str, ...]]:
    """Return what leads from what is believed to what the replay believes, and what is to be read again."""
    doubtful = done.doubtful | place.doubtful
    twins = {younger.id: older for older, younger in place.joined}
    operations: list[Operation] = []
    for fact_id in sorted(done.touched | set(place.states) | set(twins)):
        fact, state = facts.get(fact_id), place.states.get(fact_id) or done.states.get(fact_id)
        if fact is None or state is None or fact_id in gone or fact.forgotten_at is not None:
            continue
        sources = {s.episode_id for s in done.sources.get(fact_id, [])}
        if fact_id in twins:
            operations += [withdrawal(fact, now), *(Merge(fact_id=twins[fact_id].id, source=s) for s in fact.sources)]
            continue
        if sources and sources <= doubtful:
            state = replace(state, expired_at=now)
        same = (fact.interval, fact.expired_at is None, fact.uncertain_since)
        if same != (state.interval, state.expired_at is None, state.uncertain_since):
            kind = ReviseKind.REPLAYED
            operations.append(Revise(fact_id=fact_id, text=fact.text, before=fact.state, after=state, kind=kind))
    return operations, tuple(sorted(doubtful))


async def _rules(done: Replayed, scope: Scope, reader: Reader) -> list[ChangeRule]:
    """Let rules wait again whose trigger is gone."""
    found = await reader.read("rule_states", scope=scope.key)
    return [
        ChangeRule(rule_id=row["id"], text=row["text"], before=RuleState(row["state"]), after=done.rules[row["id"]])
        for row in found
        if row["id"] in done.rules and done.rules[row["id"]].value != row["state"]
    ]
