"""Context: the chosen facts and quotes as text, within a token budget, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from graphmem.dates import show_date, show_event
from graphmem.models import Episode, Precision, Source
from graphmem.read.found import FoundEpisode, FoundFact

T = TypeVar("T")
DEFAULT_TOKENS = 1000
FACT_SHARE = 0.5
ENDED = "No longer so, and nothing known in its place:"
REMOVED = "Removed, and not to be told:"
NOTHING = "Nothing is known about this."


def render_context(
    facts: Sequence[FoundFact],
    episodes: Sequence[FoundEpisode],
    budget: int,
    count_tokens: Callable[[str], int],
    withdrawn: Sequence[FoundFact] = (),
) -> str:
    """Return facts, what is no longer so, then messages: the best that fit into `budget` tokens, in order of time."""
    over, spent = _fitting([(over_line(f), f) for f in withdrawn], int(budget * FACT_SHARE / 2), count_tokens)
    lines = [(fact_line(f), f) for f in facts]
    chosen_facts, used = _fitting(lines, int(budget * FACT_SHARE) - spent, count_tokens)
    used += spent
    chosen_episodes, _ = _fitting([(episode_line(e.episode), e) for e in episodes], budget - used, count_tokens)
    parts: list[str] = []
    if chosen_facts:
        dated = sorted(chosen_facts, key=lambda pair: pair[1].state.interval.start)
        parts.append("Facts:\n" + "\n".join(f"- {line}" for line, _ in dated))
    parts += [
        f"{heading}\n" + "\n".join(f"- {line}" for line in lines)
        for heading, lines in (
            (ENDED, [line for line, f in over if f.fact.forgotten_at is None]),
            (REMOVED, [line for line, f in over if f.fact.forgotten_at is not None]),
        )
        if lines
    ]
    if chosen_episodes:
        said = sorted(chosen_episodes, key=lambda pair: (pair[1].episode.at, pair[1].episode.seq))
        parts.append("Said:\n" + "\n".join(f"- {line}" for line, _ in said))
    return "\n\n".join(parts) or NOTHING


def fact_line(found: FoundFact) -> str:
    """Return a fact with its dates and the quote behind it."""
    return f"{found.fact.text} ({validity(found)}){_quoted(next((s for s in found.fact.sources if s.quote), None))}"


def over_line(found: FoundFact) -> str:
    """Return a fact that is over, with its dates and the quote that ended it."""
    return f"{found.fact.text} ({validity(found)}){_quoted(found.ended_by)}"


def _quoted(source: Source | None) -> str:
    if source is None:
        return ""
    said = f", {show_date(source.at, Precision.DAY)}" if source.at else ""
    return f': "{source.quote}" ({source.speaker}{said})'


def validity(found: FoundFact) -> str:
    """Return since when and until when a fact holds, as people read it."""
    if found.fact.forgotten_at is not None:
        return f"removed at the speaker's request, {show_date(found.fact.forgotten_at, Precision.DAY)}"
    interval = found.state.interval
    if found.fact.event:
        happened = show_event(interval.start, interval.precision)
        shown = happened if interval.stated else f"said {happened}"
    else:
        since = "since" if interval.stated else "known since"
        shown = f"{since} {show_date(interval.start, interval.precision)}"
    if interval.end:
        shown += f", until {show_date(interval.end, Precision.DAY)}"
    if found.state.uncertain_since is not None:
        doubt = show_date(found.state.uncertain_since, Precision.DAY)
        shown += f"; uncertain since {doubt}, {found.state.uncertain_because}"
    return shown


def episode_line(episode: Episode) -> str:
    """Return a message with its date and speaker."""
    return f"{episode.at.day} {episode.at:%b} {episode.at.year} {episode.speaker}: {episode.text}"


def _fitting(
    lines: Sequence[tuple[str, T]], budget: int, count_tokens: Callable[[str], int]
) -> tuple[list[tuple[str, T]], int]:
    chosen: list[tuple[str, T]] = []
    used = 0
    for line, item in lines:
        tokens = count_tokens(line) + 2
        if used + tokens > budget:
            break
        used += tokens
        chosen.append((line, item))
    return chosen, used
