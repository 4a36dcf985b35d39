"""Retrieval of chunks: the conversation cut into pieces of so many tokens, the nearest one or two are given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphmem.bench.locomo import Conversation
from graphmem.bench.system import Found, Indexed, Passage, Ranking, Way, as_context, turn_line
from graphmem.ports import Embedder

SIZES = (128, 256, 512, 1024)
COUNTS = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    chunks: tuple[Passage, ...]
    vectors: NDArray[np.float32]
    indexed: Indexed


class ChunkIndex:
    """Conversations cut into chunks of one size, with their vectors. Systems can share one."""

    def __init__(self, embedder: Embedder, size: int) -> None:
        self.embedder = embedder
        self.size = size
        self.too_long = 0
        """How many chunks are longer than what the embedder reads; only the beginning of those is in the vector."""
        self._cuts: dict[str, _Cut] = {}

    async def index(self, conversation: Conversation) -> Indexed:
        """Cut and embed."""
        if conversation.id not in self._cuts:
            before, start = self.embedder.truncated, time.perf_counter()
            chunks = cut(conversation, self.size, self.embedder.count_tokens)
            vectors = np.asarray(await self.embedder.embed([c.text for c in chunks]), dtype=np.float32)
            indexed = Indexed(seconds=time.perf_counter() - start)
            self.too_long += self.embedder.truncated - before
            self._cuts[conversation.id] = _Cut(chunks=chunks, vectors=vectors, indexed=indexed)
        return self._cuts[conversation.id].indexed

    async def nearest(self, conversation: Conversation, question: str, count: int) -> tuple[Passage, ...]:
        """Return the chunks nearest to the question, best first."""
        there = self._cuts[conversation.id]
        scores = there.vectors @ np.asarray(await self.embedder.embed_query(question), dtype=np.float32)
        return tuple(there.chunks[int(i)] for i in np.argsort(-scores)[:count])


class Chunks:
    """The `count` nearest chunks."""

    name = "rag"
    ranking: Ranking = "passages"

    def __init__(self, index: ChunkIndex, count: int) -> None:
        self.ways: Mapping[str, Way] = {"chunk_tokens": index.size, "k": count}
        self._index, self._count = index, count

    @property
    def remarks(self) -> Mapping[str, Way]:
        """How many chunks the embedder read only in part."""
        return {"chunks_read_in_part": self._index.too_long}

    async def index(self, conversation: Conversation) -> Indexed:
        """Cut and embed."""
        return await self._index.index(conversation)

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return the nearest chunks; they are all that is given."""
        return as_context(await self._index.nearest(conversation, question, self._count))


def cut(conversation: Conversation, size: int, count_tokens: Callable[[str], int]) -> tuple[Passage, ...]:
    """Return the turns in chunks of at most `size` tokens; no turn is cut, so a longer one is a chunk of its own."""
    chunks: list[Passage] = []
    lines: list[tuple[str, str]] = []
    used = 0
    for message in conversation.messages:
        line = turn_line(message)
        tokens = count_tokens(line)
        if lines and used + tokens > size:
            chunks.append(_joined(lines))
            lines, used = [], 0
        lines.append((line, str(message.id)))
        used += tokens
    return (*chunks, _joined(lines)) if lines else tuple(chunks)


def _joined(lines: list[tuple[str, str]]) -> Passage:
    return Passage(text="\n".join(line for line, _ in lines), turns=tuple(turn for _, turn in lines))
