"""Dates of the calendar that a question names: days, months, seasons, quarters, holidays, years and decades."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from graphmem.read.times.windows import NamedDate, Place, apart, lead

_MONTHS = """
january february march april may june july august september october november december
"""
_GERMAN = {
    "januar": 1,
    "februar": 2,
    "marz": 3,
    "maerz": 3,
    "mai": 5,
    "juni": 6,
    "juli": 7,
    "oktober": 10,
    "dezember": 12,
}
MONTHS = (
    {form: i for i, name in enumerate(_MONTHS.split(), start=1) for form in (name, name[:3])} | {"sept": 9} | _GERMAN
)
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
HOLIDAYS = {
    "christmas eve": NamedDate(month=12, day=24),
    "christmas": NamedDate(month=12, day=24, length=3),
    "halloween": NamedDate(month=10, day=31),
    "valentine's day": NamedDate(month=2, day=14),
    "new year's eve": NamedDate(month=12, day=31),
    "new year's": NamedDate(month=1, day=1),
}
MOST = 20
"""How many dates of a text are read."""
_TENS = ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"]
DECADES = {name: n for n, name in enumerate(_TENS, start=2)}
# Some are names of people, or words of their own, where nothing else says that they are months.
_ALSO_NAMES = {"january", "jan", "march", "mar", "april", "may", "june", "august", "marz", "mai", "juni", "juli"}


def any_of(words: Iterable[str]) -> str:
    """Return the part of a regular expression that any of some words fits, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


_Y = r"(?:19|20)\d\d"
_OF_YEAR = rf"(?:,? (?:of )?({_Y})\b)?"
_NTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = re.compile(rf"(?<![\w$€£#.,/])(?<!\d-){_Y}\b(?![./:]?\d|%)")
_YEARS = re.compile(rf"(?<![\w$€£#.,/])(?<!\d-)({_Y}) ?[-–] ?({_Y})\b(?!-)")
_ISO = re.compile(rf"\b({_Y})[-/](\d{{1,2}})(?:[-/](\d{{1,2}}))?\b")
_SLASHED = re.compile(rf"\b(\d{{1,2}})([/.])(\d{{1,2}})\2({_Y})\b")
_MONTH = re.compile(rf"\b(?:{_NTH}(?: of)? )?({any_of(MONTHS)})\b\.?(?:,? (?:the )?{_NTH}\b(?!:))?{_OF_YEAR}")
_SEASON = re.compile(rf"\b({any_of(SEASONS)})\b{_OF_YEAR}")
_QUARTER = re.compile(rf"\b(?:({_Y})[ -]?)?q([1-4])\b{_OF_YEAR}")
_HOLIDAY = re.compile(rf"\b({any_of(HOLIDAYS)})(?: day)?\b{_OF_YEAR}")
_TENTH = rf"(?:the |(?<=early )|(?<=mid[ -])|(?<=late ))(?:'?(\d0)'?s|({any_of(DECADES)}))"
_DECADE = re.compile(rf"\b(?:((?:19|20)\d0)'?s|{_TENTH})\b")

_SURE = "in|during|over|throughout|since|until|till|before|after|late|early|mid|between|im"
_LISTED = rf"(?:(?:the|of|\d+|{any_of(MONTHS)}|{any_of(SEASONS)}),? )+"
_PART_OF = "(?:start|beginning|middle|end|half|quarter|days?|weeks?|weekends?) of"
_FROM_TO = rf"(?:between|in|since) {_LISTED}(?:and|or|to|until|till|through)|from {_LISTED}(?:to|until|till|through)"
_SURELY = re.compile(rf"\b(?:(?:{_SURE}|{_PART_OF})[ -](?:the )?|(?:{_FROM_TO}) (?:in )?)$")
_MAYBE = re.compile(r"\b(?:of|on|by|from) $")
_FEAST = re.compile(rf"\b(?:{_SURE}|at|on|by|for|around|of|from) (?:the )?$")
_IN_YEAR = re.compile(rf"(?:^|[,;:(–] ?|\b(?:{_SURE}|of|by|from|for|and|or|to|through|jahr|(?:the|of) year)[ -])$")
_THING = re.compile(r"(?:\b(?:the|a|an|that|his|her|its|their|our|your|my)|'s?) $")


