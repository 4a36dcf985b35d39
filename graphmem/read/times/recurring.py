"""What comes again, as questions name it: weekdays, months, seasons, holidays, and the weeks and years themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeAlias

from graphmem.read.times.calendar import HOLIDAYS, MONTHS, SEASONS
from graphmem.read.times.windows import NamedDate, days, months

Recurring: TypeAlias = Callable[[datetime, int], NamedDate]
"""The one in the same week or year as a time, or so many later."""


def _of_week(at: datetime, later: int, *, weekday: int, length: int = 1) -> NamedDate:
    return days(at + timedelta(days=weekday - at.weekday() + 7 * later), length)


def _of_year(at: datetime, later: int, *, date: NamedDate) -> NamedDate:
    return replace(date, year=at.year + later)


def _month(at: datetime, later: int) -> NamedDate:
    return months(at.year, at.month + later, 1)


def _quarter(at: datetime, later: int) -> NamedDate:
    return months(at.year, 3 * ((at.month - 1) // 3 + later) + 1, 3)


def _year(at: datetime, later: int) -> NamedDate:
    return NamedDate(year=at.year + later)


def _decade(at: datetime, later: int) -> NamedDate:
    return NamedDate(year=at.year // 10 * 10 + 10 * later, length=10)


WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NAMED: dict[str, Recurring] = {
    **{word: partial(_of_week, weekday=n) for n, word in enumerate(WEEKDAYS)},
    **{word: partial(_of_year, date=NamedDate(month=month)) for word, month in MONTHS.items()},
    **{word: partial(_of_year, date=NamedDate(month=month, length=3)) for word, month in SEASONS.items()},
    **{word: partial(_of_year, date=date) for word, date in HOLIDAYS.items()},
    "weekend": partial(_of_week, weekday=5, length=2),
}
RECURRING: dict[str, Recurring] = {
    **NAMED,
    "week": partial(_of_week, weekday=0, length=7),
    "month": _month,
    "quarter": _quarter,
    "year": _year,
    "decade": _decade,
}


def occurrence(word: str, at: datetime, which: int) -> NamedDate | None:
    """Return the Monday, May or year so many before a time, the first over by then, or after it; 0 for its own."""
    near = [RECURRING[word](at, later) for later in range(-abs(which) - 2, abs(which) + 3)]
    spans = [(date, span) for date in near if (span := date.span) is not None]
    if which < 0:
        return next(islice((d for d, span in reversed(spans) if span.end <= at), -which - 1, None), None)
    if which > 0:
        return next(islice((d for d, span in spans if span.start > at), which - 1, None), None)
    return next((d for d, span in spans if span.start <= at < span.end), RECURRING[word](at, 0))
