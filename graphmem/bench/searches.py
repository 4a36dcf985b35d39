"""How long whole searches take, embedding included: in all, and each stage."""

from __future__ import annotations

import inspect
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphmem.bench.latency import percentiles
from graphmem.bench.people import QUESTIONS
from graphmem.garbage import spare_loaded
from graphmem.memory import Memory
from graphmem.models import Scope

STRATEGIES = ("mix", "entity", "triplet")
ASKED = 60
RESULTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A scope that was loaded: how many facts it holds, and the people that they are about."""

    scope: Scope
    facts: int
    people: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Milliseconds of whole searches by one strategy, and of their stages.

    `named` is the share of searches among whose results is a fact about the person that the question names.
    """

    strategy: str
    searches: int
    named: float
    total_ms: Mapping[str, float]
    stages_ms: Mapping[str, Mapping[str, float]]


def strategies(memory: Memory) -> tuple[str, ...]:
    """Return the strategies that a memory searches by."""
    return STRATEGIES if "strategy" in inspect.signature(memory.search).parameters else STRATEGIES[:1]


async def time_searches(
    memory: Memory, held: Sequence[Held], random: np.random.Generator, asked: int
) -> tuple[Searched, ...]:
    """Ask about people of the scopes, by every strategy, in a process that has settled like one that serves."""
    spare_loaded()
    found: list[Searched] = []
    for strategy in strategies(memory) if held else ():
        # The first ones warm caches and, on some stores, build the index.
        await _timed(memory, draw_questions(held, random, asked // 2), strategy)
        found.append(await _timed(memory, draw_questions(held, random, asked), strategy))
    return tuple(found)


def draw_questions(held: Sequence[Held], random: np.random.Generator, count: int) -> list[tuple[str, str, Scope]]:
    """Return questions of one and of two hops, each with the person that it names and the scope that it is asked."""
    drawn: list[tuple[str, str, Scope]] = []
    for number in range(count):
        one = held[number % len(held)]
        who = one.people[int(random.integers(0, len(one.people)))]
        drawn.append((QUESTIONS[number % len(QUESTIONS)].format(who), who, one.scope))
    return drawn


async def _timed(memory: Memory, questions: Sequence[tuple[str, str, Scope]], strategy: str) -> Searched:
    chosen: dict[str, Any] = {"strategy": strategy} if len(strategies(memory)) > 1 else {}
    taken: list[float] = []
    stages: dict[str, list[float]] = defaultdict(list)
    named = 0
    for question, who, scope in questions:
        start = time.perf_counter()
        result = await memory.search(question, scope=scope, limit=RESULTS, **chosen)
        taken.append((time.perf_counter() - start) * 1000)
        named += any(who in f.text for f in result.facts)
        for stage, spent in result.timings.items():
            if stage != "total":
                stages[stage].append(spent)
    return Searched(
        strategy=strategy,
        searches=len(taken),
        named=round(named / len(taken), 3),
        total_ms=percentiles(taken),
        stages_ms={stage: percentiles(spent) for stage, spent in stages.items() if len(spent) > 1},
    )
