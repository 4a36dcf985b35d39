"""The times that a question names, put together: parts of dates, what is before and after, from one to another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from graphmem.read.times.amounts import AMOUNT, NUMBER, around, moved, number, shifted
from graphmem.read.times.calendar import DECADES, any_of, dates_in
from graphmem.read.times.recurring import NAMED, occurrence
from graphmem.read.times.relative import WORDS_OF_TIME, Asking, relative_places
from graphmem.read.times.windows import NamedDate, Place, Span, Window, apart, days, lead, months, nearest, part
from graphmem.text import fold

_PARTS = {"early": (0, 3), "mid": (1, 3), "late": (2, 3)}
_PARTS_OF = {
    "start": (0, 3),
    "beginning": (0, 3),
    "middle": (1, 3),
    "end": (2, 3),
    "first half": (0, 2),
    "second half": (1, 2),
    "last half": (1, 2),
    "first quarter": (0, 4),
    "second quarter": (1, 4),
    "third quarter": (2, 4),
    "fourth quarter": (3, 4),
    "last quarter": (3, 4),
}
_PART = re.compile(rf"\b(?:the )?(?:({any_of(_PARTS)})(?: in |-| )|({any_of(_PARTS_OF)}) of )(?:the )?(?:year )?$")
_NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_UNIT_OF = re.compile(
    rf"\b(?:the )?(?P<nth>{any_of(_NTH)}) (?:(?P<count>{NUMBER}) )?(?P<unit>day|week|weekend|month)s? "
    r"(?:of|in) (?:the )?$"
)
_AROUND = re.compile(r"\b(?:the )?(week|weekend) of (?:the )?$")
_FROM_DAY = re.compile(r"\b(?:between |from )(?:the )?(\d{1,2})(?:st|nd|rd|th)? ?(?:to|and|until|till|-|–) ?(?:the )?$")
_SIDE = "(?P<side>before|after) (?:the )?"
_MOVED = re.compile(rf"\b{AMOUNT} {_SIDE}$")
_BESIDE = re.compile(rf"\bthe (?P<unit>day|night|week|month|year) {_SIDE}$")
_NAMED_BESIDE = re.compile(rf"\bthe (?P<word>{any_of(NAMED)}) {_SIDE}$")
_BOUND = re.compile(
    r"\b(before|prior to|until|till|up to|after|since|from)\s+(?:the )?(?:(start|beginning|end) of )?(?:the )?$"
)
_JOINED = re.compile(r" ?(?:,? (and|or|&|to|through|until|till|and until)\b|[-–]) ?(?:in |on |at |from )?(?:the )?")
_FROM = re.compile(r"\b(between|from|since) (?:the )?$")
_HINT = re.compile(rf"\d|\b(?:{any_of([*WORDS_OF_TIME, *DECADES])})")
_COMING = re.compile(
    r"\b(?:will|shall|going to|gonna|plans?|planned|planning|upcoming|coming|next|due|scheduled)\b|'ll\b"
)
_UP_TO = {"before", "prior to", "until", "till", "up to"}
_MOMENT = timedelta(microseconds=1)
_PAST = re.compile(r"\b(?:did|was|were|had)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a question says of time.

    `date` is for ranking: a date of which years that are not named all fit, since a conversation may be asked about
    years after. `window` is for ranking too, where a time is none of the calendar. `stretch` is in which facts are to
    have held: there a month by itself, "in May", is the last that has begun, or the coming one of what is to come.
    """

    date: NamedDate | None = None
    window: Window | None = None
    stretch: Window | None = None


def read_times(text: str, now: datetime) -> tuple[Times, str]:
    """Return the times that a question names, relative ones being so to `now`, and its folded words without them."""
    folded = fold(text).replace("’", "'")
    if _HINT.search(folded) is None:
        return Times(), folded
    coming = _COMING.search(folded) is not None and _PAST.search(folded) is None
    asking = Asking(now=now, coming=coming)
    named = apart([*relative_places(folded, asking), *dates_in(folded)])
    places = [_whole(folded, p, asking) for p in named]
    if not places:
        return Times(), folded
    return _joined(folded, places, now) or _bounded(folded, min(places, key=_doubt)), _without(folded, places)


def _doubt(place: Place) -> tuple[bool, bool, bool]:
    """Order times: what is surely one, what does not depend on when it is asked, what is no whole year."""
    return not place.sure, place.relative, place.date is not None and place.date.month is None


def _without(folded: str, places: list[Place]) -> str:
    for place in reversed(places):
        folded = f"{folded[: place.begin]} {folded[place.end :]}"
    return folded


def _whole(folded: str, place: Place, asking: Asking) -> Place:
    """Return a place with its days, and with what stands before it: the part of it, or how long before or after."""
    if place.date is not None:
        place = replace(place, span=nearest(place.date, asking.now, coming=asking.coming).span)
    if _BOUND.search(lead(folded, place.begin)) is None:
        place = _part(folded, place, asking)
    return _beside(lead(folded, place.begin), place)


def _part(folded: str, place: Place, asking: Asking) -> Place:
    """Return the part of a date that its text names: "early", "the last week of", "the week of", "from 3 to"."""
    if place.date is None:
        return place
    whole = nearest(place.date, asking.now, coming=asking.coming)
    for pattern, read in _WITHIN.items():
        named = pattern.search(lead(folded, place.begin))
        found = read(whole, named) if named is not None else None
        if named is not None and found is not None and found.span is not None:
            date = found if place.date.year is not None else replace(found, year=None)
            return replace(place, begin=named.start(), date=date, span=found.span)
    return place


