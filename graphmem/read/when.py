"""Times that a question names by how long ago they were: "last summer", "two weeks ago", "yesterday"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graphmem.models import Interval
from graphmem.text import fold

_UNITS = {"day": 1, "week": 7, "weekend": 3, "month": 31, "year": 365}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_COUNTS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_COUNT = {word: n for n, word in enumerate(_COUNTS, start=1)} | {"a": 1, "an": 1, "few": 3, "couple of": 2}
_NUMBERS = "|".join([*_COUNT, r"\d{1,3}"])
_AGO = re.compile(rf"\b(?:{_NUMBERS}) (day|week|month|year)s? ago\b")
_LAST = re.compile(r"\b(?:last|this|past|next) (day|week|weekend|month|year)\b")
_LASTING = re.compile(rf"\b(?:last|past) ({_NUMBERS}) (day|week|month|year)s\b")
_DAY = re.compile(r"\b(yesterday|today|tonight)\b")
_SEASON = re.compile(
    r"\b(?:(last|this) (spring|summer|autumn|fall|winter)|(spring|summer|autumn|winter)(?: of)? (\d{4}))\b"
)
_VAGUE = re.compile(r"\b(few|couple of)\b")


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
        return 0.4 if self.start - width <= at < self.end + width else 0.0

    def meets(self, interval: Interval) -> bool:
        """Tell whether an interval has a moment in it."""
        begins = self.end is None or interval.start < self.end
        return begins and (self.start is None or interval.end is None or self.start < interval.end)


def named_window(text: str, now: datetime) -> Window | None:
    """Return the stretch of time that a question names relative to `now`; None where it names none."""
    folded = fold(text)
    if season := _SEASON.search(folded):
        return _of_year(season[3], int(season[4])) if season[3] else _season(season[2], now, this=season[1] == "this")
    if lasting := _LASTING.search(folded):
        days = timedelta(days=_UNITS[lasting[2]] * (_COUNT.get(lasting[1]) or int(lasting[1])))
        return Window(start=now - days, end=now)
    if last := _LAST.search(folded):
        if last[0].startswith("next"):
            return Window(start=now, end=now + timedelta(days=2 * _UNITS[last[1]]))
        days = timedelta(days=_UNITS[last[1]])
        return Window(start=now - 2 * days if last[0].startswith(("last", "past")) else now - days, end=now)
    phrase = _AGO.search(folded) or _DAY.search(folded)
    return _around(phrase[0], phrase[1], now) if phrase else None


def _around(phrase: str, unit: str, now: datetime) -> Window | None:
    import dateparser  # noqa: PLC0415  (takes 0.3 s: only for questions that name such a time)

    settings: dict[str, Any] = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past"}
    at = dateparser.parse(_VAGUE.sub("3", phrase), languages=["en"], settings=settings)
    if at is None:
        return None
    half = timedelta(days=_UNITS.get(unit, 1) / 2)
    middle = at.replace(tzinfo=now.tzinfo)
    return Window(start=middle - half, end=middle + half)


def _season(name: str, now: datetime, *, this: bool) -> Window:
    """Return the season's three months, of the northern half: this year's, or the last that is over."""
    # A winter begins in the year before the one that most of it is in.
    late = _SEASONS[name] == _SEASONS["winter"] and now.month < _SEASONS["winter"]
    found = _of_year(name, now.year - late)
    return found if this or (found.end is not None and found.end <= now) else _of_year(name, now.year - late - 1)


def _of_year(name: str, year: int) -> Window:
    start = datetime(year, _SEASONS[name], 1, tzinfo=UTC)
    return Window(start=start, end=start + timedelta(days=92))
