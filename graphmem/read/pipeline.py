"""The read pipeline: embed once, seeds, walk, expand, rank, rerank where it is wished, context; no chat model is asked.

What needs no vector, the words, the names and the walk from them, is looked up beside the embedding.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from graphmem.models import AsOf, Filters, Scope
from graphmem.ontology import Ontology
from graphmem.ports import Clock, Embedder, QueryTokens, Reranker, Store, TokenEmbedder
from graphmem.read.answerable import answerability
from graphmem.read.asked import Asked, Embedded, embedded
from graphmem.read.beside import Beside
from graphmem.read.context import DEFAULT_TOKENS, Evidence, Template, render_context
from graphmem.read.endings import with_endings
from graphmem.read.events import event_window
from graphmem.read.expand import Expanded, expand, walk
from graphmem.read.found import SearchResult
from graphmem.read.late import Nearest, lateness, nearest_tokens
from graphmem.read.names import spoken
from graphmem.read.question import read_question
from graphmem.read.rank import CHOSEN, EpisodeRanking
from graphmem.read.rank_facts import latest_first, rank_facts
from graphmem.read.relations import Relations
from graphmem.read.rerank import Mode, reranked
from graphmem.read.seeds import LookedUp, Seeds, find_near, look_up, scope_sizes
from graphmem.read.states import outdated_messages, over_at, states_at
from graphmem.read.strategies import MIX, Strategy
from graphmem.read.varied import varied_facts, varied_messages
from graphmem.read.walk import Walk

LIMIT = 10
WITHDRAWN_AMONG = 3
"""Among how many facts, the best of all, what is over has to be: the question is about it then."""
HELD_AMONG = 6
"""The same for a question about a stretch of time, in which other things held than now."""
CONTEXT_AMONG = 60
"""The context is chosen among so many facts and messages, where `limit` is not more."""


class ReadPipeline:
    """Answers questions from the graph."""

    def __init__(
        self,
        *,
        store: Store,
        embedder: Embedder,
        tokens: TokenEmbedder | None,
        relations: Relations,
        clock: Clock,
        ontology: Ontology,
        reranker: Reranker,
        rerank: Mode,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._tokens = tokens
        self.relations = relations
        self._clock = clock
        self._ontology = ontology
        self._reranker = reranker
        self._rerank: Mode = rerank

    async def search(
        self,
        query: str,
        scopes: Sequence[Scope],
        *,
        as_of: AsOf,
        limit: int = LIMIT,
        tokens: int = DEFAULT_TOKENS,
        rerank: Mode | None = None,
        strategy: Strategy = MIX,
        filters: Filters | None = None,
        template: Template = "mixed",
    ) -> SearchResult:
        """Return at most `limit` facts and `limit` messages with a context of at most `tokens` tokens, all passing."""
        timings: dict[str, float] = {}
        now = self._clock.now()
        asked = Asked(
            text=query,
            told=spoken(query, scopes[0].user),
            scopes=scopes,
            question=read_question(query, as_of.valid or now),
            as_of=as_of,
            now=now,
            filters=filters,
        )
        async with Beside() as beside:
            # The first of them, since the nearest are only asked for when it is there.
            sizes = beside.begin(scope_sizes(scopes, self._embedder, self._store))
            looked_up = beside.begin(look_up(asked, strategy, self._store))
            walked = beside.begin(walk(asked, looked_up, self.relations, self._store))
            reading = beside.begin(self._embed_tokens(query))
            with _timed(timings, "embed"):
                asked = embedded(asked, await self._embedder.embed_query(query))
            with _timed(timings, "seeds"):
                near = await find_near(asked, await sizes, strategy, self._store)
                told = await looked_up
                seeds = Seeds(near=near, words=told.words, named=told.named)
            with _timed(timings, "walk"):
                chains = await walked
            with _timed(timings, "expand"):
                asked, expanded = await self._expanded(asked, seeds, chains, looked_up)
                question_tokens = await reading
        with _timed(timings, "rank"):
            holding = states_at(expanded.facts, as_of, now)
            late = lateness(question_tokens, expanded.tokens) if question_tokens is not None else {}
            over = over_at(expanded.facts, holding, as_of, now, self._ontology, asked.question.stretch)
            over |= {i: f.state for i, f in expanded.facts.items() if f.forgotten_at is not None}
            ranked = rank_facts(asked, seeds, expanded, late, {**holding, **over})
            held = [f for f in ranked if f.fact.id in holding]
            facts = varied_facts(held if asked.question.order == "oldest" else latest_first(held, self._ontology))
            among_first = WITHDRAWN_AMONG if asked.question.stretch is None else HELD_AMONG
            unsure = asked.question.stretch is not None or filters is not None
            withdrawn = [replace(f, replaced=unsure) for f in ranked[:among_first] if f.fact.id in over]
            until, among = min(asked.known, now), max(limit, CONTEXT_AMONG)
            ranking = EpisodeRanking(asked, expanded, facts[:CONTEXT_AMONG], question_tokens)
        with _timed(timings, "tokens"):
            nearest = await self._nearest(question_tokens, asked.keys, ranking)
        with _timed(timings, "order"):
            episodes = varied_messages(ranking.found(nearest, until, max(among, CHOSEN)))
            known = answerability(asked, episodes, [*facts, *withdrawn], expanded.chains, nearest)
        mode = rerank or self._rerank
        if mode != "none":
            with _timed(timings, "rerank"):
                facts, episodes = await reranked(query, facts, episodes, self._reranker, mode, scopes[0])
        if withdrawn:
            with _timed(timings, "endings"):
                withdrawn = await with_endings(withdrawn, asked, self._store)
        with _timed(timings, "context"):
            evidence = Evidence(
                facts=facts[:among],
                episodes=episodes[:among],
                withdrawn=withdrawn,
                outdated=outdated_messages(expanded.facts.values(), as_of, now),
            )
            context = render_context(
                evidence, tokens, self._embedder.count_tokens, now, template=template, answerable=known.answerable
            )
        return SearchResult(
            query=query,
            text=context.text,
            facts=tuple(facts[:limit]),
            episodes=tuple(episodes[:limit]),
            withdrawn=tuple(withdrawn),
            citations=context.citations,
            confidence=known.confidence,
            answerable=known.answerable,
            signs=known.signs,
            as_of=as_of,
            timings={**timings, "total": sum(timings.values())},
        )

    async def _expanded(
        self, asked: Embedded, seeds: Seeds, walked: Walk, looked_up: Awaitable[LookedUp]
    ) -> tuple[Embedded, Expanded]:
        """Expand; where the question names a time by an event, which only shows then, what held at that time."""
        expanded = await expand(asked, seeds, walked, self._tokens, self._store)
        then = asked.about(event_window(asked.told, expanded.facts.values(), asked.known, self._ontology))
        if then is asked:
            return asked, expanded
        walked = await walk(then, looked_up, self.relations, self._store)
        return then, await expand(then, seeds, walked, self._tokens, self._store)

    async def _embed_tokens(self, query: str) -> QueryTokens | None:
        return await self._tokens.embed_query(query) if self._tokens is not None else None

    async def _nearest(self, question: QueryTokens | None, scopes: Sequence[str], ranking: EpisodeRanking) -> Nearest:
        if question is None or self._tokens is None:
            return {}
        return await nearest_tokens(question, ranking.wanted, scopes, self._tokens, self._store)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Generator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - start) * 1000, 2)
