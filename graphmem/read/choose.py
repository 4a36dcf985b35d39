"""Choosing what goes into a context: the most worth for its length first, within a budget of tokens; pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

LABEL = "M10"
"""A line's label, for its tokens; which one it gets shows once all lines are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """How much a line is worth: 1 / (rank + `from`), divided by its length to the power of `length`.

    `fact` is what a fact counts by its own rank beside a message, to which comes `stated` times what the best message
    that it was stated in is worth; `covered` is what is left of a line whose messages the context covers already.
    Chosen by the share of evidence in 500, 1,000 and 2,000 tokens on the development half of LoCoMo. Where more is
    `stated`, the share grows, but the messages' own words give way to statements.
    """

    fact: float = 0.3
    stated: float = 0.5
    fact_from: float = 10.0
    message_from: float = 5.0
    length: float = 0.5
    covered: float = 0.02


WORTH = Worth()
_ABOVE_ALL = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A line that may be shown: of a fact or a message, the messages it stands for, where it stands, what it is worth.

    `bare` is the line without its quote, and `whole` the messages whose whole text the line has: its own or quoted.
    What is `leading` is shown before all else, the worthiest first.
    """

    id: str
    text: str
    bare: str
    value: float
    messages: tuple[str, ...]
    section: str
    at: datetime
    heading: str = ""
    seq: int = 0
    quote: str = ""
    whole: frozenset[str] = frozenset()
    is_message: bool = False
    leading: bool = False


@dataclass(slots=True)
class _Chosen:
    left: int
    lines: list[Offer] = field(default_factory=list[Offer])
    covered: set[str] = field(default_factory=set[str])
    whole: set[str] = field(default_factory=set[str])
    quotes: set[str] = field(default_factory=set[str])
    headings: set[str] = field(default_factory=set[str])
    shown: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def line(self, offer: Offer) -> str:
        """Return what would be shown: no quote twice, and none of a message that is there whole."""
        repeats = offer.quote in self.quotes or not self.whole.isdisjoint(offer.messages)
        return offer.bare if repeats else offer.text

    def take(self, offer: Offer, cost: int) -> None:
        """Show an offer's line."""
        if self.line(offer) == offer.text:
            self.whole |= offer.whole
            self.quotes |= {offer.quote} - {""}
        self.left -= cost
        self.lines.append(offer)
        self.shown.add((offer.heading, offer.text))
        self.headings.add(offer.heading)
        self.covered.update(offer.messages)


def choose(
    offers: Sequence[Offer], budget: int, count_tokens: Callable[[str], int], worth: Worth = WORTH
) -> list[Offer]:
    """Return the offers to show, the first chosen first; a message that a quote shows whole is not among them.

    Greedy by worth for length, which for coverage comes near the best (Nemhauser, Wolsey and Fisher 1978).
    """
    chosen = _Chosen(left=budget)
    waiting = [(-_priority(offer, chosen, worth), n) for n, offer in enumerate(offers)]
    heapq.heapify(waiting)
    while waiting:
        priority, n = heapq.heappop(waiting)
        offer = offers[n]
        if (offer.is_message and offer.id in chosen.whole) or (offer.heading, offer.text) in chosen.shown:
            continue
        now = -_priority(offer, chosen, worth)
        if now > priority:
            heapq.heappush(waiting, (now, n))
            continue
        heading = "" if offer.heading in chosen.headings else offer.heading
        line = f"{heading}\n{LABEL} {chosen.line(offer)}"
        # A word is a token at least: most of what no longer fits needs no exact count, which takes longer.
        if len(line.split()) > chosen.left:
            continue
        cost = count_tokens(line)
        if cost <= chosen.left:
            chosen.take(offer, cost)
    return chosen.lines


def shown_lines(chosen: Sequence[Offer]) -> dict[str, str]:
    """Return the lines by id once all are chosen: a quote goes where its message was chosen after it."""
    said = [o for o in chosen if o.is_message]
    shown = _Chosen(left=0, whole={o.id for o in said})
    lines = {o.id: o.text for o in said}
    for offer in chosen:
        if not offer.is_message:
            lines[offer.id] = shown.line(offer)
            shown.take(offer, 0)
    return lines


def _priority(offer: Offer, chosen: _Chosen, worth: Worth) -> float:
    if offer.leading:
        return _ABOVE_ALL + offer.value
    repeats = bool(offer.messages) and chosen.covered.issuperset(offer.messages)
    return offer.value * (worth.covered if repeats else 1.0) / len(offer.text) ** worth.length
