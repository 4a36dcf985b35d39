"""What a question says about itself: its words, the speaker and the dates that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import snowballstemmer

from graphmem import lucene
from graphmem.dates import after
from graphmem.models import Precision
from graphmem.read.when import Window, named_window
from graphmem.text import fold

Order: TypeAlias = Literal["newest", "oldest"]
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = {form: i for i, name in enumerate(_MONTHS, start=1) for form in (name, name[:3])}
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\b(?!:)")
# "Last week" is a time and "first place" a prize: neither asks for what came last or first.
_NO_ORDER = (
    "names? words? place half one two three few couple several night day week weekend month year spring summer autumn "
    r"fall winter \d+ (?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
_NOT_ORDER = rf"(?! (?:{'|'.join([*_NO_ORDER.split(), *_MONTHS])})\b)"
_NEWEST = re.compile(rf"\b(?:latest|newest|most recent(?:ly)?|last{_NOT_ORDER})\b")
_OLDEST = re.compile(rf"\b(?:earliest|originally|first{_NOT_ORDER})\b")
_STEMMER: Any = snowballstemmer.stemmer("english")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDate:
    """A date in a question; what was not named is None."""

    month: int | None = None
    year: int | None = None
    day: int | None = None

    @property
    def stretch(self) -> Window | None:
        """The named day, month or year; None where no year was named."""
        if self.year is None:
            return None
        precision = Precision.YEAR if self.month is None else Precision.MONTH if self.day is None else Precision.DAY
        try:
            start = datetime(self.year, self.month or 1, self.day or 1, tzinfo=UTC)
        except ValueError:  # 31 June
            return None
        return Window(start=start, end=after(start, precision))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question's stems, the dates in it, and whether it asks for what came last or first."""

    stems: tuple[str, ...]
    date: NamedDate | None
    window: Window | None = None
    order: Order | None = None

    @property
    def stretch(self) -> Window | None:
        """The stretch of time that the question is about; None where it names none."""
        return self.window or (self.date.stretch if self.date is not None else None)

    def fit(self, at: datetime) -> float:
        """Return how well a time fits the date that the question names, or the stretch of time, 0 to 1.5."""
        return max(date_fit(self.date, at), self.window.fit(at) if self.window is not None else 0.0)


def read_question(text: str, now: datetime) -> Question:
    """Return what a question says about itself; times that are relative are so to `now`."""
    return Question(
        stems=question_stems(text), date=named_date(text), window=named_window(text, now), order=named_order(text)
    )


def question_stems(text: str) -> tuple[str, ...]:
    """Return the stems of a question's words that carry meaning, each once."""
    return tuple(dict.fromkeys(stems(" ".join(lucene.content_words(text)))))


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, in order."""
    return tuple(_stem(word) for word in lucene.words(text))


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return _STEMMER.stemWord(word.removesuffix("'s"))


def named_order(text: str) -> Order | None:
    """Return whether a question asks for what came last or first of its kind; "last week" is no such order."""
    folded = fold(text)
    return "newest" if _NEWEST.search(folded) else "oldest" if _OLDEST.search(folded) else None


def named_speaker(text: str, speakers: Iterable[str]) -> str | None:
    """Return the one speaker whose name the question says, None for none or several."""
    asked = {w.removesuffix("'s") for w in lucene.words(text)}
    named = {s for s in speakers if set(lucene.words(s)) & asked}
    return named.pop() if len(named) == 1 else None


def named_date(text: str) -> NamedDate | None:
    """Return the month, year and day that a question names; "may" only counts beside a number or as "in May"."""
    folded = fold(text)
    found = lucene.words(folded)
    month = next((_MONTH[w] for w in found if w in _MONTH and w != "may"), None)
    if month is None and re.search(
        r"\b(in|of|on|during|since|until|by|last|this) may\b|\bmay,? \d|\d(st|nd|rd|th)? may\b", folded
    ):
        month = 5
    year = _YEAR.search(folded)
    if month is None and year is None:
        return None
    day = next((int(m[1]) for m in _DAY.finditer(folded) if 1 <= int(m[1]) <= 31), None) if month else None
    return NamedDate(month=month, year=int(year[0]) if year else None, day=day)


def date_fit(named: NamedDate | None, at: datetime) -> float:
    """Return how well a time fits a named date, 0 to 1.5: the month, the month after, the day, the days that follow.

    Weights measured on the development half of LoCoMo.
    """
    if named is None:
        return 0.0
    if named.month is None:
        return 0.5 if at.year == named.year else 0.0
    months = (at.year - (named.year or at.year)) * 12 + at.month - named.month
    if months == 1:
        return 0.4
    if months != 0:
        return 0.0
    if named.day is None:
        return 1.0
    later = at.day - named.day
    return 1.5 if later == 0 else 1.2 if 0 < later <= 10 else 0.8
