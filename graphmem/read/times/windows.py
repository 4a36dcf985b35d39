"""Stretches of time that questions are about: windows, and dates as a calendar has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from graphmem.dates import after
from graphmem.models import Interval, Precision

_YEARS = range(-8, 9)
"""Which years around another are looked at for a date: 29 February may be missing for eight of them."""

_LEAD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, from `start` up to `end`, that a question is about; without either it is open there."""

    start: datetime | None
    end: datetime | None

    def fit(self, at: datetime) -> float:
        """Return 1 inside, .4 as far again to both sides where it has both, else 0."""
        if (self.start is None or self.start <= at) and (self.end is None or at < self.end):
            return 1.0
        if self.start is None or self.end is None:
            return 0.0
        width = self.end - self.start
        return 0.4 if timedelta() <= self.start - at <= width or timedelta() <= at - self.end < width else 0.0

    def meets(self, interval: Interval) -> bool:
        """Tell whether an interval has a moment in it."""
        begins = self.end is None or interval.start < self.end
        return begins and (self.start is None or interval.end is None or self.start < interval.end)


ALL_TIMES = Window(start=None, end=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Window):
    """A window with both its ends, as a date has them."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDate:
    """A date in a question, what was not named being None: `length` of the finest that was, for a quarter 3 months."""

    month: int | None = None
    year: int | None = None
    day: int | None = None
    length: int = 1

    @property
    def span(self) -> Span | None:
        """All days of it; None where no year was named, for 31 June, and for none at all."""
        if self.year is None or self.length < 1:
            return None
        precision = Precision.YEAR if self.month is None else Precision.MONTH if self.day is None else Precision.DAY
        try:
            start = end = datetime(self.year, self.month or 1, self.day or 1, tzinfo=UTC)
            for _ in range(self.length):
                end = after(end, precision)
        except (ValueError, OverflowError):
            return None
        return Span(start=start, end=end)

    def around(self, now: datetime) -> list[NamedDate]:
        """Return it with its year, or in each of the years around `now`, in order."""
        return [self] if self.year is not None else [replace(self, year=now.year + n) for n in _YEARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A time that a text names, and where: a date, or the `span` around a moment `at`; `relative` is one to the asking.

    Not `sure` is what may be no time: the year of a thing, or a name.
    """

    begin: int
    end: int
    date: NamedDate | None = None
    span: Span | None = None
    at: datetime | None = None
    relative: bool = False
    sure: bool = True


def apart(found: Iterable[Place]) -> list[Place]:
    """Return the places in order without those that another overlaps which begins before, or is longer."""
    places: list[Place] = []
    for place in sorted(found, key=lambda p: (p.begin, -p.end)):
        if not places or place.begin >= places[-1].end:
            places.append(place)
    return places


def lead(text: str, begin: int) -> str:
    """Return the words before a place, as many as may belong to it."""
    return text[max(0, begin - _LEAD) : begin]


def days(at: datetime, length: int = 1) -> NamedDate:
    """Return the day of a time, or so many from it on."""
    return NamedDate(year=at.year, month=at.month, day=at.day, length=length)


def months(year: int, month: int, length: int) -> NamedDate:
    """Return so many months, from the one so many after the December before the year."""
    return NamedDate(year=year + (month - 1) // 12, month=(month - 1) % 12 + 1, length=length)


def nearest(date: NamedDate, now: datetime, *, coming: bool) -> NamedDate:
    """Return a date with its year: without one, of those that have begun the last, or the first that is not over."""
    dated = [(d, span) for d in date.around(now) if (span := d.span) is not None]
    begun = [d for d, span in dated if span.start <= now]
    ahead = [d for d, span in dated if span.end > now]
    return next(iter(ahead if coming else reversed(begun)), date)


def part(date: NamedDate, number: int, of: int) -> NamedDate | None:
    """Return one of so many equal parts of a date that has a year, 0 for the first: of a year in months, else in days.

    None where there is no such part.
    """
    span = date.span
    if span is None or date.year is None or number >= of:
        return None
    whole = date.length * 12 if date.month is None else date.length if date.day is None else 1
    if whole % of == 0:
        return months(date.year, (date.month or 1) + number * (whole // of), whole // of)
    every = (span.end - span.start).days // of
    begins = span.start + timedelta(days=number * every)
    return days(begins, (span.end - begins).days if number == of - 1 else every) if every else None


def date_fit(named: NamedDate | None, at: datetime) -> float:
    """Return how well a time fits a named date, 0 to 1.5: the month, the month after, the day, the days that follow.

    A date without a year fits in every year: a conversation may be asked about long after. Weights measured on the
    development half of LoCoMo.
    """
    return max((_fit(dated, span, at) for dated, span in _spans(named, at.year)), default=0.0) if named else 0.0


@lru_cache(maxsize=1000)
def _spans(named: NamedDate, year: int) -> list[tuple[NamedDate, Span]]:
    """Return a date with its days; without a year, in the given one and the one before, which may last into it."""
    dates = [named] if named.year is not None else [replace(named, year=year), replace(named, year=year - 1)]
    return [(date, span) for date in dates if (span := date.span) is not None]


def _fit(named: NamedDate, span: Span, at: datetime) -> float:
    if span.start <= at < span.end:
        return 0.5 if named.month is None else 1.0 if named.day is None else 1.5
    if named.month is None:
        return 0.0
    last = span.start if named.day is not None else span.end - timedelta(days=1)
    months_later = (at.year - last.year) * 12 + at.month - last.month
    if months_later == 1:
        return 0.4
    if months_later != 0 or named.day is None:
        return 0.0
    return 1.2 if timedelta() <= at - span.end < timedelta(days=10) else 0.8
