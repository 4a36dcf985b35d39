"""BM25 over the turns, stemmed as graphmem stems, by the library bm25s."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphmem.bench.extra import needed
from graphmem.bench.locomo import Conversation
from graphmem.bench.system import Found, Indexed, Passage, Ranking, Way, turn_line
from graphmem.read.context import DEFAULT_TOKENS
from graphmem.read.question import content_words, read_question, stems

RESULTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    turns: tuple[Passage, ...]
    tokens: tuple[int, ...]
    scorer: Any

    def fitting(self, ranked: list[int], budget: int) -> list[int]:
        """Return the first of the ranked turns that fit into a budget of tokens."""
        fitting: list[int] = []
        for number in ranked:
            budget -= self.tokens[number]
            if budget < 0:
                break
            fitting.append(number)
        return fitting


class Lexical:
    """The turns that share the question's words; the best that fit into 1,000 tokens are given, in order of time."""

    name = "bm25"
    ranking: Ranking = "turns"

    def __init__(self, count_tokens: Callable[[str], int]) -> None:
        self.ways: Mapping[str, Way] = {}
        self.remarks: Mapping[str, Way] = {"context_tokens": DEFAULT_TOKENS}
        self._count_tokens = count_tokens
        self._words: dict[str, _Words] = {}
        self._bm25: Any = needed("bm25s", "the system bm25").BM25

    async def index(self, conversation: Conversation) -> Indexed:
        """Count the stems of all turns."""
        start = time.perf_counter()
        turns = tuple(Passage(text=turn_line(m), turns=(str(m.id),)) for m in conversation.messages)
        scorer = self._bm25(k1=1.0, b=0.4)
        scorer.index([list(stems(" ".join(content_words(t.text)))) for t in turns], show_progress=False)
        tokens = tuple(self._count_tokens(t.text) for t in turns)
        self._words[conversation.id] = _Words(turns=turns, tokens=tokens, scorer=scorer)
        return Indexed(seconds=time.perf_counter() - start)

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return the best turns that share a word with the question."""
        there = self._words[conversation.id]
        scores = there.scorer.get_scores(list(read_question(question).stems))
        order = [int(i) for i in (-scores).argsort(kind="stable")[:RESULTS] if scores[i] > 0]
        chosen = [there.turns[i] for i in sorted(there.fitting(order, DEFAULT_TOKENS))]
        return Found(
            passages=tuple(there.turns[i] for i in order),
            context="\n".join(t.text for t in chosen),
            turns=frozenset(turn for t in chosen for turn in t.turns),
        )
