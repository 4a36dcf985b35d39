"""Variety: of what says the same, only the best stands among the best."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from graphmem.read.found import FoundEpisode, FoundFact

T = TypeVar("T")


def varied_messages(found: Iterable[FoundEpisode]) -> list[FoundEpisode]:
    """Return messages with those behind that say, in the same words, what the same speaker said in a better one."""
    return _varied(found, lambda f: (f.episode.speaker, " ".join(f.episode.text.casefold().split())))


def varied_facts(found: Iterable[FoundFact]) -> list[FoundFact]:
    """Return facts with those behind that say the same of the same time as a better one."""
    return _varied(found, lambda f: (f.text, f.state.interval.start, f.state.interval.end))


def _varied(found: Iterable[T], says: Callable[[T], Hashable]) -> list[T]:
    met: set[Hashable] = set()
    first: list[T] = []
    behind: list[T] = []
    for one in found:
        said = says(one)
        (behind if said in met else first).append(one)
        met.add(said)
    return [*first, *behind]
