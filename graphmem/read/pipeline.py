"""The read pipeline: embed once, seeds, expand, rank, rerank where it is wished, context; no chat model is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from graphmem.models import AsOf, FactVersion, Scope
from graphmem.ontology import Ontology
from graphmem.ports import Clock, Embedder, Reranker, Store
from graphmem.read.context import DEFAULT_TOKENS, render_context
from graphmem.read.endings import with_endings
from graphmem.read.expand import expand
from graphmem.read.found import FoundFact, SearchResult
from graphmem.read.question import read_question
from graphmem.read.rank import over_at, rank_episodes, rank_facts, states_at
from graphmem.read.rerank import reranked
from graphmem.read.seeds import find_seeds, scope_sizes

LIMIT = 10
WITHDRAWN_AMONG = 3


class ReadPipeline:
    """Answers questions from the graph."""

    def __init__(
        self,
        *,
        store: Store,
        embedder: Embedder,
        clock: Clock,
        ontology: Ontology,
        reranker: Reranker,
        reranks: bool,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._ontology = ontology
        self._reranker = reranker
        self._reranks = reranks

    async def search(
        self,
        query: str,
        scopes: Sequence[Scope],
        *,
        as_of: AsOf,
        limit: int = LIMIT,
        tokens: int = DEFAULT_TOKENS,
        rerank: bool | None = None,
    ) -> SearchResult:
        """Return at most `limit` facts and `limit` messages with a context of at most `tokens` tokens."""
        timings: dict[str, float] = {}
        with _timed(timings, "embed"):
            vector, sizes = await asyncio.gather(
                self._embedder.embed_query(query), scope_sizes(scopes, self._embedder, self._store)
            )
        now = self._clock.now()
        with _timed(timings, "seeds"):
            seeds = await find_seeds(query, vector, scopes, sizes, as_of.known or now, self._store)
        with _timed(timings, "expand"):
            expanded = await expand(seeds, vector, scopes, self._store)
        with _timed(timings, "rank"):
            question = read_question(query)
            holding = states_at(expanded.facts, as_of, now)
            facts = rank_facts(question, seeds, expanded, holding)
            over = over_at(expanded.facts, holding, as_of, now, self._ontology)
            over |= {i: f.state for i, f in expanded.facts.items() if f.forgotten_at is not None}
            # Apart from what holds, so that no chain leads over what has ended.
            withdrawn = _telling(rank_facts(question, seeds, expanded, {**holding, **over}), over) if over else []
            until = min(as_of.known or now, now)
            episodes = [e for e in rank_episodes(query, question, expanded, facts[:limit]) if e.episode.at <= until]
        if self._reranks if rerank is None else rerank:
            with _timed(timings, "rerank"):
                facts, episodes = await reranked(query, facts, episodes, self._reranker)
        if withdrawn:
            with _timed(timings, "endings"):
                withdrawn = await with_endings(withdrawn, scopes, self._store)
        with _timed(timings, "context"):
            text = render_context(facts[:limit], episodes[:limit], tokens, self._embedder.count_tokens, withdrawn)
        return SearchResult(
            query=query,
            text=text,
            facts=tuple(facts[:limit]),
            episodes=tuple(episodes[:limit]),
            withdrawn=tuple(withdrawn),
            as_of=as_of,
            timings={**timings, "total": sum(timings.values())},
        )


def _telling(ranked: Sequence[FoundFact], over: Mapping[str, FactVersion]) -> list[FoundFact]:
    """Return what is over and ranks among the best of all: the question is about it."""
    return [f for f in ranked[:WITHDRAWN_AMONG] if f.fact.id in over]


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Generator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - start) * 1000, 2)
