"""The facade's work in the background of a conversation: what waits, what was parked, what asking models took."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from graphmem import rows
from graphmem.base import Base, ScopeLike
from graphmem.checks import MOST_RESULTS
from graphmem.errors import InvalidInput, ModelUnavailable, ReplyUnparsable
from graphmem.models import EpisodeState, Scope
from graphmem.operations import Change, Cost
from graphmem.ports import ChatReply, Talker, Transaction, Turn
from graphmem.write.episodes import read_episodes
from graphmem.write.pipeline import NO_MODEL, Outcome, Progress
from graphmem.write.summary import read_summary
from graphmem.write.usage import Usage

CHAT = "chat"
_ALWAYS = "0000-00-00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one kind of call to a model took on one day (UTC), by version of the prompt."""

    day: str
    kind: str
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of some messages so far: how many are pending, which are parked and why, and the decisions."""

    pending: int
    parked: Mapping[str, str]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How much a scope holds, what it cost so far, and what this memory is made of.

    `summarised` counts the messages that the rolling summary covers; `waiting_for` says why pending ones are not read.
    """

    scope: str
    store: str
    embedder: str
    model: str | None
    episodes: int
    pending: int
    parked: int
    summarised: int
    entities: int
    facts: int
    open: int
    changes: int
    cost: Cost = field(default_factory=Cost)
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talking:
    """A model that answers in words, on a scope's books."""

    model: Talker
    usage: Usage
    scope: Scope
    count_tokens: Callable[[str], int]

    async def talk(self, turns: Sequence[Turn], prompt_version: str) -> str:
        """Return the answer; raises ModelError, also for one that is cut off, and BudgetSpent."""
        await self.usage.check(self.scope, Cost())
        start = time.perf_counter()
        reply = await self.model.talk(turns)
        await self.usage.enter(self.scope, CHAT, prompt_version, reply, time.perf_counter() - start)
        if reply.problem:
            raise ReplyUnparsable(f"the answer is not whole: {reply.problem}.")
        return reply.text

    async def stream(self, turns: Sequence[Turn], prompt_version: str) -> AsyncIterator[str]:
        """Yield the answer piece by piece; its tokens are counted here, as a stream tells none."""
        await self.usage.check(self.scope, Cost())
        start = time.perf_counter()
        said: list[str] = []
        try:
            async for piece in self.model.stream(turns):
                said.append(piece)
                yield piece
        finally:
            reply = ChatReply(
                text="",
                model=self.model.name,
                tokens_in=sum(self.count_tokens(t.text) for t in turns),
                tokens_out=self.count_tokens("".join(said)),
            )
            await self.usage.enter(self.scope, CHAT, prompt_version, reply, time.perf_counter() - start)


