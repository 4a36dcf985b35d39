"""The write pipeline: extract, link, detect, settle, resolve, apply, for one exchange after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from graphmem.errors import (
    BatchTooCostly,
    BudgetSpent,
    GraphMemError,
    ModelError,
    ModelUnavailable,
    NotFound,
    PromptTooLong,
    StoreConflict,
)
from graphmem.models import Episode, EpisodeState, Interval, Literal, Mention, Message, Note, Scope, Triple
from graphmem.ontology import NOTED
from graphmem.operations import Change, Cost
from graphmem.ports import ChatModel, Transaction
from graphmem.write.asking import Asker
from graphmem.write.episodes import Admit, Kept, batches, episode_id, read_episodes, store_episodes
from graphmem.write.ledger import Ledger, MessagesGone
from graphmem.write.reading import Extractor
from graphmem.write.record import Reading, settle_episodes
from graphmem.write.reextract import queue_unread
from graphmem.write.single import Tools
from graphmem.write.summary import bring_up_to_date, said_tokens
from graphmem.write.turn import leave_queue, turn
from graphmem.write.usage import Usage

NOTES_AT_ONCE = 50
NO_MODEL = (
    "No chat model is set, so messages are searchable but no facts were drawn from them. Set OPENAI_API_KEY (and "
    "OPENAI_BASE_URL, GRAPHMEM_MODEL) or GRAPHMEM_REPLAY."
)
READ_AT_ONCE = 400
_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of processing: decisions in order, and what was parked or left unread, with the reason.

    `waits_for` is why some messages still wait, where trying later may go better.
    """

    changes: tuple[Change, ...] = ()
    parked: Mapping[str, str] = field(default_factory=dict[str, str])
    done: int = 0
    note: str | None = None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How many messages and tokens are read at once, and after how many tokens the summary is due."""

    messages: int = 8
    tokens: int = 3000
    summary_tokens: int = 2000


@dataclass(slots=True)
class _Done:
    """What came of the exchanges so far, and whether what fails for a while is left waiting."""

    patient: bool = False
    changes: list[Change] = field(default_factory=list[Change])
    parked: dict[str, str] = field(default_factory=dict[str, str])
    messages: int = 0


class WritePipeline:
    """Turns messages into facts, one exchange of a scope at a time."""

    def __init__(
        self,
        tools: Tools,
        ledger: Ledger,
        extractor: Extractor,
        usage: Usage,
        model: ChatModel | None,
        batch: Batch,
    ) -> None:
        self._tools = tools
        self._store = tools.store
        self._embedder = tools.embedder
        self._clock = tools.clock
        self._ledger = ledger
        self._extractor = extractor
        self._usage = usage
        self._model = model
        self._batch = batch
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._summaries: dict[str, asyncio.Task[None]] = {}

    async def keep(
        self,
        messages: Sequence[Message],
        scope: Scope,
        *,
        key: str | None = None,
        exact: bool = False,
        admit: Admit | None = None,
    ) -> Kept:
        """Store messages durably; see `store_episodes`."""
        async with self._queue("keep", scope):
            kept = await store_episodes(
                messages,
                scope,
                store=self._store,
                embedder=self._embedder,
                clock=self._clock,
                key=key,
                exact=exact,
                admit=admit,
            )
        self._tools.tokens.later(scope)
        return kept

    async def process(self, scope: Scope, progress: Progress | None = None, *, patient: bool = False) -> Outcome:
        """Draw facts from all pending messages of a scope, also those that a killed process left.

        What a model that is away, or other writers, kept from being read is parked; where the caller is `patient`, and
        comes again, it waits.
        """
        async with self._queue("process", scope):
            outcome = await self._process_pending(scope, progress, patient)
        await self._tools.tokens.finish(scope)
        return outcome

    async def _process_pending(self, scope: Scope, progress: Progress | None, patient: bool) -> Outcome:
        if not await self._waiting(scope, 1):
            await leave_queue(scope, self._store, self._clock)
            return Outcome()
        async with turn(scope, self._store, self._clock):
            return await self._process_all(scope, progress, patient)

    async def _process_all(self, scope: Scope, progress: Progress | None, patient: bool) -> Outcome:
        done = _Done(patient=patient)
        waits_for: str | None = None
        note = self.unread
        try:
            while pending := await self._pending(scope):
                for exchange in batches(pending, self._batch.messages, self._batch.tokens, self._tokens):
                    await self._process(exchange, scope, done)
                    if progress is not None:
                        progress(done.messages + len(done.parked), len(pending))
        except (BudgetSpent, ModelUnavailable, StoreConflict) as exc:
            # Asking again for each of many messages would only say the same more often.
            waiting = len(await self._pending(scope))
            note = f"{waiting} messages wait: {exc}" if waiting else None
            waits_for = str(exc) if waiting else None
        self._summarise_later(scope)
        if not done.messages and note is NO_MODEL:
            note = None
        return Outcome(
            changes=tuple(done.changes), parked=done.parked, done=done.messages, note=note, waits_for=waits_for
        )

    async def _process(self, exchange: tuple[Episode, ...], scope: Scope, done: _Done) -> None:
        """Read and commit one exchange; what is too long for the model is read in halves, what fails is parked.

        Raises BudgetSpent, and ModelUnavailable once the exchange is parked, which a patient caller leaves waiting.
        """
        asker = self._asker(scope)
        try:
            reading = await self._extractor.read(exchange, scope, asker)
            done.changes += await self._ledger.commit(reading, scope, asker)
            done.messages += len(exchange)
        except (PromptTooLong, BatchTooCostly) as exc:
            if len(exchange) == 1:
                await self._park(exchange, scope, exc, done)
                return
            half = len(exchange) // 2
            await self._process(exchange[:half], scope, done)
            await self._process(exchange[half:], scope, done)
        except MessagesGone:
            numbers = {e.id: e.seq for e in await self._episodes([e.id for e in exchange], scope)}
            left = tuple(e for e in exchange if numbers.get(e.id) == e.seq)
            if left:
                await self._process(left, scope, done)
        except (ModelError, StoreConflict) as exc:
            if done.patient and isinstance(exc, (ModelUnavailable, StoreConflict)):
                raise
            await self._park(exchange, scope, exc, done)
            if isinstance(exc, ModelUnavailable):
                raise

    @property
    def unread(self) -> str | None:
        """Why no facts are drawn from messages here, None where they are."""
        return NO_MODEL if self._model is None and self._extractor.finder is None else None

    def _asker(self, scope: Scope) -> Asker | None:
        return None if self._model is None else Asker(model=self._model, usage=self._usage, scope=scope)

    def _summarise_later(self, scope: Scope) -> None:
        """Bring the scope's summary up to date beside what comes next, unless that is being done."""
        if self._model is None or scope.key in self._summaries:
            return
        task = asyncio.create_task(self._summarise(scope))
        self._summaries[scope.key] = task
        task.add_done_callback(lambda _: self._summaries.pop(scope.key, None))

    async def _summarise(self, scope: Scope) -> None:
        try:
            await self.summarise(scope)
        except GraphMemError as exc:
            # It is due still, and tried again after the next write.
            _log.warning("the summary of %s was not brought up to date: %s", scope.key, exc)

    async def summarise(self, scope: Scope, due_tokens: int | None = None) -> int:
        """Bring a scope's summary up to date; returns how many messages went in. Raises ModelError, BudgetSpent."""
        asker = self._asker(scope)
        if asker is None:
            raise ModelUnavailable(NO_MODEL)
        return await bring_up_to_date(scope, due_tokens or self._batch.summary_tokens, self._tools, asker)

    async def queue_unread(self, scope: Scope) -> int:
        """Put what no model has read back into the queue; returns how many messages."""
        async with self._queue("process", scope):
            return await queue_unread(scope, self._tools)

    async def finish(self, seconds: float | None = None) -> None:
        """Wait for what is done beside the writes, for up to so many seconds; what is broken off then is due still."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self._summaries.values(), self._tools.tokens.finish())
        except TimeoutError:
            _log.warning("what is done beside the writes took longer than %g seconds; it is due still", seconds)

    def _queue(self, what: str, scope: Scope) -> asyncio.Lock:
        """Writers of one memory wait here, and only the first of them asks the store."""
        return self._locks.setdefault((what, scope.key), asyncio.Lock())

    def _tokens(self, episode: Episode) -> int:
        return said_tokens(episode, self._tools)

    async def _waiting(self, scope: Scope, most: int) -> list[str]:
        found = await self._store.read("pending_episodes", scope=scope.key, scope_key=scope.digest, limit=most)
        return [row["id"] for row in found]

    async def _pending(self, scope: Scope) -> list[Episode]:
        return await self._episodes(await self._waiting(scope, READ_AT_ONCE), scope)

    async def _episodes(self, ids: Sequence[str], scope: Scope) -> list[Episode]:
        return await read_episodes(ids, scope, self._store)

    async def _park(self, exchange: Sequence[Episode], scope: Scope, exc: GraphMemError, done: _Done) -> None:
        reason = f"{type(exc).__name__}: {exc}"
        done.parked |= {e.message_id: reason for e in exchange}

        async def work(transaction: Transaction) -> None:
            await settle_episodes(transaction, exchange, scope, EpisodeState.PARKED, "none", reason)

        await self._store.transact(work)

    async def note(self, notes: Sequence[Note], scope: Scope) -> tuple[Change, ...]:
        """Keep free statements as NOTED facts, each with the messages that say it; raises NotFound."""
        async with self._queue("process", scope):
            changes: list[Change] = []
            for start in range(0, len(notes), NOTES_AT_ONCE):
                read = await self._noted(notes[start : start + NOTES_AT_ONCE], scope)
                changes += await self._ledger.commit(read, scope, self._asker(scope))
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


def _noted_triple(note: Note, episode: Episode) -> Triple:
    return Triple(
        subject=note.about,
        predicate=NOTED,
        object=Literal(text=note.text),
        episode_id=episode.id,
        quote=episode.text,
        interval=Interval(start=episode.at),
    )
