"""What a question says about itself: its words, the speaker and the dates that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, TypeAlias

from graphmem import lucene
from graphmem.read.times.calendar import dates_in
from graphmem.read.times.reading import read_times
from graphmem.read.times.windows import NamedDate, Window, date_fit
from graphmem.text import fold

Order: TypeAlias = Literal["newest", "oldest"]
# "Last week" is a time and "first place" a prize: neither asks for what came last or first.
_NO_ORDER = (
    "names? words? place half one two three few couple several night day week weekend month year spring summer autumn "
    r"fall winter \d+ (?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
_NOT_ORDER = rf"(?! (?:{'|'.join(_NO_ORDER.split())})\b)"
_NEWEST = re.compile(rf"\b(?:latest|newest|most recent(?:ly)?|last{_NOT_ORDER})\b")
_OLDEST = re.compile(rf"\b(?:earliest|originally|first{_NOT_ORDER})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question's stems, the times in it, and whether it asks for what came last or first.

    `date` and `window` are for ranking; `stretch` is the time in which what it asks for held. They differ: "in May"
    ranks what was said in any May, and asks for what held in the last one. `order` is what its words say.
    """

    stems: tuple[str, ...]
    date: NamedDate | None
    window: Window | None = None
    stretch: Window | None = None
    order: Order | None = None

    @property
    def meant(self) -> Order | None:
        """Whether it asks for what came last or first; where its time has only an end, "before May", for the last."""
        open_start = self.stretch is not None and self.stretch.start is None
        return self.order or ("newest" if open_start else None)

    def fit(self, at: datetime) -> float:
        """Return how well a time fits the date that the question names, or the stretch of time, 0 to 1.5."""
        return max(date_fit(self.date, at), self.window.fit(at) if self.window is not None else 0.0)


def read_question(text: str, now: datetime) -> Question:
    """Return what a question says about itself; times that are relative are so to `now`."""
    times, rest = read_times(text, now)
    return Question(
        stems=question_stems(text),
        date=times.date,
        window=times.window,
        stretch=times.stretch,
        order=named_order(rest),
    )


def question_stems(text: str) -> tuple[str, ...]:
    """Return the stems of a question's words that carry meaning, each once."""
    return tuple(dict.fromkeys(stems(" ".join(lucene.content_words(text)))))


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, in order."""
    return tuple(lucene.stem(word) for word in lucene.words(text))


def named_order(text: str) -> Order | None:
    """Return whether a question asks for what came last or first of its kind; "last name" is no such order."""
    folded = fold(text)
    return "newest" if _NEWEST.search(folded) else "oldest" if _OLDEST.search(folded) else None


def named_speaker(text: str, speakers: Iterable[str]) -> str | None:
    """Return the one speaker whose name the question says, None for none or several."""
    asked = {w.removesuffix("'s") for w in lucene.words(text)}
    named = {s for s in speakers if set(lucene.words(s)) & asked}
    return named.pop() if len(named) == 1 else None


def named_date(text: str) -> NamedDate | None:
    """Return the first date of the calendar that a question names; what may be a name only beside words of time."""
    return next((place.date for place in dates_in(fold(text))), None)
