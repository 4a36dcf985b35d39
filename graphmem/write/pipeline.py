"""The write pipeline: extract, link, detect, settle, resolve, apply, for one exchange after the other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from weakref import WeakValueDictionary

from graphmem import rows
from graphmem.errors import ModelError, NotFound, StoreConflict
from graphmem.models import (
    Entity,
    Episode,
    EpisodeState,
    Interval,
    Literal,
    Mention,
    Message,
    Note,
    Scope,
    Triple,
)
from graphmem.ontology import NOTED, Ontology
from graphmem.operations import Add, Change, Cost, Operation
from graphmem.ports import ChatModel, Clock, Embedder, Reader, Row, Store, Transaction
from graphmem.serial import utc_text
from graphmem.write.apply import Effects, apply_changes
from graphmem.write.asking import ask
from graphmem.write.conflicts import detect_conflicts
from graphmem.write.entities import extract_entities, named_in, speakers
from graphmem.write.episodes import Kept, batches, episode_id, store_episodes
from graphmem.write.extract import extraction_request
from graphmem.write.link import Links, candidates, link, statements
from graphmem.write.reconcile import reconcile
from graphmem.write.relations import generate_relations
from graphmem.write.replies import ExtractionReply, ResolutionReply
from graphmem.write.resolve import Shown, resolution_request, resolve, show
from graphmem.write.settle import Decision, Settled, Unsettled, settle
from graphmem.write.turn import turn

EXCHANGE = 8
CONTEXT_MESSAGES = 10
ROUNDS = 5
NOTES_AT_ONCE = 50
_READ_AT_ONCE = 400

Progress = Callable[[int, int], None]


class _Stale(Exception):
    """Facts were written since the detector read, and the model has to see the new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of processing: decisions in order, and what was parked or left unread, with the reason."""

    changes: tuple[Change, ...] = ()
    parked: Mapping[str, str] = field(default_factory=dict[str, str])
    done: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An exchange as the model read it."""

    exchange: tuple[Episode, ...]
    mentions: tuple[Mention, ...]
    triples: tuple[Triple, ...]
    cost: Cost
    extraction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Linked and decided, as of a ledger version; `shown` is what the model saw."""

    version: int
    links: Links
    decisions: tuple[Decision, ...]
    asked: frozenset[tuple[str, frozenset[str]]] = frozenset()
    reply: ResolutionReply | None = None
    cost: Cost = field(default_factory=Cost)


_Write: TypeAlias = Callable[
    [_Read, _Judged, Mapping[str, Sequence[float]], Scope, datetime, Transaction], Awaitable[tuple[Change, ...]]
]


class WritePipeline:
    """Turns messages into facts, one exchange of a scope at a time."""

    def __init__(
        self, *, store: Store, embedder: Embedder, clock: Clock, ontology: Ontology, model: ChatModel | None
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._ontology = ontology
        self._model = model
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def keep(self, messages: Sequence[Message], scope: Scope) -> Kept:
        """Store messages durably."""
        async with self._queue("keep", scope):
            return await store_episodes(messages, scope, store=self._store, embedder=self._embedder, clock=self._clock)

    async def process(self, scope: Scope, progress: Progress | None = None) -> Outcome:
        """Draw facts from all pending messages of a scope, also those that a killed process left."""
        async with self._queue("process", scope):
            if not await self._pending(scope):
                return Outcome()
            async with turn(scope, self._store, self._clock):
                return await self._process_all(scope, progress)

    async def _process_all(self, scope: Scope, progress: Progress | None) -> Outcome:
        changes: list[Change] = []
        parked: dict[str, str] = {}
        done = 0
        while pending := await self._pending(scope):
            for exchange in batches(pending, EXCHANGE):
                try:
                    changes += await self._process(exchange, scope)
                    done += len(exchange)
                except (ModelError, StoreConflict) as exc:
                    reason = f"{type(exc).__name__}: {exc}"
                    parked |= {e.message_id: reason for e in exchange}
                    await self._park(exchange, scope, reason)
                if progress is not None:
                    progress(done + len(parked), len(pending))
        note = None
        if self._model is None and done:
            note = (
                "No chat model is set, so messages are searchable but no facts were drawn from them. Set "
                "OPENAI_API_KEY (and OPENAI_BASE_URL, GRAPHMEM_MODEL) or GRAPHMEM_REPLAY."
            )
        return Outcome(changes=tuple(changes), parked=parked, done=done, note=note)

    def _queue(self, what: str, scope: Scope) -> asyncio.Lock:
        """Writers of one memory wait here, and only the first of them asks the store."""
        return self._locks.setdefault((what, scope.key), asyncio.Lock())

    async def _pending(self, scope: Scope) -> list[Episode]:
        found = await self._store.read("pending_episodes", scope=scope.key, scope_key=scope.digest, limit=_READ_AT_ONCE)
        return await self._episodes([row["id"] for row in found], scope)

    async def _episodes(self, ids: Sequence[str], scope: Scope) -> list[Episode]:
        found = await self._store.read("episodes_by_ids", scopes=[scope.key], ids=list(ids))
        return sorted((rows.episode(row["episode"]) for row in found), key=lambda e: e.seq)

    async def _park(self, exchange: Sequence[Episode], scope: Scope, reason: str) -> None:
        async def work(transaction: Transaction) -> None:
            await _settle_episodes(transaction, exchange, scope, EpisodeState.PARKED, "none", reason)

        await self._store.transact(work)

    async def note(self, notes: Sequence[Note], scope: Scope) -> tuple[Change, ...]:
        """Keep free statements as NOTED facts, each with the messages that say it; raises NotFound."""
        async with self._queue("process", scope):
            changes: list[Change] = []
            for start in range(0, len(notes), NOTES_AT_ONCE):
                read = await self._noted(notes[start : start + NOTES_AT_ONCE], scope)
                changes += await self._in_rounds(read, scope, self._write_locked)
            return tuple(changes)

    async def _noted(self, notes: Sequence[Note], scope: Scope) -> _Read:
        ids = {m: episode_id(scope, m) for note in notes for m in note.message_ids}
        said = {e.message_id: e for e in await self._episodes(list(ids.values()), scope)}
        missing = [m for m in ids if m not in said]
        if missing:
            raise NotFound(f"there is no message {missing[0]!r} in this scope; add it before what it says.")
        return _Read(
            exchange=tuple(said.values()),
            mentions=tuple(Mention(name=name, type="Person") for name in dict.fromkeys(n.about for n in notes)),
            triples=tuple(_noted_triple(note, said[m]) for note in notes for m in note.message_ids),
            cost=Cost(),
            extraction="notes",
        )

    async def _process(self, exchange: tuple[Episode, ...], scope: Scope) -> tuple[Change, ...]:
        return await self._in_rounds(await self._read(exchange, scope), scope, self._apply)

    async def _in_rounds(self, read: _Read, scope: Scope, write: _Write) -> tuple[Change, ...]:
        """Judge outside the lock and write inside it, again where others wrote what the model must see."""
        for _ in range(ROUNDS):
            judged = await self._judge(read, scope)
            texts = list({d.statement.fact.text for d in judged.decisions})
            vectors = dict(zip(texts, await self._embedder.embed(texts), strict=True)) if texts else {}
            now = self._clock.now()

            async def work(
                tx: Transaction,
                judged: _Judged = judged,
                vectors: dict[str, list[float]] = vectors,
                now: datetime = now,
            ) -> tuple[Change, ...]:
                return await write(read, judged, vectors, scope, now, tx)

            try:
                return await self._store.transact(work)
            except _Stale:
                continue
        raise StoreConflict(f"the facts of {scope.key} changed {ROUNDS} times while the model decided about them.")

    async def _write_locked(
        self,
        read: _Read,
        judged: _Judged,
        vectors: Mapping[str, Sequence[float]],
        scope: Scope,
        now: datetime,
        tx: Transaction,
    ) -> tuple[Change, ...]:
        locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
        return await self._write(read, judged, vectors, scope, now, locked, tx)

    async def _read(self, exchange: tuple[Episode, ...], scope: Scope) -> _Read:
        """Ask the model for entities and triples; without one, take the speakers and the known names."""
        known = await candidates((w for e in exchange for w in (e.speaker, *e.text.split())), scope, self._store)
        if self._model is None:
            return _Read(
                exchange=exchange,
                mentions=(*speakers(exchange), *_named(known, exchange)),
                triples=(),
                cost=Cost(),
                extraction="none",
            )
        first = exchange[0].seq
        before = await self._store.read("episodes_before", scope=scope.key, before=first, limit=CONTEXT_MESSAGES)
        earlier = await self._episodes([row["id"] for row in before], scope)
        request = extraction_request(exchange, earlier, known, "", self._ontology)

        def accept(reply: ExtractionReply) -> tuple[tuple[Mention, ...], tuple[Triple, ...]]:
            return (
                extract_entities(reply, exchange, self._ontology),
                generate_relations(reply, exchange, self._ontology),
            )

        (mentions, triples), cost = await ask(self._model, request, ExtractionReply, accept)
        return _Read(exchange=exchange, mentions=mentions, triples=triples, cost=cost, extraction="model")

    async def _judge(self, read: _Read, scope: Scope) -> _Judged:
        """Link, detect and decide outside the lock, where a model may take its time."""
        version = (await self._store.read("ledger_version", scope=scope.key))[0]["ledger_version"]
        links, decisions = await self._decide(read, scope, self._store)
        unsettled = [d for d in decisions if isinstance(d, Unsettled)]
        judged = _Judged(version=version, links=links, decisions=decisions)
        if not unsettled or self._model is None:
            return judged
        shown = show(unsettled)
        request = resolution_request(shown, read.exchange, self._ontology)

        def accept(reply: ResolutionReply) -> ResolutionReply:
            resolve(reply, shown, self._ontology, self._clock.now())
            return reply

        reply, cost = await ask(self._model, request, ResolutionReply, accept)
        return replace(judged, reply=reply, cost=cost, asked=_asked(shown))

    async def _decide(self, read: _Read, scope: Scope, reader: Reader) -> tuple[Links, tuple[Decision, ...]]:
        now = self._clock.now()
        links = await link(read.mentions, scope, reader)
        stated = statements(read.triples, links, scope, now, self._ontology)
        found = await detect_conflicts(stated, scope, self._ontology, now, reader)
        return links, tuple(settle(f.statement, f.conflicts, self._ontology) for f in found)

    async def _apply(
        self,
        read: _Read,
        judged: _Judged,
        vectors: Mapping[str, Sequence[float]],
        scope: Scope,
        now: datetime,
        tx: Transaction,
    ) -> tuple[Change, ...]:
        """Write one exchange; what changed since it was judged is looked at again, inside the lock."""
        locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
        states = await tx.read("episodes_known", scope=scope.key, ids=[e.id for e in read.exchange])
        if any(row["state"] != EpisodeState.PENDING for row in states):
            return ()
        changes = await self._write(read, judged, vectors, scope, now, locked, tx)
        await _settle_episodes(tx, read.exchange, scope, EpisodeState.DONE, read.extraction, None)
        return changes

    async def _write(
        self,
        read: _Read,
        judged: _Judged,
        vectors: Mapping[str, Sequence[float]],
        scope: Scope,
        now: datetime,
        locked: Row,
        tx: Transaction,
    ) -> tuple[Change, ...]:
        links, decisions = judged.links, judged.decisions
        if locked["ledger_version"] != judged.version:
            links, decisions = await self._decide(read, scope, tx)
        settled = self._resolved(decisions, judged, now)
        changes = _changes(read, links, settled, judged.cost, scope, now, locked["change_number"])
        if any(op.fact.text not in vectors for c in changes for op in c.operations if isinstance(op, Add)):
            raise _Stale
        await apply_changes(changes, _effects(read, links, vectors), scope, self._ontology, now, tx)
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


def _asked(shown: Shown) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((u.statement.label, frozenset(f.id for f in u.facts)) for u in shown.triples.values())


def _noted_triple(note: Note, episode: Episode) -> Triple:
    return Triple(
        subject=note.about,
        predicate=NOTED,
        object=Literal(text=note.text),
        episode_id=episode.id,
        quote=episode.text,
        interval=Interval(start=episode.at),
    )


def _named(known: Sequence[Entity], exchange: Sequence[Episode]) -> list[Mention]:
    return [
        Mention(name=e.name, type=e.type)
        for e in known
        if any(named_in(x.text, (e.name, *e.aliases)) for x in exchange)
    ]


def _changes(
    read: _Read, links: Links, settled: Sequence[Settled], cost: Cost, scope: Scope, now: datetime, number: int
) -> tuple[Change, ...]:
    """Return the reading as one change and each decision as one of its own."""
    made: list[tuple[tuple[Operation, ...], str, Cost, tuple[str, ...]]] = []
    if read.extraction == "model" or links.operations:
        said = f"read {len(read.exchange)} messages: {len(read.mentions)} entities, {len(read.triples)} statements"
        made.append((links.operations, said, read.cost, tuple(e.id for e in read.exchange)))
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
        )
        for i, (operations, reason, price, sources) in enumerate(made, start=number + 1)
    )


def _effects(read: _Read, links: Links, vectors: Mapping[str, Sequence[float]]) -> Effects:
    entities = {m.name: links.entity(m.name) for m in read.mentions}
    people = {m.name: links.entity(m.name).id for m in speakers(read.exchange)}
    return Effects(
        vectors=vectors,
        mentions=[
            (e.id, entity.id)
            for e in read.exchange
            for entity in entities.values()
            if named_in(e.text, (entity.name, *entity.aliases))
        ],
        speakers=[(e.id, people[e.speaker]) for e in read.exchange if e.speaker in people],
    )


async def _settle_episodes(
    tx: Transaction,
    exchange: Sequence[Episode],
    scope: Scope,
    state: EpisodeState,
    extraction: str,
    reason: str | None,
) -> None:
    await tx.write(
        "settle_episodes",
        scope=scope.key,
        ids=[e.id for e in exchange],
        state=state.value,
        reason=reason,
        extraction=extraction,
    )
