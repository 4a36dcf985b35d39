"""Dates as people state them: a year, a month, a week, a day or a moment, always in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from graphmem.models import Precision

_FORMS = (
    (re.compile(r"\d{4}"), "%Y", Precision.YEAR),
    (re.compile(r"\d{4}-\d{2}"), "%Y-%m", Precision.MONTH),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", Precision.DAY),
)
_WEEK_OF = re.compile(r"week of (\d{4}-\d{2}-\d{2})")
WRITE = 'YYYY, YYYY-MM, YYYY-MM-DD or "week of YYYY-MM-DD"'
"""The forms of dates, as advice for whoever wrote none of them."""


def parse_date(text: str) -> tuple[datetime, Precision]:
    """Read YYYY, YYYY-MM, YYYY-MM-DD, "week of YYYY-MM-DD" (from its Monday) or an ISO time with zone.

    Raises ValueError, also beyond the years 1 to 9998.
    """
    stripped = text.strip()
    if week := _WEEK_OF.fullmatch(stripped):
        within, _ = parse_date(week[1])
        return _monday(within), Precision.WEEK
    for form, pattern, precision in _FORMS:
        if form.fullmatch(stripped):
            return _bounded(datetime.strptime(stripped, pattern).replace(tzinfo=UTC)), precision
    at = datetime.fromisoformat(stripped)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return _bounded(at.astimezone(UTC)), Precision.INSTANT
    except OverflowError as exc:
        raise ValueError(f"{text!r} lies before the year 1 or after 9998 in UTC") from exc


def _monday(at: datetime) -> datetime:
    try:
        return at - timedelta(days=at.weekday())
    except OverflowError as exc:
        raise ValueError("the week begins before the year 1") from exc


def _bounded(at: datetime) -> datetime:
    if at.year > 9998:
        raise ValueError(f"the year {at.year} is beyond 9998")
    return at


def after(at: datetime, precision: Precision) -> datetime:
    """Return the first moment after the stated day, week, month or year; the moment itself for an instant."""
    match precision:
        case Precision.YEAR:
            return at.replace(year=at.year + 1)
        case Precision.MONTH:
            return (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        case Precision.WEEK:
            return at + timedelta(days=7)
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
        case Precision.WEEK:
            return f"the week of {at.day} {at:%b} {at.year}"
        case Precision.DAY | Precision.INSTANT:
            return f"{at.day} {at:%b} {at.year}"


def show_event(at: datetime, precision: Precision) -> str:
    """Return when something happened, as people say it: "on 7 Dec 2024", "in 2014"."""
    return f"{'on' if precision in {Precision.DAY, Precision.INSTANT} else 'in'} {show_date(at, precision)}"


def show_ago(at: datetime, precision: Precision, now: datetime) -> str:
    """Return how long ago a date was, no finer than it was stated: "today", "5 months ago", "in 2 years"."""
    years = now.year - at.year
    months = years * 12 + now.month - at.month
    days = (now.date() - at.date()).days
    if precision is Precision.YEAR:
        return _ago(years, "year", ("this year", "last year", "next year"))
    if precision is Precision.MONTH and abs(months) < 12:
        return _ago(months, "month", ("this month", "last month", "next month"))
    if precision is Precision.WEEK and abs(days) < 60:
        return _ago(days // 7, "week", ("this week", "last week", "next week"))
    if precision is not Precision.MONTH and abs(days) < 14:
        return _ago(days, "day", ("today", "yesterday", "tomorrow"))
    if precision is not Precision.MONTH and abs(days) < 60:
        return _ago(int(days / 7), "week")
    whole = months if precision is Precision.MONTH else int(days / 30.44)
    return _ago(whole, "month") if abs(whole) < 24 else _ago(int(whole / 12), "year")


def _ago(passed: int, unit: str, near: tuple[str, str, str] | None = None) -> str:
    """Put a number of units into words; `near` are those for none, one passed and one to come."""
    if near is not None and abs(passed) < 2:
        return near[passed]
    counted = f"{abs(passed)} {unit}{'' if abs(passed) == 1 else 's'}"
    return f"{counted} ago" if passed > 0 else f"in {counted}"
