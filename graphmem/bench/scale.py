"""Scale: how soon searches answer, in a graph of many scopes of very different sizes, and how that grows."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from graphmem.bench.files import Room, room_of
from graphmem.bench.loading import Sentences, around, embed_sentences, load_graph
from graphmem.bench.near import CLASSES, LARGEST, SMALLEST, Loaded, Sized, time_seeds
from graphmem.bench.people import draw_graph
from graphmem.bench.searches import ASKED, Held, Searched, time_searches
from graphmem.bench.writes import InstantChat, Writes, run_writes
from graphmem.errors import InvalidInput
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.ports import Store
from graphmem.wiring import Parts

TENANT = "scale"
WATCHED = 2000
"""How many facts the scope has whose searches are compared while the graph around it grows."""
WRITTEN_BESIDE = 1000
"""How many facts the scope has that is written to, in a graph of no fewer."""
WARM_UP, QUESTIONS_A_WRITE = 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is loaded: scopes of these many facts, step by step, and at last a hub of so many facts.

    `asked` is how many questions are timed each time.
    """

    steps: Sequence[Sequence[int]]
    hub: int = 0
    asked: int = ASKED

    @property
    def facts(self) -> int:
        """How many facts all scopes hold."""
        return sum(map(sum, self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """The searches of the one scope that is watched, in a graph of so many facts; ratios are to the first size."""

    facts: int
    scope_facts: int
    searches: tuple[Searched, ...]
    p95_ratios: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Searches about one person of whom so many facts are told."""

    facts: int
    searches: tuple[Searched, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The figures by size of scope, by size of the graph, about a hub, of writes; the room of the files, if known."""

    store: str
    facts: int
    scopes: int
    loading_seconds: float
    sizes: tuple[Sized, ...]
    growth: tuple[Grown, ...] = ()
    hub: Hub | None = None
    writes: Writes | None = None
    files: Room | None = None


def scope_counts(facts: int, scopes: int) -> list[int]:
    """Return how many facts each scope holds, from 20,000 down to 10 along a power law; raises InvalidInput."""
    largest = min(LARGEST, facts // 2) if scopes > 1 else min(LARGEST, facts)
    if scopes < 1 or facts < scopes * SMALLEST or largest * scopes < facts:
        raise InvalidInput(f"{facts:,} facts do not fit {scopes:,} scopes of {SMALLEST} to {largest:,} facts each.")
    ranks = np.arange(1, scopes + 1)
    low, high = 0.0, 20.0
    for _ in range(60):
        slope = (low + high) / 2
        whole = int(np.maximum(SMALLEST, largest * ranks**-slope).astype(int).sum())
        low, high = (slope, high) if whole > facts else (low, slope)
    counts = np.maximum(SMALLEST, largest * ranks**-high).astype(int).tolist()
    counts[-1] += facts - sum(counts)
    return counts


def growth_steps(sizes: Sequence[int]) -> list[list[int]]:
    """Return the scopes that are added to reach each size, first the one that is watched; raises InvalidInput."""
    watched = min(WATCHED, sizes[0])
    rests = [size - before for before, size in pairwise((watched, *sizes))]
    if watched < SMALLEST or 0 < rests[0] < SMALLEST or min(rests[1:], default=SMALLEST) < SMALLEST:
        raise InvalidInput(f"the sizes {', '.join(map(str, sizes))} must rise, each time by {SMALLEST} or more.")
    added = [scope_counts(rest, max(1, rest // 100)) if rest else [] for rest in rests]
    return [[watched, *added[0]], *added[1:]]


async def run_scale(
    parts: Parts,
    plan: Plan,
    model: InstantChat,
    progress: Callable[[str], None],
    folder: Path | None = None,
) -> Scale:
    """Fill an empty store, or take one that holds this very run, and ask it; raises InvalidInput for any other.

    Vectors are drawn around those of real sentences, so that they lie in clusters. `folder` holds the store's files.
    """
    memory = Memory(parts)
    loader = await open_loader(parts, plan, progress)
    grown: list[Grown] = []
    for step in plan.steps:
        await loader.load(step, progress)
        if len(plan.steps) > 1:
            watched = loader.loaded[0]
            found = await time_searches(memory, [watched.held], np.random.default_rng(11), plan.asked)
            grown.append(_grown(loader.facts, watched.held.facts, found, grown))
    sizes = [await _sized(least, most, loader, memory, plan) for least, most in CLASSES]
    files = room_of(folder) if folder else None
    return Scale(
        store="",
        facts=plan.facts,
        scopes=len(loader.loaded),
        loading_seconds=round(loader.seconds, 1),
        sizes=tuple(s for s in sizes if s.questions),
        growth=tuple(grown),
        hub=await _hub(plan, loader, memory) if plan.hub else None,
        writes=await _writes(plan, memory, model, parts),
        files=files,
    )


async def open_loader(parts: Parts, plan: Plan, progress: Callable[[str], None]) -> Loader:
    """Return what loads a plan's scopes; raises InvalidInput for a store that holds anything else."""
    random = np.random.default_rng(7)
    held = await embed_sentences(parts, plan.facts, random)
    progress(f"{len(held.texts):,} sentences are embedded")
    return Loader(parts=parts, held=held, known=await _known(plan, parts.store), random=random)


@dataclass(slots=True, kw_only=True)
class Loader:
    """Draws the scopes of a run, and writes them where the store does not hold them yet."""

    parts: Parts
    held: Sentences
    known: bool
    random: np.random.Generator
    loaded: list[Loaded] = field(default_factory=list[Loaded])
    seconds: float = 0.0

    @property
    def facts(self) -> int:
        """How many facts were loaded."""
        return sum(one.held.facts for one in self.loaded)

    async def load(self, counts: Sequence[int], progress: Callable[[str], None]) -> None:
        """Load further scopes of these many facts."""
        for number, count in enumerate(counts, start=1):
            self.loaded.append(await self.one(f"u{len(self.loaded)}", count))
            if number % max(1, len(counts) // 20) == 0:
                progress(f"{number:,} of {len(counts):,} scopes are loaded, {self.facts:,} facts in all")
        await _on_disk()

    async def one(self, user: str, facts: int, *, hub: bool = False) -> Loaded:
        """Load one scope."""
        scope = Scope(tenant=TENANT, user=user)
        graph = draw_graph(facts, self.held.each, self.random, hub=hub)
        which = np.asarray([fact.sentence for fact in graph.facts])
        vectors = around(self.held.centres[which], self.random)
        start = time.perf_counter()
        if not self.known:
            await load_graph(scope, graph, vectors, self.held, self.parts.store)
            self.seconds += time.perf_counter() - start
        people = graph.people[:1] if hub else graph.people
        return Loaded(held=Held(scope=scope, facts=facts, people=people), vectors=vectors)


async def _known(plan: Plan, store: Store) -> bool:
    counts = [count for step in plan.steps for count in step]
    keys = [Scope(tenant=TENANT, user=f"u{number}").key for number in range(len(counts))]
    found = {row["scope"]: row["facts"] for row in await store.read("status", scopes=keys)}
    if any(found.values()) and [found[key] for key in keys] != counts:
        raise InvalidInput("this store holds another scale run; name an empty one.")
    return any(found.values())


async def _sized(least: int, most: int, loader: Loader, memory: Memory, plan: Plan) -> Sized:
    fitting = [one for one in loader.loaded if least <= one.held.facts < most]
    sized = await time_seeds(least, fitting, loader.held, loader.parts, np.random.default_rng(13), plan.asked)
    searches = await time_searches(memory, [one.held for one in fitting], np.random.default_rng(11), plan.asked)
    return replace(sized, searches=searches)


def _grown(facts: int, watched: int, found: tuple[Searched, ...], before: Sequence[Grown]) -> Grown:
    first = before[0].searches if before else found
    ratios = {s.strategy: round(s.total_ms["p95"] / f.total_ms["p95"], 2) for s, f in zip(found, first, strict=True)}
    return Grown(facts=facts, scope_facts=watched, searches=found, p95_ratios=ratios)


async def _hub(plan: Plan, loader: Loader, memory: Memory) -> Hub:
    key = Scope(tenant=TENANT, user="hub").key
    (found,) = await loader.parts.store.read("status", scopes=[key])
    if found["facts"] not in {0, plan.hub}:
        raise InvalidInput(f"this store holds a hub of {found['facts']:,} facts; ask for that, or name an empty one.")
    loader.known = found["facts"] > 0
    hub = await loader.one("hub", plan.hub, hub=True)
    await _on_disk()
    return Hub(facts=plan.hub, searches=await time_searches(memory, [hub.held], np.random.default_rng(11), plan.asked))


async def _on_disk() -> None:
    """Wait for what was loaded; else the system writes it while searches are timed, and takes their processors."""
    await asyncio.to_thread(os.sync)


async def _writes(plan: Plan, memory: Memory, model: InstantChat, parts: Parts) -> Writes:
    given = (memory, model, parts.store, parts.embedder, min(WRITTEN_BESIDE, plan.facts))
    batches = max(2, plan.asked // QUESTIONS_A_WRITE)
    return await run_writes(*given, parts.settings.batch_messages, WARM_UP, batches)
