"""What a question says about itself: its words, the speaker and the dates that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeAlias

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
_MONTH = {form: i for i, name in enumerate(_MONTHS, start=1) for form in (name, name[:3])} | {"sept": 9}
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_ISO = re.compile(r"\b((?:19|20)\d\d)[-/](\d{1,2})(?:[-/](\d{1,2}))?\b")
_NTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATE = re.compile(rf"\b(?:{_NTH}(?: of)? )?({_NAMES})\b\.?(?:,? (?:the )?{_NTH}\b(?!:))?(?=(,? (?:19|20)\d\d\b)?)")
# Some are names of people, or words of their own, where nothing else says that they are months.
_ALSO_NAMES = {"january", "jan", "march", "mar", "april", "may", "june", "august"}
_BEFORE_MONTH = re.compile(
    r"\b(?:in|of|on|during|since|until|by|last|this|next|before|after|from|late|early|mid|between)[ -]$"
)
_BOUND = re.compile(r"\b(before|until|till|after|since|from)\s+(?:the\s+)?(?:(?:start|end|beginning) of\s+)?$")
_BETWEEN = re.compile(r"\b(?:between|from)\s+(.{3,30}?)\s+(?:and|to|until|till)\s+(.{3,30})")
# "Last week" is a time and "first place" a prize: neither asks for what came last or first.
_NO_ORDER = (
    "names? words? place half one two three few couple several night day week weekend month year spring summer autumn "
    r"fall winter \d+ (?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
_NOT_ORDER = rf"(?! (?:{'|'.join([*_NO_ORDER.split(), *_MONTHS])})\b)"
_NEWEST = re.compile(rf"\b(?:latest|newest|most recent(?:ly)?|last{_NOT_ORDER})\b")
_OLDEST = re.compile(rf"\b(?:earliest|originally|first{_NOT_ORDER})\b")


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
    bounded = bounded_window(text)
    return Question(
        stems=question_stems(text),
        date=named_date(text) if bounded is None else None,
        window=bounded or named_window(text, now),
        order=named_order(text),
    )


def question_stems(text: str) -> tuple[str, ...]:
    """Return the stems of a question's words that carry meaning, each once."""
    return tuple(dict.fromkeys(stems(" ".join(lucene.content_words(text)))))


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, in order."""
    return tuple(lucene.stem(word) for word in lucene.words(text))


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
    """Return the month, year and day that a question names; what may be a name only beside words of time."""
    found = _dated(fold(text))
    return found[0] if found is not None else None


def bounded_window(text: str) -> Window | None:
    """Return the stretch of time before, after, since or between dates that a question names; None for none."""
    folded = fold(text)
    if (between := _BETWEEN.search(folded)) and (window := _between(between[1], between[2])) is not None:
        return window
    found = _dated(folded)
    bound = _BOUND.search(folded[: found[1]]) if found is not None else None
    if found is None or bound is None or found[0].stretch is None:
        return None
    if bound[1] in {"before", "until", "till"}:
        return Window(start=None, end=found[0].stretch.start)
    return Window(start=found[0].stretch.end if bound[1] == "after" else found[0].stretch.start, end=None)


def _between(one: str, other: str) -> Window | None:
    """Return the stretch from one date to another, whose year counts for both where the first names none."""
    first, last = named_date(f"in {one}"), named_date(f"in {other}")
    if first is None or last is None:
        return None
    begins, ends = replace(first, year=first.year or last.year).stretch, last.stretch
    start, end = begins.start if begins else None, ends.end if ends else None
    return Window(start=start, end=end) if start is not None and end is not None and start < end else None


def _dated(folded: str) -> tuple[NamedDate, int] | None:
    """Return the first date in a folded text, and where it stands."""
    if iso := _ISO.search(folded):
        month = int(iso[2])
        if 1 <= month <= 12:
            return NamedDate(year=int(iso[1]), month=month, day=int(iso[3]) if iso[3] else None), iso.start()
    year = _YEAR.search(folded)
    for date in _DATE.finditer(folded):
        day = next((int(d) for d in (date[1], date[3]) if d and 1 <= int(d) <= 31), None)
        sure = date[2] not in _ALSO_NAMES or day is not None or date[4] is not None
        if sure or _BEFORE_MONTH.search(folded[: date.start(2)]):
            named = NamedDate(month=_MONTH[date[2]], year=int(year[0]) if year else None, day=day)
            return named, date.start()
    return (NamedDate(year=int(year[0])), year.start()) if year is not None else None


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