def dates_in(folded: str) -> list[Place]:
    """Return the dates that a folded text names, in order; one without a year takes it from the next, or the last."""
    found = [p for pattern, read in _READERS.items() for m in pattern.finditer(folded) if (p := read(m)) is not None]
    places = apart(found)[:MOST]
    return [replace(p, date=_with_year(p.date, p.begin, places)) for p in places if p.date is not None]


def _with_year(date: NamedDate, begin: int, places: Sequence[Place]) -> NamedDate:
    years = [(p.begin < begin, abs(p.begin - begin), p.date.year) for p in places if p.date and p.date.year]
    return replace(date, year=min(years)[2]) if years and date.year is None else date


def _at(match: re.Match[str], date: NamedDate, *, sure: bool = True) -> Place:
    return Place(begin=match.start(), end=match.end(), date=date, sure=sure)


def _lead(match: re.Match[str], group: int = 0) -> str:
    return lead(match.string, match.start(group))


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _iso(match: re.Match[str]) -> Place | None:
    month = int(match[2])
    return _at(match, NamedDate(year=int(match[1]), month=month, day=_number(match[3]))) if 1 <= month <= 12 else None


def _slashed(match: re.Match[str]) -> Place | None:
    """Read 3/5/2023 as people in America do, 3.5.2023 as those in Germany, 13/5/2023 as it must be."""
    month, day = int(match[1]), int(match[3])
    if match[2] == "." or month > 12:
        month, day = day, month
    return _at(match, NamedDate(year=int(match[4]), month=month, day=day)) if 1 <= month <= 12 else None


def _month(match: re.Match[str]) -> Place | None:
    day = next((int(d) for d in (match[1], match[3]) if d and 1 <= int(d) <= 31), None)
    before = _lead(match, 2)
    date = NamedDate(month=MONTHS[match[2]], year=_number(match[4]), day=day)
    sure = match[2] not in _ALSO_NAMES or date.day is not None or date.year is not None or _SURELY.search(before)
    return _at(match, date, sure=bool(sure)) if sure or _MAYBE.search(before) else None


def _dated(match: re.Match[str], date: NamedDate, before: re.Pattern[str]) -> Place | None:
    """Return the place of a date that has a year, or stands after words of time."""
    return _at(match, date) if date.year is not None or before.search(_lead(match)) else None


def _season(match: re.Match[str]) -> Place | None:
    return _dated(match, NamedDate(month=SEASONS[match[1]], year=_number(match[2]), length=3), _SURELY)


def _quarter(match: re.Match[str]) -> Place | None:
    return _dated(match, NamedDate(month=3 * int(match[2]) - 2, year=_number(match[1] or match[3]), length=3), _SURELY)


def _holiday(match: re.Match[str]) -> Place | None:
    return _dated(match, replace(HOLIDAYS[match[1]], year=_number(match[2])), _FEAST)


def _decade(match: re.Match[str]) -> Place:
    """Read "the 90s" as those of the last century, up to "the 20s" as those of this one."""
    tens = int(match[2] or 0) or 10 * DECADES.get(match[3], 0)
    year = int(match[1]) if match[1] else (1900 if tens > 20 else 2000) + tens
    return _at(match, NamedDate(year=year, length=10))


def _years(match: re.Match[str]) -> Place | None:
    first, last = int(match[1]), int(match[2])
    return _at(match, NamedDate(year=first, length=last - first + 1)) if first <= last else None


def _year(match: re.Match[str]) -> Place | None:
    """Read a number as a year after a word of time, as one of a thing in "the 2022 World Cup"; "order 2019" is none."""
    sure = _IN_YEAR.search(_lead(match))
    thing = _THING.search(_lead(match)) and match.string[match.end() :].startswith(" ")
    return _at(match, NamedDate(year=int(match[0])), sure=bool(sure)) if sure or thing else None


_READERS: dict[re.Pattern[str], Callable[[re.Match[str]], Place | None]] = {
    _ISO: _iso,
    _SLASHED: _slashed,
    _MONTH: _month,
    _SEASON: _season,
    _QUARTER: _quarter,
    _HOLIDAY: _holiday,
    _DECADE: _decade,
    _YEARS: _years,
    _YEAR: _year,
}
