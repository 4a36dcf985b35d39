"""Dates as people state them: a year, a month, a day or a moment, always in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from graphmem.models import Precision

_FORMS = (
    (re.compile(r"\d{4}"), "%Y", Precision.YEAR),
    (re.compile(r"\d{4}-\d{2}"), "%Y-%m", Precision.MONTH),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", Precision.DAY),
)


def parse_date(text: str) -> tuple[datetime, Precision]:
    """Read YYYY, YYYY-MM, YYYY-MM-DD or an ISO time with zone; raises ValueError, also beyond the years 1 to 9998."""
    stripped = text.strip()
    for form, pattern, precision in _FORMS:
        if form.fullmatch(stripped):
            return _bounded(datetime.strptime(stripped, pattern).replace(tzinfo=UTC)), precision
    at = datetime.fromisoformat(stripped)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return _bounded(at.astimezone(UTC)), Precision.INSTANT


def _bounded(at: datetime) -> datetime:
    if at.year > 9998:
        raise ValueError(f"the year {at.year} is beyond 9998")
    return at


def after(at: datetime, precision: Precision) -> datetime:
    """Return the first moment after the stated day, month or year; the moment itself for an instant."""
    match precision:
        case Precision.YEAR:
            return at.replace(year=at.year + 1)
        case Precision.MONTH:
            return (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        case Precision.DAY:
            return at + timedelta(days=1)
        case Precision.INSTANT:
            return at


def show_date(at: datetime, precision: Precision) -> str:
    """Return the date as people read it, no finer than it was stated."""
    match precision:
        case Precision.YEAR:
            return f"{at.year}"
        case Precision.MONTH:
            return f"{at:%b} {at.year}"
        case Precision.DAY | Precision.INSTANT:
            return f"{at.day} {at:%b} {at.year}"


def show_event(at: datetime, precision: Precision) -> str:
    """Return when something happened, as people say it: "on 7 Dec 2024", "in 2014"."""
    return f"{'on' if precision in {Precision.DAY, Precision.INSTANT} else 'in'} {show_date(at, precision)}"
