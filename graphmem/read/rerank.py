"""Ordering the best of what was found anew, by a model that reads each with the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from graphmem.ports import Reranker
from graphmem.read.found import FoundEpisode, FoundFact

MOST = 30
"""How many facts and how many messages are read; those after them keep their order."""
Found = TypeVar("Found", FoundFact, FoundEpisode)


async def reranked(
    query: str, facts: Sequence[FoundFact], episodes: Sequence[FoundEpisode], reranker: Reranker
) -> tuple[list[FoundFact], list[FoundEpisode]]:
    """Return facts and messages with the first 30 of each in the reranker's order, its score among their parts."""
    texts = [f.text for f in facts[:MOST]]
    texts += [f"{e.episode.speaker}: {e.episode.text}" for e in episodes[:MOST]]
    scores = await reranker.score(query, texts) if texts else []
    first = len(facts[:MOST])
    return _ordered(facts, scores[:first]), _ordered(episodes, scores[first:])


def _ordered(found: Sequence[Found], scores: Sequence[float]) -> list[Found]:
    pairs = zip(found, scores, strict=False)
    scored = [replace(f, parts={**f.parts, "rerank": round(score, 4)}) for f, score in pairs]
    return [*sorted(scored, key=lambda f: -f.parts["rerank"]), *found[len(scored) :]]
