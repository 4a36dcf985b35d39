"""Which systems there are, by name, and how they are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from graphmem.bench.replies import Replies
from graphmem.bench.system import System
from graphmem.bench.systems import graph
from graphmem.bench.systems.chunks import COUNTS, SIZES, ChunkIndex, Chunks
from graphmem.bench.systems.decide import ByCosine, ByModel
from graphmem.bench.systems.flat import FlatMemory
from graphmem.bench.systems.graph import EXTRACTIONS, GraphIndex, GraphMemory
from graphmem.bench.systems.lexical import Lexical
from graphmem.bench.systems.whole import FullContext, OpenAIMemory
from graphmem.errors import InvalidInput
from graphmem.memory import Memory
from graphmem.ports import Embedder
from graphmem.read.rerank import MODES
from graphmem.read.strategies import STRATEGIES

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The systems by name, or all; for graphmem every combination of the ways."""

    systems: Sequence[str] = (graph.NAME,)
    strategies: Sequence[str] = ("mix",)
    rerankers: Sequence[str] = ("none",)
    extractions: Sequence[str] = ("none",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What systems are made of; without `replies` no chat model is asked."""

    memory: Memory
    embedder: Embedder
    replies: Replies | None = None


def check(wanted: Wanted) -> None:
    """Raise InvalidInput for a system or a way that is not known, before anything is opened."""
    for option, values, known in (
        ("--system", wanted.systems, (*_MAKERS, ALL)),
        ("--strategy", wanted.strategies, STRATEGIES),
        ("--reranker", wanted.rerankers, MODES),
        ("--extraction", wanted.extractions, EXTRACTIONS),
    ):
        for value in values:
            if value not in known:
                raise InvalidInput(f"{option} is {value!r}; it takes {', '.join(known[:-1])} or {known[-1]}.")


def make(wanted: Wanted, of: Ingredients) -> list[System]:
    """Return the systems in the catalogue's order, one for each row of the table; raises InvalidInput."""
    check(wanted)
    names = [name for name in _MAKERS if name in wanted.systems or ALL in wanted.systems]
    return [system for name in names for system in _MAKERS[name](wanted, of)]


def _graphs(wanted: Wanted, of: Ingredients) -> list[System]:
    return [
        GraphMemory(index, strategy, reranker)
        for index in (GraphIndex(of.memory, extraction) for extraction in dict.fromkeys(wanted.extractions))
        for strategy in dict.fromkeys(wanted.strategies)
        for reranker in dict.fromkeys(wanted.rerankers)
    ]


def _flat(_: Wanted, of: Ingredients) -> list[System]:
    return [FlatMemory(of.embedder, ByCosine() if of.replies is None else ByModel(of.replies))]


def _chunks(_: Wanted, of: Ingredients) -> list[System]:
    return [Chunks(index, count) for index in (ChunkIndex(of.embedder, size) for size in SIZES) for count in COUNTS]


_MAKERS: Mapping[str, Callable[[Wanted, Ingredients], list[System]]] = {
    graph.NAME: _graphs,
    FlatMemory.name: _flat,
    Chunks.name: _chunks,
    Lexical.name: lambda _, of: [Lexical(of.embedder.count_tokens)],
    FullContext.name: lambda _, __: [FullContext()],
    OpenAIMemory.name: lambda _, __: [OpenAIMemory()],
}
