"""The baselines that search nothing: the whole conversation, and all statements that were kept of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from graphmem.bench.locomo import Conversation
from graphmem.bench.system import Found, Indexed, Passage, Ranking, Way, as_context, turn_line
from graphmem.bench.systems.statements import statements_of


class FullContext:
    """All turns of the conversation, in their order."""

    name = "full-context"
    ranking: Ranking = "none"

    def __init__(self) -> None:
        self.ways: Mapping[str, Way] = {}
        self.remarks: Mapping[str, Way] = {}
        self._whole: dict[str, Found] = {}

    async def index(self, conversation: Conversation) -> Indexed:
        """Write the turns down."""
        start = time.perf_counter()
        lines = (Passage(text=turn_line(m), turns=(str(m.id),)) for m in conversation.messages)
        self._whole[conversation.id] = as_context(tuple(lines))
        return Indexed(seconds=time.perf_counter() - start)

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return everything, whatever the question."""
        return self._whole[conversation.id]


class OpenAIMemory:
    """All statements that were kept of a conversation in one list, as an assistant's built-in memory shows them."""

    name = "openai-memory"
    ranking: Ranking = "none"

    def __init__(self) -> None:
        self.ways: Mapping[str, Way] = {}
        self._lists: dict[str, Found] = {}
        self._statements = 0

    @property
    def remarks(self) -> Mapping[str, Way]:
        """How many statements there are."""
        return {"statements": self._statements}

    async def index(self, conversation: Conversation) -> Indexed:
        """Write the statements down."""
        start = time.perf_counter()
        kept = statements_of(conversation)
        self._statements += 0 if conversation.id in self._lists else len(kept)
        self._lists[conversation.id] = as_context(tuple(Passage(text=s.line, turns=s.turns) for s in kept))
        return Indexed(seconds=time.perf_counter() - start)

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return the whole list, whatever the question."""
        return self._lists[conversation.id]
