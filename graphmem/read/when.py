"""Times that a question names by how long ago they were: "last summer", "two weeks ago", "yesterday"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graphmem.models import Interval
from graphmem.text import fold

_UNITS = {"day": 1, "week": 7, "weekend": 3, "month": 31, "year": 365}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_NUMBERS = "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|few|couple of|\\d{1,3}"
_AGO = re.compile(rf"\b(?:{_NUMBERS}) (day|week|month|year)s? ago\b")
_LAST = re.compile(r"\b(?:last|this|past) (day|week|weekend|month|year)\b")
_DAY = re.compile(r"\b(yesterday|today|tonight)\b")
_SEASON = re.compile(r"\b(last|this) (spring|summer|autumn|fall|winter)\b")
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
        return _season(season[2], now, this=season[1] == "this")
    if last := _LAST.search(folded):
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
    month = _SEASONS[name]
    start = now.replace(year=now.year - (month == 12), month=month, day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start + timedelta(days=92)
    if not this and end > now:
        start, end = start.replace(year=start.year - 1), end.replace(year=end.year - 1)
    return Window(start=start, end=end)
