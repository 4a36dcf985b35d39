"""The ledger: what was read is judged outside the scope's lock and written inside it, as decisions on the record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from graphmem.errors import InvalidInput, StoreConflict
from graphmem.models import (
    ConflictKind,
    EpisodeState,
    Fact,
    Polarity,
    Scope,
    Statement,
)
from graphmem.ontology import Ontology
from graphmem.operations import Add, Change, Compare, Cost, Hide, Invalidate, InvalidateKind, Revise
from graphmem.ports import Reader, Row, Transaction, Vector
from graphmem.write.apply import apply_changes
from graphmem.write.asking import Asker
from graphmem.write.by_hand import settle_by_hand
from graphmem.write.conflicts import Found, detect_conflicts
from graphmem.write.consequences import with_consequences
from graphmem.write.ends import moved_ends, others_of_place, others_of_value
from graphmem.write.forget import asked_back, dropped, find_forgotten, neutral, settle_request, with_hidden
from graphmem.write.link import link, rules, statements
from graphmem.write.lock import lock_scope
from graphmem.write.merge import merging
from graphmem.write.reconcile import reconcile
from graphmem.write.record import Linked, Reading, changes_of, effects_of, settle_episodes, texts_of
from graphmem.write.replies import ResolutionReply
from graphmem.write.resolve import PairDecision, Shown, resolution_request, resolve, resolve_pairs, show
from graphmem.write.settle import Decision, Settled, Unsettled, closes, settle
from graphmem.write.single import Draft, Tools, decide
from graphmem.write.undo import fact_by_id

ROUNDS = 5


class MessagesGone(StoreConflict):
    """Messages were deleted while they were read; what is left of them is to be read again."""


class _Stale(Exception):
    """Facts were written since the detector read, and the model has to see the new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Linked and decided, as of a ledger version; `asked` is what the model saw, `compares` whether there is one."""

    version: int
    linked: Linked
    vectors: Mapping[str, Vector]
    tokens: Mapping[str, bytes]
    compares: bool
    asked: frozenset[tuple[str, frozenset[str]]] = frozenset()
    reply: ResolutionReply | None = None
    cost: Cost = field(default_factory=Cost)

    def shown(self, linked: Linked) -> Shown:
        """Return what a model is to be shown of a reading: what rules do not settle, and entities of like names."""
        return _show(linked, asks=self.compares)


class Ledger:
    """Writes what was read into a scope's facts."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._store = tools.store
        self._clock = tools.clock
        self._ontology = tools.ontology

    async def commit(self, reading: Reading, scope: Scope, asker: Asker | None = None) -> tuple[Change, ...]:
        """Judge outside the lock and write inside it, again where others wrote what the model must see.

        Without an asker nothing is asked: what rules cannot decide is left as it is, unless the reading rules on it.

        Entities that the model holds for one are merged afterwards, each by a decision of its own.

        Raises ModelError and BudgetSpent, and StoreConflict when others were faster too often.
        """
        asker = asker if reading.ruling is None else None
        for _ in range(ROUNDS):
            judged = await self._judge(reading, scope, asker)
            now = self._clock.now()

            async def work(tx: Transaction, judged: _Judged = judged, now: datetime = now) -> tuple[Change, ...]:
                return await self._apply(reading, judged, scope, now, tx)

            try:
                changes = await self._store.transact(work)
            except _Stale:
                continue
            if any(isinstance(op, Hide) for c in changes for op in c.operations):
                await self._tools.embedder.forget()
            # What follows by rules has none yet, nor what is left of a fact that was asked to be forgotten.
            if any(text not in judged.tokens for text in texts_of(changes)):
                self._tools.tokens.later(scope)
            return (*changes, *await self._merged(judged, changes, scope))
        raise StoreConflict(f"the facts of {scope.key} changed {ROUNDS} times while the model decided about them.")

    async def _merged(self, judged: _Judged, changes: Sequence[Change], scope: Scope) -> tuple[Change, ...]:
        """Make one of the entities that the model holds for one; until then they wait for review."""
        made: tuple[Change, ...] = ()
        waiting = {(op.entity_id, op.other_id) for c in changes for op in c.operations if isinstance(op, Compare)}
        for decision in _pair_decisions(judged):
            into, gone = decision.winner, decision.loser
            if (decision.pair.entity.id, decision.pair.other.id) not in waiting or into is None or gone is None:
                continue
            names, reason = f"{gone.name} is {into.name}", decision.reason
            ends = (into.id, gone.id)

            async def build(
                tx: Transaction, now: datetime, ends: tuple[str, str] = ends, told: str = f"{names}: {reason}"
            ) -> Draft:
                operations = await merging(*ends, scope, self._ontology, now, tx)
                return Draft(operations=operations, reason=told)

            made += await decide(build, scope, self._tools)
        return made

    async def _judge(self, reading: Reading, scope: Scope, asker: Asker | None) -> _Judged:
        """Link, detect and decide outside the lock, where a model may take its time."""
        version = (await self._store.read("ledger_version", scope=scope.key))[0]["ledger_version"]
        linked = await self._link(reading, scope, self._store)
        texts = sorted(linked.texts | {self._neutral(s) for s in linked.stated if s.polarity is Polarity.FORGET})
        vectors = dict(zip(texts, await self._tools.embedder.embed(texts), strict=True)) if texts else {}
        said = sorted({s.fact.text for s in linked.stated if s.polarity is not Polarity.FORGET})
        # What is said anew is most of it, and its tokens are made while the store looks for conflicts.
        linked, tokens = await asyncio.gather(
            self._decide(reading, linked, vectors, scope, self._store), self._tools.tokens.of(said)
        )
        judged = _Judged(version=version, linked=linked, vectors=vectors, tokens=tokens, compares=asker is not None)
        shown = judged.shown(linked)
        if not shown.triples and not shown.pairs:
            return judged
        if reading.ruling is not None:
            return replace(judged, reply=reading.ruling(shown), asked=_asked(shown))
        if asker is None:
            return judged
        request = resolution_request(shown, reading.exchange, self._ontology)

        def accept(reply: ResolutionReply) -> ResolutionReply:
            resolve(reply, shown, self._ontology, self._clock.now(), self._neutral)
            resolve_pairs(reply, shown)
            return reply

        reply, cost = await asker.ask(request, ResolutionReply, accept)
        return replace(judged, reply=reply, cost=cost, asked=_asked(shown))

    def _neutral(self, statement: Statement) -> str:
        return neutral(statement.fact, self._ontology)

    async def _link(self, reading: Reading, scope: Scope, reader: Reader) -> Linked:
        now = self._clock.now()
        links = await link(reading.mentions, scope, reader)
        return Linked(
            links=links,
            stated=statements(reading.triples, links, scope, now, self._ontology),
            rules=rules(reading.rules, links, scope, now, self._ontology),
        )

    async def _decide(
        self, reading: Reading, linked: Linked, vectors: Mapping[str, Vector], scope: Scope, reader: Reader
    ) -> Linked:
        now = self._clock.now()
        compared: Mapping[str, Vector] = vectors if reading.compares else {}
        found = await detect_conflicts(linked.stated, scope, self._ontology, compared, now, reader)
        if reading.corrects is not None:
            wrong = await fact_by_id(reading.corrects, scope, reader)
            others = await others_of_place(wrong, scope, reader)
            interval = linked.stated[0].fact.interval
            moved = await moved_ends(wrong, interval, others, scope, self._ontology, reader)
            _refuse_crowding(found[0], {wrong.id, *(op.fact_id for op in moved)}, self._ontology)
            return replace(linked, decisions=(_correction(linked.stated[0], wrong, moved, now),))
        if reading.editor:
            return replace(linked, decisions=(await self._by_hand(found[0], scope, now, reader),))
        forgotten = await find_forgotten(linked.stated, scope, self._ontology, reader)
        speaker = {e.id: e.speaker for e in reading.exchange}
        decisions: list[Decision] = []
        for i, met in enumerate(found):
            statement, said = met.statement, speaker[met.statement.fact.sources[0].episode_id]
            later = [linked.stated[j] for j in forgotten if j > i]
            if i in forgotten:
                subject = linked.links.by_id[statement.fact.subject_id]
                text = self._neutral(statement)
                decisions.append(settle_request(statement, forgotten[i], met.conflicts, said, subject, text))
            elif asked_back(statement, later):
                decisions.append(dropped(statement, self._neutral(statement)))
            else:
                decisions.append(settle(statement, met.conflicts, self._ontology))
        return replace(linked, decisions=tuple(decisions))

    async def _by_hand(self, found: Found, scope: Scope, now: datetime, reader: Reader) -> Decision:
        fact = found.statement.fact
        if self._ontology.predicate(fact.predicate).exclusive:
            held = await others_of_place(fact, scope, reader)
        else:
            # Others are no rivals, and may be thousands.
            held = await others_of_value(fact, scope, self._ontology, reader)
        return settle_by_hand(found.statement, found.conflicts, held, self._ontology, now)

    async def _apply(
        self, reading: Reading, judged: _Judged, scope: Scope, now: datetime, tx: Transaction
    ) -> tuple[Change, ...]:
        """Write one exchange; what changed since it was judged is looked at again, inside the lock."""
        locked = await lock_scope(scope, self._tools.embedder, now, tx)
        states = await tx.read("episodes_known", scope=scope.key, ids=[e.id for e in reading.exchange])
        # One that was deleted and came again, perhaps with other words, has another number.
        if {(row["id"], row["seq"]) for row in states} != {(e.id, e.seq) for e in reading.exchange}:
            raise MessagesGone(f"messages of {scope.key} were deleted while facts were drawn from them.")
        if reading.settles and any(row["state"] != EpisodeState.PENDING for row in states):
            return ()
        changes = await self._write(reading, judged, scope, now, locked, tx)
        if reading.settles:
            await settle_episodes(tx, reading.exchange, scope, EpisodeState.DONE, reading.extraction, None)
        return changes

    async def _write(
        self, reading: Reading, judged: _Judged, scope: Scope, now: datetime, locked: Row, tx: Transaction
    ) -> tuple[Change, ...]:
        linked = judged.linked
        if locked["ledger_version"] != judged.version:
            linked = await self._link(reading, scope, tx)
            if not linked.texts <= set(judged.vectors):
                raise _Stale
            linked = await self._decide(reading, linked, judged.vectors, scope, tx)
        settled = await with_hidden(self._resolved(reading, linked, judged, now), scope, tx)
        changes = changes_of(
            reading, linked, settled, _pair_decisions(judged), judged.cost, scope, now, locked["change_number"]
        )
        said = {s.fact.id: s.rests_on for s in linked.stated if s.rests_on}
        denied = {
            c.id: d.statement.fact
            for c, d in zip(changes[len(changes) - len(settled) :], settled, strict=True)
            if d.statement.polarity is Polarity.DENIED and closes(d.statement.fact)
        }
        fired = await with_consequences(changes, said, scope, self._ontology, now, tx, denied)
        vectors = {**judged.vectors, **fired.vectors}
        if any(text not in vectors for text in texts_of(fired.changes)):
            raise _Stale
        effects = effects_of(reading, linked.links, vectors, judged.tokens)
        await apply_changes(fired.changes, effects, scope, self._ontology, now, tx)
        ledger = int(any(c.operations for c in fired.changes))
        await tx.write(
            "advance_scope", scope=scope.key, ledger=ledger, seq=0, changes=len(fired.changes), tokens=0, due=-1
        )
        return fired.changes

    def _resolved(self, reading: Reading, linked: Linked, judged: _Judged, now: datetime) -> tuple[Settled, ...]:
        """Put the model's decisions in their places; raises _Stale where it decided about something else."""
        shown = judged.shown(linked)
        if _asked(shown) != judged.asked:
            raise _Stale
        by_model = iter(resolve(judged.reply, shown, self._ontology, now, self._neutral) if judged.reply else ())
        decided = [next(by_model) if isinstance(d, Unsettled) else d for d in linked.decisions]
        return reconcile(decided, self._ontology)


