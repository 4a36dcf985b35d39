"""The ledger: what was read is judged outside the scope's lock and written inside it, as decisions on the record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from graphmem import rows
from graphmem.errors import InvalidInput, StoreConflict
from graphmem.models import ConflictKind, Episode, EpisodeState, Fact, Mention, Scope, Statement, Triple
from graphmem.ontology import Ontology
from graphmem.operations import Add, Change, Cost, Invalidate, InvalidateKind, Operation
from graphmem.ports import ChatModel, Clock, Embedder, Reader, Row, Store, Transaction
from graphmem.serial import utc_text
from graphmem.write.apply import Effects, apply_changes
from graphmem.write.asking import ask
from graphmem.write.conflicts import Found, detect_conflicts
from graphmem.write.consequences import with_doubts, with_grounds
from graphmem.write.entities import named_in, speakers
from graphmem.write.link import Links, link, statements
from graphmem.write.reconcile import reconcile
from graphmem.write.replies import ResolutionReply
from graphmem.write.resolve import Shown, resolution_request, resolve, show
from graphmem.write.settle import Decision, Settled, Unsettled, closes, settle

ROUNDS = 5
Ruling: TypeAlias = Callable[[Shown], ResolutionReply]


class _Stale(Exception):
    """Facts were written since the detector read, and the model has to see the new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in an exchange; `ruling` decides its conflicts where no model is to be asked.

    `settles` says that the messages are pending, and done once this is written; `corrects` that the one statement takes
    the place of this fact, which was a mistake.
    """

    exchange: tuple[Episode, ...]
    mentions: tuple[Mention, ...]
    triples: tuple[Triple, ...]
    cost: Cost
    extraction: str
    settles: bool = True
    ruling: Ruling | None = None
    corrects: str | None = None
    editor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Linked and decided, as of a ledger version; `asked` is what the model saw."""

    version: int
    links: Links
    decisions: tuple[Decision, ...]
    asked: frozenset[tuple[str, frozenset[str]]] = frozenset()
    reply: ResolutionReply | None = None
    cost: Cost = field(default_factory=Cost)


