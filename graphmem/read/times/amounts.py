"""Amounts of time as questions say them: "two weeks", "half a year", "a couple of days"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from graphmem.read.times.calendar import any_of
from graphmem.read.times.windows import Span

_ONES = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {
    **{word: n for n, word in enumerate(_ONES.split(), start=1)},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), start=2)},
    "a": 1,
    "an": 1,
    "couple": 2,
    "couple of": 2,
    "few": 3,
    "several": 3,
    "dozen": 12,
}
NUMBER = rf"(?:an? (?=couple|few|dozen))?(?:{any_of(_WORDS)}|\d{{1,3}})"
UNITS = {
    "minute": (1, "minute"),
    "hour": (1, "hour"),
    "day": (1, "day"),
    "week": (1, "week"),
    "fortnight": (2, "week"),
    "month": (1, "month"),
    "year": (1, "year"),
    "decade": (10, "year"),
}
_HALVES = {
    "minute": (30, "second"),
    "hour": (30, "minute"),
    "day": (12, "hour"),
    "week": (84, "hour"),
    "fortnight": (1, "week"),
    "month": (15, "day"),
    "year": (6, "month"),
    "decade": (5, "year"),
}
_VAGUE_DAYS = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1,
    "week": 7,
    "fortnight": 14,
    "month": 31,
    "year": 365,
    "decade": 1095,
}
AMOUNT = (
    rf"(?:(?P<half>half an?)|(?P<count>{NUMBER})(?P<more> and a half)?) "
    rf"(?P<unit>{any_of(UNITS)})s?(?P<also> and a half)?"
)
CALENDAR_YEARS = range(10, 9990)
"""Between which years times are moved: beyond them the calendar ends."""


def moved(at: datetime, amount: re.Match[str], *, back: bool) -> datetime | None:
    """Return the time that is an amount, as `AMOUNT` reads it, before or after another."""
    count = number(amount["count"]) if amount["count"] else 0
    if _halved(amount):
        halves, unit = _HALVES[amount["unit"]]
        return shifted(at, (2 * count + 1) * halves, unit, back=back)
    times, unit = UNITS[amount["unit"]]
    return shifted(at, count * times, unit, back=back)


def _halved(amount: re.Match[str]) -> bool:
    return any(amount[group] for group in ("half", "more", "also"))


def shifted(at: datetime, count: int, unit: str, *, back: bool) -> datetime | None:
    """Return the time that is so many units before or after another; None beyond the calendar."""
    import dateparser  # noqa: PLC0415  (takes 0.3 s: only for questions that name such a time)

    settings: dict[str, Any] = {"RELATIVE_BASE": at.replace(tzinfo=None)}
    text = f"{count} {unit}s ago" if back else f"in {count} {unit}s"
    found = dateparser.parse(text, languages=["en"], settings=settings)
    return found.replace(tzinfo=UTC) if found is not None and found.year in CALENDAR_YEARS else None


def number(words: str) -> int:
    """Return the number of `NUMBER`: "twelve", "12", "a couple of", and three for "a few"."""
    named = re.sub(r"^an? (?=.)", "", words)
    return _WORDS.get(named) or int(named)


def around(at: datetime, amount: re.Match[str]) -> Span:
    """Return the time that an amount is vague about, as long as its unit, or half of it; whole days, but for hours."""
    half = timedelta(days=_VAGUE_DAYS[amount["unit"]] / (4 if _halved(amount) else 2))
    if half < timedelta(hours=12):
        return Span(start=at - half, end=at + half)
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(start=start - timedelta(days=half.days), end=start + timedelta(days=half.days + 1))
