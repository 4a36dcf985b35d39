"""A session's messages as LangChain's chat message history."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graphmem.base import ScopeLike
from graphmem.checks import MOST_RESULTS
from graphmem.errors import InvalidMessage
from graphmem.langchain.loops import arun, run
from graphmem.memory import Memory
from graphmem.models import Episode, Message, Role

_ROLES: dict[type[BaseMessage], Role] = {
    HumanMessage: Role.USER,
    AIMessage: Role.ASSISTANT,
    SystemMessage: Role.SYSTEM,
}
_KINDS: dict[Role, type[BaseMessage]] = {role: kind for kind, role in _ROLES.items()}


class GraphChatMessageHistory(BaseChatMessageHistory):
    """The messages of one session of a scope, kept in the memory like any others: facts are drawn from them.

    What is kept of a message is its text, its id, and its name as the speaker; images, reasoning and calls of tools are
    not. InvalidMessage refuses a message without text, and one that is none of a person, a model or the system. A
    message whose id is known in this session is kept once.

    `speaker` is who says the human messages, the scope's user by default. With `wait=False` messages are kept at once,
    and facts are drawn from them when `memory.process(scope=...)` is called. `limit` is how many of the last messages
    are read. The sync methods wait for the loop in which the memory was opened, as `graphmem.langchain.loops` says.

    LangChain itself counts this interface as a former one since 1.6.4, in favour of its agents' own short-term memory.
    """

    def __init__(
        self,
        memory: Memory,
        scope: ScopeLike,
        session: str,
        *,
        speaker: str | None = None,
        wait: bool = True,
        limit: int = MOST_RESULTS,
    ) -> None:
        super().__init__()
        self._memory = memory
        self._scope = scope
        self._session = session
        self._speaker = speaker
        self._wait = wait
        self._limit = limit

    @property
    def messages(self) -> list[BaseMessage]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The session's messages, oldest first."""
        return run(self._memory, self._read)

    async def aget_messages(self) -> list[BaseMessage]:
        """Return the session's messages, oldest first; those that are to be shown no more are left out."""
        return await arun(self._memory, self._read)

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Keep messages; raises InvalidMessage before any of them is."""
        run(self._memory, lambda: self._add(messages))

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Keep messages; raises InvalidMessage before any of them is."""
        await arun(self._memory, lambda: self._add(messages))

    def clear(self) -> None:
        """Delete the session's messages for good, with the facts that only they supported; it cannot be undone."""
        run(self._memory, self._clear)

    async def aclear(self) -> None:
        """Delete the session's messages for good, with the facts that only they supported; it cannot be undone.

        Those that are still to be read are never read. The decisions stay on the record, without the words.
        """
        await arun(self._memory, self._clear)

    async def _read(self) -> list[BaseMessage]:
        said = await self._memory.messages(scope=self._scope, session=self._session, limit=self._limit)
        return [self._shown(episode) for episode in said if episode.text and episode.role in _KINDS]

    async def _add(self, messages: Sequence[BaseMessage]) -> None:
        said = [self._message(message) for message in messages]
        if said:
            await self._memory.add(said, scope=self._scope, wait=self._wait)

    async def _clear(self) -> None:
        while said := await self._memory.messages(scope=self._scope, session=self._session):
            # From the last one on, since later decisions build on earlier ones.
            for episode in reversed(said):
                receipt = await self._memory.delete(episode.id, scope=self._scope)
                if receipt.queued:
                    await self._memory.process(scope=self._scope)

    def _message(self, message: BaseMessage) -> Message:
        role = next((role for kind, role in _ROLES.items() if isinstance(message, kind)), None)
        if role is None:
            raise InvalidMessage(
                f"a history keeps what a person, a model or the system says; leave the {type(message).__name__} out."
            )
        return Message(
            text=str(message.text),
            at=self._memory.now(),
            role=role,
            speaker=message.name or (self._speaker if role is Role.USER else None),
            id=f"{self._session}:{message.id}" if message.id else None,
            session=self._session,
            metadata={"name": message.name} if message.name else {},
        )

    def _shown(self, episode: Episode) -> BaseMessage:
        name = episode.metadata.get("name")
        return _KINDS[episode.role](
            content=episode.text,
            id=episode.message_id.removeprefix(f"{self._session}:"),
            name=name if isinstance(name, str) else None,
        )
