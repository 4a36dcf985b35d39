"""Context: the chosen facts and messages as text within a token budget, each line with a label that cites it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Literal, TypeAlias

from graphmem.dates import show_ago, show_date, show_event
from graphmem.models import Episode, Precision, Source
from graphmem.read.choose import WORTH, Offer, Worth, choose, shown_lines
from graphmem.read.found import Citation, FoundEpisode, FoundFact
from graphmem.read.question import stems

Template: TypeAlias = Literal["facts", "quotes", "mixed"]
TEMPLATES: tuple[Template, ...] = ("facts", "quotes", "mixed")
DEFAULT_TOKENS = 1000
OVER_SHARE = 0.25
"""The share of the budget that is at most spent on what is over."""
QUOTED = 60
"""The longest quote beside a fact, in characters; a longer one is only shown as the message."""
FACTS = "Facts:"
LEADING = 3
"""How many of the best facts are shown before all else, whatever messages say it too."""
ENDED = "No longer so, and nothing known in its place:"
PAST = "No longer so:"
REMOVED = "Removed, and not to be told:"
SAID = "Said:"
NOTHING = "Nothing is known about this."
NO_FACTS = "No facts are known about this."
DOUBTFUL = "Nothing is known about this for certain."
NO_ROOM = "What is known about this is longer than the budget of tokens."
OUTDATED = "(no longer so)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known as text for a prompt, and what each of its lines cites, in their order."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a context is made of, best first: facts, messages, and the facts that are over.

    `outdated` are messages of which nothing holds any more that they stated.
    """

    facts: Sequence[FoundFact] = ()
    episodes: Sequence[FoundEpisode] = ()
    withdrawn: Sequence[FoundFact] = ()
    outdated: Collection[str] = ()


def render_context(
    found: Evidence,
    budget: int,
    count_tokens: Callable[[str], int],
    now: datetime,
    *,
    template: Template = "mixed",
    answerable: bool = True,
    worth: Worth = WORTH,
) -> Context:
    """Return at most `budget` tokens of what is worth most: facts by subject, what is over, messages by day.

    `facts` has no messages and no quotes, `quotes` only messages and what is over, `mixed` both, and each said once:
    no quote of a message that is there, no message that is a quote. What is not `answerable` is told under a warning.
    Where nothing fits, that is said, if it fits.
    """
    warning = "" if answerable else DOUBTFUL
    over = choose(_over(found.withdrawn, template, now), int(budget * OVER_SHARE), count_tokens, worth)
    spent = count_tokens(f"{_laid_out(over, warning).text}\n{FACTS}\n{SAID}")
    chosen = [*over, *choose(_offers(found, template, now, worth), budget - spent, count_tokens, worth)]
    while chosen and count_tokens(_laid_out(chosen, warning).text) > budget:
        chosen.pop()
    if chosen:
        return _laid_out(chosen, warning)
    if found.facts or found.withdrawn or (found.episodes and template != "facts"):
        said = NO_ROOM
    else:
        said = NO_FACTS if found.episodes else NOTHING
    return Context(text=said if count_tokens(said) <= budget else "")


def fact_line(found: FoundFact) -> str:
    """Return a fact with its dates and the quote behind it, as it stands alone."""
    return f"{found.fact.text} ({validity(found)}){_quoted(_source(found))}"


def over_line(found: FoundFact) -> str:
    """Return a fact that is over, with its dates and the quote that ended it, as it stands alone."""
    return f"{found.fact.text} ({validity(found)}){_quoted(found.ended_by)}"


def over_heading(found: FoundFact) -> str:
    """Return under which words a fact that is over is told."""
    return PAST if found.replaced else ENDED


def episode_line(episode: Episode) -> str:
    """Return a message with its date and speaker, as it stands alone."""
    return f"{show_date(episode.at, Precision.DAY)} {episode.speaker}: {episode.text}"


def validity(found: FoundFact, now: datetime | None = None) -> str:
    """Return since when and until when a fact holds, as people read it, and, given `now`, how long ago that is."""
    if found.fact.forgotten_at is not None:
        return f"removed at the speaker's request, {_day(found.fact.forgotten_at, now)}"
    interval = found.state.interval
    start = show_date(interval.start, interval.precision)
    if found.fact.event:
        happened = show_event(interval.start, interval.precision)
        shown = happened if interval.stated else f"said {happened}"
    else:
        shown = f"since {start}" if interval.stated else f"known since {start}"
    if interval.end:
        shown += f", until {_day(interval.end, now)}"
    elif now is not None:
        shown += f", {show_ago(interval.start, interval.precision, now)}"
    if found.state.uncertain_since is not None:
        doubt = show_date(found.state.uncertain_since, Precision.DAY)
        shown += f"; uncertain since {doubt}, {found.state.uncertain_because}"
    return shown


def _day(at: datetime, now: datetime | None) -> str:
    shown = show_date(at, Precision.DAY)
    return shown if now is None else f"{shown}, {show_ago(at, Precision.DAY, now)}"


def _source(found: FoundFact) -> Source | None:
    return next((s for s in found.fact.sources if s.quote), None)


