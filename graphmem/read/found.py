"""What a search finds, with why it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphmem.models import AsOf, Episode, Fact, FactVersion, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFact:
    """A fact that answers, its state on the asked clocks, its score with its parts, and the hops that led to it.

    Where `parts` has `rerank`, the order is by that, and `score` is what it came in with.

    `ended_by` is the message that ended it, for what is told as ended.
    """

    fact: Fact
    state: FactVersion
    score: float
    parts: Mapping[str, float]
    path: tuple[str, ...]
    ended_by: Source | None = None

    @property
    def text(self) -> str:
        """The statement."""
        return self.fact.text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEpisode:
    """A message that answers, its score with its parts, and what led to it; `rerank` in them orders, as for facts."""

    episode: Episode
    score: float
    parts: Mapping[str, float]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Facts and messages, best first, and the context made of them; timings in milliseconds by stage.

    `withdrawn` are facts that the question is about, which ended with nothing known in their place, or whose speaker
    asked to forget them (`forgotten_at`; nothing is left of their values).
    """

    query: str
    text: str
    facts: tuple[FoundFact, ...]
    episodes: tuple[FoundEpisode, ...]
    withdrawn: tuple[FoundFact, ...] = ()
    as_of: AsOf = field(default_factory=AsOf)
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
