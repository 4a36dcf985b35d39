"""Ordering the best of what was found anew, with a model that reads each together with the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, TypeVar

from graphmem.models import Scope
from graphmem.ports import Reranker
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.weights import ranged

Mode: TypeAlias = Literal["none", "fast", "quality"]
MODES: tuple[Mode, ...] = ("none", "fast", "quality")
READ: dict[Mode, tuple[int, int]] = {"none": (0, 0), "fast": (2, 6), "quality": (12, 28)}
"""How many facts and how many messages are read; those after them keep their order."""
Found = TypeVar("Found", FoundFact, FoundEpisode)


async def reranked(
    query: str,
    facts: Sequence[FoundFact],
    episodes: Sequence[FoundEpisode],
    reranker: Reranker,
    mode: Mode,
    scope: Scope,
) -> tuple[list[FoundFact], list[FoundEpisode]]:
    """Return facts and messages with the first of each in an order that the reranker has a say in.

    Its score is among their parts.
    """
    first, others = READ[mode]
    texts = [f.text for f in facts[:first]]
    texts += [f"{e.episode.speaker}: {e.episode.text}" for e in episodes[:others]]
    scores = await reranker.score(query, texts, scope) if texts else []
    read = len(facts[:first])
    weight = reranker.weight
    return _ordered(facts, scores[:read], weight), _ordered(episodes, scores[read:], weight)


def _ordered(found: Sequence[Found], scores: Sequence[float], weight: float) -> list[Found]:
    scored = [replace(f, parts={**f.parts, "rerank": round(s, 4)}) for f, s in zip(found, scores, strict=False)]
    own = ranged({i: f.score for i, f in enumerate(scored)})
    read = ranged(dict(enumerate(scores)))
    order = sorted(range(len(scored)), key=lambda i: -(own[i] + weight * read[i]))
    return [*(scored[i] for i in order), *found[len(scored) :]]