class Ledger:
    """Writes what was read into a scope's facts."""

    def __init__(
        self, *, store: Store, embedder: Embedder, clock: Clock, ontology: Ontology, model: ChatModel | None
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._ontology = ontology
        self._model = model

    async def commit(self, reading: Reading, scope: Scope) -> tuple[Change, ...]:
        """Judge outside the lock and write inside it, again where others wrote what the model must see.

        Raises ModelError, and StoreConflict when others were faster too often.
        """
        for _ in range(ROUNDS):
            judged = await self._judge(reading, scope)
            texts = list({d.statement.fact.text for d in judged.decisions})
            vectors = dict(zip(texts, await self._embedder.embed(texts), strict=True)) if texts else {}
            now = self._clock.now()

            async def work(
                tx: Transaction,
                judged: _Judged = judged,
                vectors: dict[str, list[float]] = vectors,
                now: datetime = now,
            ) -> tuple[Change, ...]:
                return await self._apply(reading, judged, vectors, scope, now, tx)

            try:
                return await self._store.transact(work)
            except _Stale:
                continue
        raise StoreConflict(f"the facts of {scope.key} changed {ROUNDS} times while the model decided about them.")

    async def _judge(self, reading: Reading, scope: Scope) -> _Judged:
        """Link, detect and decide outside the lock, where a model may take its time."""
        version = (await self._store.read("ledger_version", scope=scope.key))[0]["ledger_version"]
        links, decisions = await self._decide(reading, scope, self._store)
        unsettled = [d for d in decisions if isinstance(d, Unsettled)]
        judged = _Judged(version=version, links=links, decisions=decisions)
        if not unsettled:
            return judged
        shown = show(unsettled)
        if reading.ruling is not None:
            return replace(judged, reply=reading.ruling(shown), asked=_asked(shown))
        if self._model is None:
            return judged
        request = resolution_request(shown, reading.exchange, self._ontology)

        def accept(reply: ResolutionReply) -> ResolutionReply:
            resolve(reply, shown, self._ontology, self._clock.now())
            return reply

        reply, cost = await ask(self._model, request, ResolutionReply, accept)
        return replace(judged, reply=reply, cost=cost, asked=_asked(shown))

    async def _decide(self, reading: Reading, scope: Scope, reader: Reader) -> tuple[Links, tuple[Decision, ...]]:
        now = self._clock.now()
        links = await link(reading.mentions, scope, reader)
        stated = statements(reading.triples, links, scope, now, self._ontology)
        found = await detect_conflicts(stated, scope, self._ontology, now, reader)
        decisions = tuple(settle(f.statement, f.conflicts, self._ontology) for f in found)
        if reading.corrects is None:
            return links, decisions
        wrong = rows.fact((await reader.read("facts_by_ids", scopes=[scope.key], ids=[reading.corrects]))[0])
        _refuse_crowding(found[0], wrong, self._ontology)
        return links, (_correction(stated[0], wrong, now),)

    async def _apply(
        self,
        reading: Reading,
        judged: _Judged,
        vectors: Mapping[str, Sequence[float]],
        scope: Scope,
        now: datetime,
        tx: Transaction,
    ) -> tuple[Change, ...]:
        """Write one exchange; what changed since it was judged is looked at again, inside the lock."""
        locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
        if reading.settles:
            states = await tx.read("episodes_known", scope=scope.key, ids=[e.id for e in reading.exchange])
            if any(row["state"] != EpisodeState.PENDING for row in states):
                return ()
        changes = await self._write(reading, judged, vectors, scope, now, locked, tx)
        if reading.settles:
            await settle_episodes(tx, reading.exchange, scope, EpisodeState.DONE, reading.extraction, None)
        return changes

    async def _write(
        self,
        reading: Reading,
        judged: _Judged,
        vectors: Mapping[str, Sequence[float]],
        scope: Scope,
        now: datetime,
        locked: Row,
        tx: Transaction,
    ) -> tuple[Change, ...]:
        links, decisions = judged.links, judged.decisions
        if locked["ledger_version"] != judged.version:
            links, decisions = await self._decide(reading, scope, tx)
        settled = self._resolved(decisions, judged, now)
        changes = _changes(reading, links, settled, judged.cost, scope, now, locked["change_number"])
        changes = await with_grounds(changes, scope, self._ontology, tx)
        changes = await with_doubts(changes, scope, now, tx)
        if any(op.fact.text not in vectors for c in changes for op in c.operations if isinstance(op, Add)):
            raise _Stale
        await apply_changes(changes, _effects(reading, links, vectors), scope, self._ontology, now, tx)
        ledger = int(any(c.operations for c in changes))
        await tx.write("advance_scope", scope=scope.key, ledger=ledger, seq=0, changes=len(changes))
        return changes

    def _resolved(self, decisions: Sequence[Decision], judged: _Judged, now: datetime) -> tuple[Settled, ...]:
        """Put the model's decisions in their places; raises _Stale where it decided about something else."""
        unsettled = [d for d in decisions if isinstance(d, Unsettled)]
        shown = show(unsettled)
        if _asked(shown) != judged.asked:
            raise _Stale
        by_model = iter(resolve(judged.reply, shown, self._ontology, now) if judged.reply else ())
        return reconcile([next(by_model) if isinstance(d, Unsettled) else d for d in decisions], self._ontology)


def _refuse_crowding(found: Found, wrong: Fact, ontology: Ontology) -> None:
    """Raise InvalidInput where another fact than the corrected one says the same, or excludes it."""
    new = found.statement.fact
    for conflict in found.conflicts:
        other = conflict.fact
        same = conflict.kind in {ConflictKind.REPEAT, ConflictKind.INVERSE}
        rival = conflict.kind is ConflictKind.SLOT and ontology.predicate(new.predicate).exclusive
        if other.id != wrong.id and (same or (rival and closes(new) and closes(other))):
            raise InvalidInput(f"{other.text} is believed for that time ({other.id}); correct or forget that first.")


def _correction(statement: Statement, wrong: Fact, now: datetime) -> Settled:
    expired = Invalidate(fact_id=wrong.id, text=wrong.text, at=now, kind=InvalidateKind.CORRECTION, before=wrong.state)
    return Settled(
        statement=statement,
        operations=(expired, Add(fact=statement.fact, supersedes=wrong.id)),
        reason="corrected by hand",
    )


def _asked(shown: Shown) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((u.statement.label, frozenset(f.id for f in u.facts)) for u in shown.triples.values())


def _changes(
    reading: Reading, links: Links, settled: Sequence[Settled], cost: Cost, scope: Scope, now: datetime, number: int
) -> tuple[Change, ...]:
    """Return the reading as one change and each decision as one of its own."""
    made: list[tuple[tuple[Operation, ...], str, Cost, tuple[str, ...]]] = []
    if reading.extraction == "model" or links.operations:
        found = f"{len(reading.mentions)} entities, {len(reading.triples)} statements"
        said = f"read {len(reading.exchange)} messages: {found}"
        made.append((links.operations, said, reading.cost, tuple(e.id for e in reading.exchange)))
    for decision in settled:
        sources = tuple(s.episode_id for s in decision.statement.fact.sources)
        price = Cost()
        if decision.by_model:
            price, cost = cost, replace(cost, tokens_in=0, tokens_out=0)
        made.append((decision.operations, decision.reason, price, sources))
    return tuple(
        Change(
            id=f"ch_{uuid.uuid4().hex[:24]}",
            scope=scope.key,
            at=now,
            operations=operations,
            reason=reason,
            cost=price,
            episode_ids=sources,
            number=i,
            editor=reading.editor,
        )
        for i, (operations, reason, price, sources) in enumerate(made, start=number + 1)
    )


def _effects(reading: Reading, links: Links, vectors: Mapping[str, Sequence[float]]) -> Effects:
    entities = {m.name: links.entity(m.name) for m in reading.mentions}
    people = {m.name: links.entity(m.name).id for m in speakers(reading.exchange)}
    return Effects(
        vectors=vectors,
        mentions=[
            (e.id, entity.id)
            for e in reading.exchange
            for entity in entities.values()
            if named_in(e.text, (entity.name, *entity.aliases))
        ],
        speakers=[(e.id, people[e.speaker]) for e in reading.exchange if e.speaker in people],
    )


async def settle_episodes(
    tx: Transaction,
    exchange: Sequence[Episode],
    scope: Scope,
    state: EpisodeState,
    extraction: str,
    reason: str | None,
) -> None:
    """Mark messages as done or parked."""
    await tx.write(
        "settle_episodes",
        scope=scope.key,
        ids=[e.id for e in exchange],
        state=state.value,
        reason=reason,
        extraction=extraction,
    )