def _quoted(source: Source | None, known: str = "") -> str:
    """Return a quote with who said it when, unless the day stands before it already."""
    if source is None:
        return ""
    said = show_date(source.at, Precision.DAY) if source.at else ""
    who = ", ".join(part for part in (source.speaker, said if said not in known else "") if part)
    return f': "{_one_line(source.quote)}"' + (f" ({who})" if who else "")


def _one_line(text: str) -> str:
    """Return a text without line breaks, so that none of it looks like a line of its own."""
    return " ".join(text.split())


def _offers(found: Evidence, template: Template, now: datetime, worth: Worth) -> list[Offer]:
    values = {f.episode.id: 1 / (rank + worth.message_from) for rank, f in enumerate(found.episodes)}
    offers: list[Offer] = []
    if template != "facts":
        offers += [_message(f, now, values[f.episode.id], found.outdated) for f in found.episodes]
    if template != "quotes":
        texts = {f.episode.id: _one_line(f.episode.text) for f in found.episodes}
        for rank, f in enumerate(found.facts):
            quote = _source(f) if template == "mixed" else None
            stated = max((values.get(s.episode_id, 0.0) for s in f.fact.sources), default=0.0)
            value = worth.fact / (rank + worth.fact_from) + worth.stated * stated
            offers.append(replace(_fact(f, quote, texts, now, value), leading=rank < LEADING))
    return offers


def _message(found: FoundEpisode, now: datetime, value: float, outdated: Collection[str]) -> Offer:
    said = found.episode
    line = f"{said.speaker}: {_one_line(said.text)}" + (f" {OUTDATED}" if said.id in outdated else "")
    return Offer(
        id=said.id,
        text=line,
        bare=line,
        value=value,
        messages=(said.id,),
        section=SAID,
        heading=f"{_day(said.at, now)}:",
        at=said.at,
        seq=said.seq,
        whole=frozenset({said.id}),
        is_message=True,
    )


def _fact(found: FoundFact, quote: Source | None, texts: Mapping[str, str], now: datetime, value: float) -> Offer:
    dates = validity(found, now)
    bare = f"{found.fact.text} ({dates})"
    if quote is not None and not _pays(quote.quote, bare):
        quote = None
    words = _one_line(quote.quote) if quote else ""
    return Offer(
        id=found.fact.id,
        text=bare + _quoted(quote, dates),
        bare=bare,
        value=value,
        messages=tuple(s.episode_id for s in found.fact.sources),
        section=FACTS,
        heading=f"About {found.fact.subject}:",
        at=found.state.interval.start,
        quote=words,
        whole=frozenset({quote.episode_id}) if quote and texts.get(quote.episode_id) == words else frozenset(),
    )


def _pays(quote: str, line: str) -> bool:
    """Tell whether a quote is short, and says a word that the line does not."""
    return len(quote) <= QUOTED and not set(stems(quote)) <= set(stems(line))


def _over(withdrawn: Sequence[FoundFact], template: Template, now: datetime) -> list[Offer]:
    offers: list[Offer] = []
    for rank, found in enumerate(withdrawn):
        dates = validity(found, now)
        ended = found.ended_by if template != "facts" else None
        line = f"{found.fact.text} ({dates}){_quoted(ended, dates)}"
        sources = (*found.fact.sources, *((found.ended_by,) if found.ended_by is not None else ()))
        offers.append(
            Offer(
                id=found.fact.id,
                text=line,
                bare=line,
                value=1 / (rank + 1),
                messages=tuple(dict.fromkeys(s.episode_id for s in sources)),
                section=REMOVED if found.fact.forgotten_at is not None else over_heading(found),
                at=found.state.interval.start,
            )
        )
    return offers


def _laid_out(chosen: Sequence[Offer], warning: str) -> Context:
    """Put lines under their headings, in order of time, and label them F1, F2 ..., M1, M2 ..."""
    lines = shown_lines(chosen)
    numbers = {"F": count(1), "M": count(1)}
    parts: list[str] = [warning] if warning else []
    citations: list[Citation] = []
    for section in (FACTS, ENDED, PAST, REMOVED, SAID):
        shown = [section]
        for heading, group in _grouped([o for o in chosen if o.section == section]):
            shown += [heading] if heading else []
            for offer in group:
                letter = "M" if offer.is_message else "F"
                label = f"{letter}{next(numbers[letter])}"
                shown.append(f"{label} {lines[offer.id]}")
                fact = None if offer.is_message else offer.id
                citations.append(Citation(label=label, fact_id=fact, episode_ids=offer.messages))
        parts += ["\n".join(shown)] if len(shown) > 1 else []
    return Context(text="\n\n".join(parts), citations=tuple(citations))


def _grouped(offers: Sequence[Offer]) -> list[tuple[str, list[Offer]]]:
    """Group by heading, each in order of time; messages' days so too, subjects by their best."""
    groups: dict[str, list[Offer]] = {}
    for offer in sorted(offers, key=_time if offers and offers[0].is_message else _worst_last):
        groups.setdefault(offer.heading, []).append(offer)
    return [(heading, sorted(group, key=_time)) for heading, group in groups.items()]


def _worst_last(offer: Offer) -> tuple[float, str]:
    return -offer.value, offer.id


def _time(offer: Offer) -> tuple[datetime, int, str]:
    return offer.at, offer.seq, offer.id
