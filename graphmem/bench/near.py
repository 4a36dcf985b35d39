"""The seeds of a search by size of scope: what share of the true nearest they find, and how soon."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from graphmem.bench.latency import percentiles
from graphmem.bench.loading import Sentences, Vectors, around
from graphmem.bench.people import owner_of
from graphmem.bench.searches import Held, Searched
from graphmem.read.seeds import near_facts, saying_facts, scope_sizes
from graphmem.wiring import Parts

LARGEST, SMALLEST = 20_000, 10
NEAREST = 20
CLASSES = ((10, 100), (100, 1_000), (1_000, 5_000), (5_000, LARGEST + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A scope that was loaded, with the vectors of its facts."""

    held: Held
    vectors: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What was measured over the scopes of one range of sizes: recall of the true nearest, milliseconds."""

    least: int
    most: int
    scopes: int
    questions: int
    recall: float
    worst_recall: float
    vector_ms: dict[str, float]
    text_ms: dict[str, float]
    searches: tuple[Searched, ...] = ()


async def time_seeds(
    least: int,
    fitting: Sequence[Loaded],
    held: Sentences,
    parts: Parts,
    random: np.random.Generator,
    asked: int,
) -> Sized:
    """Ask the indexes of facts for what is near, and for what shares words."""
    recalls: list[float] = []
    vector_ms: list[float] = []
    text_ms: list[float] = []
    # The first round warms caches and, on some stores, builds the index.
    for number in range(2 * asked if fitting else 0):
        one = fitting[number % len(fitting)]
        scope = one.held.scope
        which = int(random.integers(0, len(held.texts)))
        question = around(held.centres[which : which + 1], random)[0]
        nearest = np.argsort(-(one.vectors @ question))[:NEAREST]
        sizes = await scope_sizes([scope], parts.embedder, parts.store)
        start = time.perf_counter()
        found = await near_facts(question.tolist(), [scope], sizes, datetime.now(UTC), parts.store)
        middle = time.perf_counter()
        await saying_facts(held.texts[which], [scope], parts.store)
        end = time.perf_counter()
        if number >= asked:
            recalls.append(len({f"{owner_of(scope)}-{i}" for i in nearest} & set(found)) / len(nearest))
            vector_ms.append((middle - start) * 1000)
            text_ms.append((end - middle) * 1000)
    return Sized(
        least=least,
        most=max((one.held.facts for one in fitting), default=0),
        scopes=len(fitting),
        questions=len(recalls),
        recall=round(float(np.mean(recalls)), 4) if recalls else 0.0,
        worst_recall=round(min(recalls, default=0.0), 4),
        vector_ms=percentiles(vector_ms) if vector_ms else {},
        text_ms=percentiles(text_ms) if text_ms else {},
    )
