"""What a whole search costs over its floor: the same questions to a plain scan and to plain indexes of one store."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphmem.bench.latency import percentiles
from graphmem.bench.near import Loaded
from graphmem.bench.scale import Loader, Plan, open_loader
from graphmem.bench.searches import RESULTS, draw_questions, strategies, time_searches
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.ports import Vector
from graphmem.read.seeds import saying_facts
from graphmem.serial import utc_text
from graphmem.wiring import Parts

EMBED, SCAN, INDEX, TEXT, SEARCH = "embed", "plain scan", "vector index", "text index", "search"
PLAIN = (SCAN, INDEX, TEXT)
LARGE = 1000
"""From so many facts on a scope is asked, or else the largest there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Milliseconds of the same questions answered in several ways, and how many times those of each a search takes.

    The plain ways are without the question's embedding, which `embed` is; ratios count it on both sides, but for the
    text index, which needs none.
    """

    store: str
    facts: int
    scopes: int
    asked_scopes: int
    questions: int
    ways_ms: Mapping[str, Mapping[str, float]]
    ratios: Mapping[str, Mapping[str, float]]


async def run_compare(parts: Parts, plan: Plan, progress: Callable[[str], None]) -> Compared:
    """Fill a store as a scale run does, or take one that holds this very run, and ask large scopes in all ways."""
    loader = await open_loader(parts, plan, progress)
    for step in plan.steps:
        await loader.load(step, progress)
    memory = Memory(parts)
    asked = _asked(loader)
    await _plain(parts, asked, plan.asked // 2)
    taken = await _plain(parts, asked, plan.asked)
    ways = {name: percentiles(spent) for name, spent in taken.items()}
    for found in await time_searches(memory, [one.held for one in asked], np.random.default_rng(11), plan.asked):
        ways[SEARCH if len(strategies(memory)) == 1 else f"{SEARCH} {found.strategy}"] = dict(found.total_ms)
    return Compared(
        store="",
        facts=plan.facts,
        scopes=len(loader.loaded),
        asked_scopes=len(asked),
        questions=plan.asked,
        ways_ms=ways,
        ratios={name: _ratios(ms, taken) for name, ms in ways.items() if name.startswith(SEARCH)},
    )


def _asked(loader: Loader) -> list[Loaded]:
    large = [one for one in loader.loaded if one.held.facts >= LARGE]
    return large or [max(loader.loaded, key=lambda one: one.held.facts)]


async def _plain(parts: Parts, asked: Sequence[Loaded], count: int) -> dict[str, list[float]]:
    """Answer questions in the plain ways; returns milliseconds by way."""
    vectors = {one.held.scope: one.vectors for one in asked}
    known = utc_text(parts.clock.now())
    taken: dict[str, list[float]] = defaultdict(list)
    for question, _, scope in draw_questions([one.held for one in asked], np.random.default_rng(13), count):
        times = [time.perf_counter()]
        vector = await parts.embedder.embed_query(question)
        times.append(time.perf_counter())
        near = vectors[scope] @ np.asarray(vector, dtype=np.float32)
        np.argpartition(-near, min(RESULTS, len(near)) - 1)
        times.append(time.perf_counter())
        await _index(parts, vector, scope, known)
        times.append(time.perf_counter())
        await saying_facts(question, [scope], parts.store)
        times.append(time.perf_counter())
        for name, spent in zip((EMBED, *PLAIN), np.diff(times), strict=True):
            taken[name].append(float(spent) * 1000)
    return taken


async def _index(parts: Parts, vector: Vector, scope: Scope, known: str) -> None:
    await parts.store.read("near_facts", vector=vector, scopes=[scope.key], known=known, limit=RESULTS)


def _ratios(search: Mapping[str, float], taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in PLAIN:
        embedding = taken[EMBED] if name != TEXT else [0.0] * len(taken[EMBED])
        floor = percentiles([e + p for e, p in zip(embedding, taken[name], strict=True)])
        found |= {f"{name} {p}": round(search[p] / floor[p], 2) for p in ("p50", "p95") if floor[p]}
    return found