def _part_of(whole: NamedDate, named: re.Match[str]) -> NamedDate | None:
    return part(whole, *(_PARTS[named[1]] if named[1] else _PARTS_OF[named[2]]))


def _week_of(whole: NamedDate, named: re.Match[str]) -> NamedDate | None:
    span = whole.span
    return occurrence(named[1], span.start, 0) if span is not None and whole.day is not None else None


def _from_day(whole: NamedDate, named: re.Match[str]) -> NamedDate | None:
    first = int(named[1])
    return replace(whole, day=first, length=whole.day - first + 1) if whole.day is not None else None


def _units_of(whole: NamedDate, named: re.Match[str]) -> NamedDate | None:
    """Return the first week, the last three days, the second weekend of a date."""
    span = whole.span
    if span is None:
        return None
    nth, count = _NTH[named["nth"]], number(named["count"]) if named["count"] else 1
    if named["unit"] == "weekend":
        at, which = (span.end, nth) if nth < 0 else (span.start - _MOMENT, nth + 1)
        return occurrence("weekend", at, which)
    if named["unit"] == "month":
        first = span.end.month - count if nth < 0 else span.start.month + nth * count
        return months(span.end.year if nth < 0 else span.start.year, first, count)
    length = count * (7 if named["unit"] == "week" else 1)
    return days(span.end - timedelta(days=length) if nth < 0 else span.start + timedelta(days=nth * length), length)


_WITHIN: dict[re.Pattern[str], Callable[[NamedDate, re.Match[str]], NamedDate | None]] = {
    _PART: _part_of,
    _UNIT_OF: _units_of,
    _AROUND: _week_of,
    _FROM_DAY: _from_day,
}


def _beside(before: str, place: Place) -> Place:
    """Return the time that is before or after a place, where its text says so: "the day before", "a week after"."""
    if place.span is None:
        return place
    if amount := _MOVED.search(before):
        back = amount["side"] == "before"
        at = moved(place.span.start if back else place.span.end - timedelta(days=1), amount, back=back)
        return replace(place, begin=amount.start(), date=None, at=at, span=around(at, amount)) if at else place
    if named := _NAMED_BESIDE.search(before):
        back = named["side"] == "before"
        date = occurrence(named["word"], place.span.start if back else place.span.end - _MOMENT, -1 if back else 1)
        return replace(place, begin=named.start(), date=date, span=date.span) if date else place
    if named := _BESIDE.search(before):
        return _next_to(place, place.span, named)
    return place


def _next_to(place: Place, span: Span, named: re.Match[str]) -> Place:
    unit = "day" if named["unit"] == "night" else named["unit"]
    if named["side"] == "before":
        start, end = shifted(span.start, 1, unit, back=True), span.start
    else:
        start, end = span.end, shifted(span.end, 1, unit, back=False)
    if start is None or end is None:
        return place
    date = days(start, (end - start).days)
    return replace(place, begin=named.start(), date=date, span=date.span, at=None)


def _joined(folded: str, places: list[Place], now: datetime) -> Times | None:
    """Return the time from one of a question's dates to the next where it says so: "between", "from ... to", "and"."""
    for one, other in pairwise(places):
        joined = _JOINED.fullmatch(folded[one.end : other.begin])
        begun = _FROM.search(lead(folded, one.begin))
        if joined is None or not _belong(one, other, begun[1] if begun else None, joined[1]):
            continue
        if (window := _from(one, other, now)) is not None:
            return _times(window, one.date)
    return None


def _belong(one: Place, other: Place, begun: str | None, joint: str | None) -> bool:
    """Tell whether two dates are surely such: a letter may be from April and May, who are people."""
    return (one.sure and other.sure) or begun == "between" or (begun is not None and joint not in {"and", "or", "&"})


def _from(one: Place, other: Place, now: datetime) -> Span | None:
    """Return the time from a date to another; one without a year is the last that begins before the other is over."""
    if one.span is None or other.span is None:
        return None
    dates = one.date.around(now) if one.date is not None else []
    starts = [one.span.start, *(span.start for d in reversed(dates) if (span := d.span) is not None)]
    start = next((s for s in starts if s < other.span.end), None)
    return Span(start=start, end=other.span.end) if start is not None else None


def _bounded(folded: str, place: Place) -> Times:
    """Return the time of a place, or what is before or after it where its text says so."""
    bound = _BOUND.search(lead(folded, place.begin))
    if place.span is None or not place.sure:
        return Times(date=place.date)
    if bound is None or (bound[1] == "from" and place.relative):
        window = place.span if place.date is None else None
        return Times(date=place.date, window=window, stretch=place.span)
    span = Span(start=place.at, end=place.at) if place.at is not None else place.span
    if bound[2] is not None:
        edge = span.end if bound[2] == "end" else span.start
        span = Span(start=edge, end=edge)
    if bound[1] in _UP_TO:
        return _times(Window(start=None, end=span.start))
    if bound[1] == "after":
        return _times(Window(start=span.end, end=None))
    return _times(Window(start=span.start, end=None), place.date)


def _times(window: Window, within: NamedDate | None = None) -> Times:
    """Return a stretch as the times of a question, for ranking also each year's date within it that has no year."""
    return Times(date=within if within is not None and within.year is None else None, window=window, stretch=window)
