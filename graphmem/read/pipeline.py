"""The read pipeline: embed once, seeds, expand, rank, context; no model is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from graphmem.models import AsOf, Scope
from graphmem.ports import Clock, Embedder, Store
from graphmem.read.context import DEFAULT_TOKENS, render_context
from graphmem.read.expand import expand
from graphmem.read.found import SearchResult
from graphmem.read.question import read_question
from graphmem.read.rank import rank_episodes, rank_facts
from graphmem.read.seeds import find_seeds, scope_sizes

LIMIT = 10


class ReadPipeline:
    """Answers questions from the graph."""

    def __init__(self, *, store: Store, embedder: Embedder, clock: Clock) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock

    async def search(
        self,
        query: str,
        scopes: Sequence[Scope],
        *,
        as_of: AsOf,
        limit: int = LIMIT,
        tokens: int = DEFAULT_TOKENS,
    ) -> SearchResult:
        """Return at most `limit` facts and `limit` messages with a context of at most `tokens` tokens."""
        timings: dict[str, float] = {}
        with _timed(timings, "embed"):
            vector, sizes = await asyncio.gather(self._embedder.embed_query(query), scope_sizes(scopes, self._store))
        with _timed(timings, "seeds"):
            seeds = await find_seeds(query, vector, scopes, sizes, self._store)
        with _timed(timings, "expand"):
            expanded = await expand(seeds, vector, scopes, self._store)
        with _timed(timings, "rank"):
            question = read_question(query)
            now = self._clock.now()
            facts = rank_facts(question, seeds, expanded, as_of, now)
            until = min(as_of.known or now, now)
            episodes = [e for e in rank_episodes(query, question, expanded, facts[:limit]) if e.episode.at <= until]
        with _timed(timings, "context"):
            text = render_context(facts[:limit], episodes[:limit], tokens, self._embedder.count_tokens)
        return SearchResult(
            query=query,
            text=text,
            facts=tuple(facts[:limit]),
            episodes=tuple(episodes[:limit]),
            as_of=as_of,
            timings={**timings, "total": sum(timings.values())},
        )


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Generator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - start) * 1000, 2)
