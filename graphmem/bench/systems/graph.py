"""graphmem itself: a scope a conversation, searched by a strategy, reranked or not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from graphmem.bench.locomo import Conversation
from graphmem.bench.system import Found, Indexed, Passage, Ranking, Way
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.read.context import episode_line
from graphmem.read.found import SearchResult
from graphmem.read.rerank import Mode
from graphmem.read.strategies import Strategy

NAME = "graphmem"
EXTRACTIONS = ("none", "observations")
RESULTS = 60
TENANT = "locomo"


async def search(memory: Memory, question: str, scope: Scope, strategy: str, reranker: str) -> SearchResult:
    """Search by a strategy and a reranker; the one place that knows how the memory is asked for them."""
    return await memory.search(
        question, scope=scope, limit=RESULTS, rerank=cast("Mode", reranker), strategy=cast("Strategy", strategy)
    )


class GraphIndex:
    """Conversations in a graph; `observations` adds the data set's statements as facts. Systems can share one."""

    def __init__(self, memory: Memory, extraction: str) -> None:
        self.memory = memory
        self.extraction = extraction
        self.turns: dict[str, str] = {}
        """The turn's id by that of the episode that it became."""
        self._indexed: dict[str, Indexed] = {}

    def scope(self, conversation: Conversation) -> Scope:
        """Return where a conversation is kept, apart from what other extractions make of it."""
        suffix = "" if self.extraction == "none" else f"+{self.extraction}"
        return Scope(user=f"{conversation.id}{suffix}", tenant=TENANT)

    async def index(self, conversation: Conversation) -> Indexed:
        """Keep the turns, and the statements where they are wanted."""
        if conversation.id not in self._indexed:
            start = time.perf_counter()
            scope = self.scope(conversation)
            added = await self.memory.add(conversation.messages, scope=scope)
            if self.extraction == "observations":
                await self.memory.note(conversation.observations, scope=scope)
            self._indexed[conversation.id] = Indexed(seconds=time.perf_counter() - start)
            ids = (str(m.id) for m in conversation.messages)
            self.turns |= dict(zip(added.episode_ids, ids, strict=True))
        return self._indexed[conversation.id]


class GraphMemory:
    """A search of graphmem; its context is what `Memory.search` gives, of at most 1,000 tokens."""

    name = NAME
    ranking: Ranking = "turns"

    def __init__(self, index: GraphIndex, strategy: str, reranker: str) -> None:
        self.ways: Mapping[str, Way] = {"strategy": strategy, "reranker": reranker, "extraction": index.extraction}
        self.remarks: Mapping[str, Way] = {}
        self._index, self._strategy, self._reranker = index, strategy, reranker

    async def index(self, conversation: Conversation) -> Indexed:
        """Keep the turns."""
        return await self._index.index(conversation)

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return the messages in their order; a fact brings those that it was stated in into it, each once."""
        scope = self._index.scope(conversation)
        result = await search(self._index.memory, question, scope, self._strategy, self._reranker)
        return Found(
            passages=tuple(
                Passage(text=episode_line(e.episode), turns=(e.episode.message_id,)) for e in result.episodes
            ),
            context=result.text,
            turns=self._given(result),
        )

    def _given(self, result: SearchResult) -> frozenset[str]:
        """Return the turns that the context's lines cite: a message's own, those that a fact was stated in."""
        return frozenset(self._index.turns[i] for cited in result.citations for i in cited.episode_ids)
