"""The write pipeline: extract, link, detect, settle, resolve, apply, for one exchange after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from graphmem.ontology import NOTED
from graphmem.operations import Change, Cost
from graphmem.ports import ChatModel, Transaction
from graphmem.text import named_in
from graphmem.write.asking import ask
from graphmem.write.entities import extract_entities, speakers
from graphmem.write.episodes import Kept, batches, episode_id, store_episodes
from graphmem.write.extract import extraction_request
from graphmem.write.ledger import Ledger
from graphmem.write.link import candidates
from graphmem.write.record import Reading, settle_episodes
from graphmem.write.relations import generate_relations, generate_rules
from graphmem.write.replies import ExtractionReply
from graphmem.write.single import Tools
from graphmem.write.turn import turn

EXCHANGE = 8
CONTEXT_MESSAGES = 10
NOTES_AT_ONCE = 50
_READ_AT_ONCE = 400

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of processing: decisions in order, and what was parked or left unread, with the reason."""

    changes: tuple[Change, ...] = ()
    parked: Mapping[str, str] = field(default_factory=dict[str, str])
    done: int = 0
    note: str | None = None


class WritePipeline:
    """Turns messages into facts, one exchange of a scope at a time."""

    def __init__(self, tools: Tools, model: ChatModel | None, ledger: Ledger) -> None:
        self._store = tools.store
        self._embedder = tools.embedder
        self._clock = tools.clock
        self._ontology = tools.ontology
        self._model = model
        self._ledger = ledger
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
            await settle_episodes(transaction, exchange, scope, EpisodeState.PARKED, "none", reason)

        await self._store.transact(work)

    async def note(self, notes: Sequence[Note], scope: Scope) -> tuple[Change, ...]:
        """Keep free statements as NOTED facts, each with the messages that say it; raises NotFound."""
        async with self._queue("process", scope):
            changes: list[Change] = []
            for start in range(0, len(notes), NOTES_AT_ONCE):
                read = await self._noted(notes[start : start + NOTES_AT_ONCE], scope)
                changes += await self._ledger.commit(read, scope)
            return tuple(changes)

    async def _noted(self, notes: Sequence[Note], scope: Scope) -> Reading:
        ids = {m: episode_id(scope, m) for note in notes for m in note.message_ids}
        said = {e.message_id: e for e in await self._episodes(list(ids.values()), scope)}
        missing = [m for m in ids if m not in said]
        if missing:
            raise NotFound(f"there is no message {missing[0]!r} in this scope; add it before what it says.")
        return Reading(
            exchange=tuple(said.values()),
            mentions=tuple(Mention(name=name, type="Person") for name in dict.fromkeys(n.about for n in notes)),
            triples=tuple(_noted_triple(note, said[m]) for note in notes for m in note.message_ids),
            cost=Cost(),
            extraction="notes",
            settles=False,
        )

    async def _process(self, exchange: tuple[Episode, ...], scope: Scope) -> tuple[Change, ...]:
        return await self._ledger.commit(await self._read(exchange, scope), scope)

    async def _read(self, exchange: tuple[Episode, ...], scope: Scope) -> Reading:
        """Ask the model for entities and triples; without one, take the speakers and the known names."""
        known = await candidates((w for e in exchange for w in (e.speaker, *e.text.split())), scope, self._store)
        if self._model is None:
            return Reading(
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

        def accept(reply: ExtractionReply) -> Reading:
            return Reading(
                exchange=exchange,
                mentions=extract_entities(reply, exchange, self._ontology),
                triples=generate_relations(reply, exchange, self._ontology),
                rules=generate_rules(reply, exchange, self._ontology),
                cost=Cost(),
                extraction="model",
                compares=True,
            )

        reading, cost = await ask(self._model, request, ExtractionReply, accept)
        return replace(reading, cost=cost)


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