def _show(linked: Linked, *, asks: bool) -> Shown:
    unsettled = [d for d in linked.decisions if isinstance(d, Unsettled)]
    return show(unsettled, linked.links.pairs if asks else ())


def _pair_decisions(judged: _Judged) -> tuple[PairDecision, ...]:
    """Return what the model decided about entities of like names; nothing where it was not asked."""
    if judged.reply is None:
        return ()
    return resolve_pairs(judged.reply, _show(judged.linked, asks=True)) if judged.reply.entities else ()


def _refuse_crowding(found: Found, besides: Set[str], ontology: Ontology) -> None:
    """Raise InvalidInput where a fact, besides those that make room, says the same as the new one, or excludes it."""
    new = found.statement.fact
    for conflict in found.conflicts:
        other = conflict.fact
        same = conflict.kind in {ConflictKind.REPEAT, ConflictKind.INVERSE}
        rival = conflict.kind is ConflictKind.SLOT and ontology.predicate(new.predicate).exclusive
        if other.id not in besides and (same or (rival and closes(new) and closes(other))):
            raise InvalidInput(f"{other.text} is believed for that time ({other.id}); correct or forget that first.")


def _correction(statement: Statement, wrong: Fact, moved: Sequence[Revise], now: datetime) -> Settled:
    expired = Invalidate(fact_id=wrong.id, text=wrong.text, at=now, kind=InvalidateKind.CORRECTION, before=wrong.state)
    return Settled(
        statement=statement,
        operations=(expired, Add(fact=statement.fact, supersedes=wrong.id), *moved),
        reason="corrected by hand",
    )


def _asked(shown: Shown) -> frozenset[tuple[str, frozenset[str]]]:
    pairs = frozenset((p.label, frozenset({p.other.id})) for p in shown.pairs.values())
    return pairs | frozenset((u.statement.label, frozenset(f.id for f in u.facts)) for u in shown.triples.values())
