"""What a search finds, with why it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphmem.models import AsOf, Episode, Fact, FactVersion, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFact:
    """A fact that answers, its state on the asked clocks, its score with its parts, and the hops that led to it.

    Where `parts` has `rerank`, the order is by that, and `score` is what it came in with.

    `ended_by` is the message that ended it, for what is told as ended; `replaced` tells that something else may hold in
    its place: what held in a stretch of time is told too, and filters may keep out what holds.
    """

    fact: Fact
    state: FactVersion
    score: float
    parts: Mapping[str, float]
    path: tuple[str, ...]
    ended_by: Source | None = None
    replaced: bool = False

    @property
    def text(self) -> str:
        """The statement."""
        return self.fact.text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEpisode:
    """A message that answers, its score with its parts, and the hops that led to it; `rerank` orders, as for facts.

    `path` ends with the best fact that was found and the message states; it is empty where there is none.
    """

    episode: Episode
    score: float
    parts: Mapping[str, float]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a line of the context rests on: its label there (F1, M1), the fact if it is one, and the messages."""

    label: str
    fact_id: str | None
    episode_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Facts and messages, best first, and the context made of them.

    `timings` are the milliseconds that each stage was waited for: words, names and the walk from them begin with the
    embedding, so `seeds` and `walk` are what of them was left after it. Together they are the `total`.

    `citations` tell what each line of `text` rests on, in its order. `confidence` is how sure it is, 0 to 1, that
    something known answers the question, made of `signs`; what is not `answerable` the context tells under a warning.

    `withdrawn` are facts that the question is about, which ended with nothing known in their place, or whose speaker
    asked to forget them (`forgotten_at`; nothing is left of their values).
    """

    query: str
    text: str
    facts: tuple[FoundFact, ...]
    episodes: tuple[FoundEpisode, ...]
    withdrawn: tuple[FoundFact, ...] = ()
    citations: tuple[Citation, ...] = ()
    confidence: float = 1.0
    answerable: bool = True
    signs: Mapping[str, float] = field(default_factory=dict[str, float])
    as_of: AsOf = field(default_factory=AsOf)
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