class Work(Base):
    """What is done with messages after they are kept."""

    async def process(self, *, scope: ScopeLike, progress: Progress | None = None, patient: bool = False) -> Outcome:
        """Draw facts from the messages that still wait in a scope.

        While the model does not answer they are parked one after the other; `patient`, they go on waiting.
        """
        return await self._parts.writer.process(self._scope(scope), progress, patient=patient)

    async def standing(self, episode_ids: Sequence[str], *, scope: ScopeLike, after: int = 0) -> Standing:
        """Return what became of messages, by their episodes' ids; decisions after the number `after`."""
        whose = self._scope(scope)
        episodes = await read_episodes(episode_ids, whose, self._parts.store)
        most = max(MOST_RESULTS, len(episode_ids) * MOST_RESULTS)
        found = await self._parts.store.read("changes", scopes=[whose.key], after=after, limit=most)
        changes = [rows.change(row["change"]) for row in found]
        return Standing(
            pending=sum(e.state is EpisodeState.PENDING for e in episodes),
            parked={e.message_id: e.reason or "" for e in episodes if e.state is EpisodeState.PARKED},
            changes=tuple(c for c in changes if set(episode_ids).intersection(c.episode_ids)),
        )

    def watch_calls(self, told: Callable[[str, Cost], None]) -> None:
        """Let a function be told of each call to a model from now on: its kind, and what it took."""
        self._parts.usage.watchers.append(told)

    async def retry(self, *, scope: ScopeLike, progress: Progress | None = None) -> Outcome:
        """Process the parked messages of a scope again."""
        await self.resume(scope=scope)
        return await self.process(scope=scope, progress=progress)

    async def resume(self, *, scope: ScopeLike) -> int:
        """Put the parked messages of a scope back among those that wait; returns how many."""
        whose = self._scope(scope)

        async def work(transaction: Transaction) -> int:
            found = await transaction.write("resume_episodes", scope=whose.key, scope_key=whose.digest)
            return found[0]["resumed"] if found else 0

        return await self._parts.store.transact(work)

    async def reextract(self, *, scope: ScopeLike, progress: Progress | None = None) -> Outcome:
        """Let the model read what no model has read yet; what patterns found there gives way to what it finds.

        Raises ModelUnavailable where there is none.
        """
        if self._parts.model is None:
            raise ModelUnavailable(NO_MODEL)
        await self._parts.writer.queue_unread(self._scope(scope))
        return await self.process(scope=scope, progress=progress)

    def talking(self, *, scope: ScopeLike, model: Talker | None = None) -> Talking:
        """Return a model that answers in words, this memory's own by default; raises ModelUnavailable."""
        own = self._parts.model
        talker = model or (own if isinstance(own, Talker) else None)
        if talker is None:
            raise ModelUnavailable(
                "There is no model that answers in words. Set OPENAI_API_KEY (and OPENAI_BASE_URL, GRAPHMEM_MODEL)."
            )
        count = self._parts.embedder.count_tokens
        return Talking(model=talker, usage=self._parts.usage, scope=self._scope(scope), count_tokens=count)

    async def summarise(self, *, scope: ScopeLike) -> int:
        """Bring the rolling summary up to date now; returns how many messages went in.

        It is also done by itself, beside the writes, after so many tokens as the settings say. Raises ModelError.
        """
        return await self._parts.writer.summarise(self._scope(scope), due_tokens=1)

    async def finish(self, seconds: float | None = None) -> None:
        """Wait for what is done beside the writes, for up to so many seconds; what is broken off then is due still."""
        await self._parts.writer.finish(seconds)

    async def summary(self, *, scope: ScopeLike) -> str:
        """Return the rolling summary of what was said; empty where there is none yet."""
        return (await read_summary(self._scope(scope), self._parts.store)).text

    async def usage(self, *, scope: ScopeLike, days: int | None = None) -> tuple[Used, ...]:
        """Return what asking models took for a scope, oldest day first; the last `days`, all by default."""
        if days is not None and days < 1:
            raise InvalidInput(f"days is {days}; it must be at least 1.")
        now = self._parts.clock.now()
        since = _ALWAYS if days is None else f"{now - timedelta(days=days - 1):%Y-%m-%d}"
        found = await self._parts.store.read("usage_of_scopes", scopes=[self._scope(scope).key], since=since)
        names = ("model", "prompt_version", "calls", "tokens_in", "tokens_cached", "tokens_out", "seconds", "money")
        return tuple(Used(day=r["day"], kind=r["kind"], cost=Cost(**{n: r[n] for n in names})) for r in found)

    async def status(self, *, scope: ScopeLike) -> Status:
        """Return how much a scope holds, what it cost, and what this memory is made of."""
        whose = self._scope(scope)
        row = (await self._parts.store.read("status", scopes=[whose.key]))[0]
        counts = {k: v for k, v in row.items() if k != "scope"}
        used = sum((u.cost for u in await self.usage(scope=whose)), Cost())
        return Status(
            scope=whose.key,
            store=self._parts.store.address,
            embedder=self._parts.embedder.name,
            model=self._parts.model.name if self._parts.model else None,
            summarised=(await read_summary(whose, self._parts.store)).until,
            cost=replace(used, model="", prompt_version=""),
            waiting_for=await self._parts.usage.spent(whose) if counts["pending"] else None,
            **counts,
        )
