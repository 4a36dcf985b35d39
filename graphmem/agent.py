"""An agent with a memory: it recalls, answers, and keeps what was said."""

from __future__ import annotations

import asyncio
import html
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from graphmem.base import ScopeLike
from graphmem.errors import InvalidMessage, ReplyUnparsable
from graphmem.memory import Memory
from graphmem.models import Message, Role
from graphmem.ports import Talker, Turn
from graphmem.prompts import render
from graphmem.read.found import FoundFact, SearchResult
from graphmem.work import Talking
from graphmem.write.validate import check_message

INSTRUCTIONS = "You are a helpful assistant who remembers earlier conversations."
EARLIER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, what was recalled for it, and the ids of the two messages that were kept."""

    text: str
    recalled: SearchResult
    episode_ids: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[FoundFact, ...]:
        """Of the facts that were found those that the model was shown, best first."""
        shown = {citation.fact_id for citation in self.recalled.citations}
        return tuple(f for f in self.recalled.facts if f.fact.id in shown)


class Agent:
    """Answers with the memory's chat model, or the one that is given; enter it, so that nothing is left undone.

    Both messages of an exchange are durable when the answer is there; facts are drawn from them beside what comes
    next, or by a worker where the agent `reads` nothing itself. An answer is kept as the assistant's words, which are
    no source of facts: what was recalled is never learned again.
    """

    def __init__(
        self,
        memory: Memory,
        model: Talker | None = None,
        *,
        instructions: str = INSTRUCTIONS,
        tokens: int = 1000,
        reads: bool = True,
    ) -> None:
        self._memory = memory
        self._reads = reads
        self._model = model
        self._instructions = instructions
        self._tokens = tokens
        self._reading: set[asyncio.Task[object]] = set()

    async def __aenter__(self) -> Agent:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.finish()

    async def finish(self) -> None:
        """Wait until facts are drawn from all that was said; raises what went wrong with that."""
        reading, self._reading = self._reading, set()
        await asyncio.gather(*reading)

    async def chat(self, text: str, *, scope: ScopeLike, session: str = "chat", speaker: str | None = None) -> Answered:
        """Answer a message with what is remembered; raises InvalidInput, BudgetSpent, ModelError also for no words."""
        asked = self._asked(text, session, speaker)
        recalled, turns, version = await self._prepared(asked, scope)
        reply = await self._talking(scope).talk(turns, version)
        return await self._kept(asked, reply, recalled, scope)

    async def stream(
        self,
        text: str,
        *,
        scope: ScopeLike,
        session: str = "chat",
        speaker: str | None = None,
        done: Callable[[Answered], None] | None = None,
    ) -> AsyncIterator[str]:
        """Yield an answer piece by piece; at its end both messages are kept, and `done` is told.

        Raises what `chat` raises. Of an answer that breaks off, or that no message can be, nothing is kept.
        """
        asked = self._asked(text, session, speaker)
        recalled, turns, version = await self._prepared(asked, scope)
        said: list[str] = []
        async for piece in self._talking(scope).stream(turns, version):
            said.append(piece)
            yield piece
        answered = await self._kept(asked, "".join(said), recalled, scope)
        if done is not None:
            done(answered)

    async def search_memories(self, query: str, *, scope: ScopeLike, limit: int = 10) -> SearchResult:
        """Return what is remembered about a question."""
        return await self._memory.search(query, scope=scope, limit=limit, tokens=self._tokens)

    def _read(self, task: asyncio.Task[object]) -> None:
        """Let go of what went well; what did not is told by `finish`."""
        if not task.cancelled() and task.exception() is None:
            self._reading.discard(task)

    def _talking(self, scope: ScopeLike) -> Talking:
        return self._memory.talking(scope=scope, model=self._model)

    def _asked(self, text: str, session: str, speaker: str | None) -> Message:
        asked = Message(text=text, at=self._now(), speaker=speaker, session=session, id=uuid.uuid4().hex)
        # Before the model is asked, since what cannot be kept is not answered.
        check_message("the message", asked)
        return asked

    def _now(self) -> datetime:
        return self._memory.now()

    async def _prepared(self, asked: Message, scope: ScopeLike) -> tuple[SearchResult, Sequence[Turn], str]:
        """Recall, and put together what the model is shown: its memory, the last messages, the new one."""
        recalled = await self._memory.search(asked.text, scope=scope, tokens=self._tokens)
        values = {
            "instructions": self._instructions,
            "memory": html.escape(recalled.text, quote=False),
            "now": f"{asked.at:%Y-%m-%d %a %H:%M} UTC",
            "text": asked.text,
        }
        prompt = render("chat", values)
        earlier = await self._memory.messages(scope=scope, session=str(asked.session), limit=EARLIER)
        turns = [
            Turn(role="assistant" if e.role is Role.ASSISTANT else "user", text=e.text)
            for e in earlier
            if e.role is not Role.SYSTEM and e.text
        ]
        system = Turn(role="system", text=prompt.system)
        return recalled, [system, *turns, Turn(role="user", text=prompt.user)], prompt.version

    async def _kept(self, asked: Message, text: str, recalled: SearchResult, scope: ScopeLike) -> Answered:
        answer = Message(text=text, at=self._now(), role=Role.ASSISTANT, session=asked.session, id=f"{asked.id}-answer")
        try:
            check_message("the chat model's answer", answer)
        except InvalidMessage as exc:
            # Whoever asked can mend nothing about it.
            raise ReplyUnparsable(str(exc)) from exc
        added = await self._memory.add([asked, answer], scope=scope, wait=False)
        if self._reads:
            task = asyncio.create_task(self._memory.process(scope=scope))
            self._reading.add(task)
            task.add_done_callback(self._read)
        return Answered(text=text, recalled=recalled, episode_ids=added.episode_ids)
