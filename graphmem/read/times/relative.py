"""Times that a question names by how far they are from its own: "yesterday", "last summer", "two weeks ago"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphmem.read.times.amounts import AMOUNT, CALENDAR_YEARS, NUMBER, UNITS, around, moved, number, shifted
from graphmem.read.times.calendar import any_of
from graphmem.read.times.recurring import NAMED, RECURRING, WEEKDAYS, occurrence
from graphmem.read.times.windows import NamedDate, Place, Span, days

_DAYS = {
    "yesterday": -1,
    "last night": -1,
    "today": 0,
    "tonight": 0,
    "this morning": 0,
    "this afternoon": 0,
    "this evening": 0,
    "tomorrow": 1,
}
WORDS_OF_TIME = (*RECURRING, *UNITS, "yesterday", "to", "night", "morning", "afternoon", "evening")
"""The words of which each time relative to another has one."""
_WHOSE = "the|his|her|its|my|our|their|your|these|those"
_IN = "in|over|for|during|within|throughout|at"
_NOT_OF = r"(?! of\b|,? (?:19|20)\d\d\b)"
_DAY = re.compile(rf"\b(?:{any_of(_DAYS)})\b")
_AGO = re.compile(rf"\b{AMOUNT} ago\b")
_HENCE = re.compile(rf"\b(?:in )?{AMOUNT}(?P<sure>'? time\b| from (?:now|today)\b)?{_NOT_OF}")
_LASTING = re.compile(rf"\b(?:{_WHOSE}|{_IN}) (?P<which>last|past|next|coming) {AMOUNT}\b{_NOT_OF}")
_PAST = re.compile(rf"\b(?:(?:{_IN}) (?:{_WHOSE}) last|(?:this )?past) (?P<unit>{any_of(UNITS)})\b{_NOT_OF}")
_NEXT = re.compile(
    rf"\b(?P<which>last|(?:this )?past|this|next|(?:this )?coming) (?P<word>{any_of(RECURRING)})\b{_NOT_OF}"
)
_BUT_ONE = re.compile(rf"\b(?P<word>{any_of(RECURRING)}) (?:before (?P<last>last)|after next)\b")
_NAMED_AGO = re.compile(rf"\b(?P<count>{NUMBER}) (?P<word>{any_of(NAMED)})(?:e?s)? ago\b")
_BARE = re.compile(
    rf"\b(?:on|since|until|till|before|after|by|{_IN}) (?:(?P<day>{any_of(WEEKDAYS)})|the (?P<end>weekend))\b{_NOT_OF}"
)
_VERBS = {"may", "march", "mar"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """When a question is asked, and whether it asks for what is to come."""

    now: datetime
    coming: bool


def relative_places(folded: str, asking: Asking) -> list[Place]:
    """Return the times that a folded text names relative to when it is asked; none at the ends of the calendar."""
    if asking.now.year not in CALENDAR_YEARS:
        return []
    return [p for pattern, read in _READERS.items() for m in pattern.finditer(folded) if (p := read(m, asking))]


def _at(match: re.Match[str], date: NamedDate | None) -> Place | None:
    return Place(begin=match.start(), end=match.end(), date=date, relative=True) if date is not None else None


def _day(match: re.Match[str], asking: Asking) -> Place | None:
    return _at(match, days(asking.now + timedelta(days=_DAYS[match[0]])))


def _ago(match: re.Match[str], asking: Asking) -> Place | None:
    return _moment(match, moved(asking.now, match, back=True))


def _hence(match: re.Match[str], asking: Asking) -> Place | None:
    """Read "in two weeks" as a time to come where the question asks for one: a book is also read in two weeks."""
    sure = match["sure"] or (asking.coming and match[0].startswith("in "))
    return _moment(match, moved(asking.now, match, back=False)) if sure else None


def _moment(match: re.Match[str], at: datetime | None) -> Place | None:
    if at is None:
        return None
    span = around(at, match)
    at = at if span.end - span.start < timedelta(days=1) else at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Place(begin=match.start(), end=match.end(), span=span, at=at, relative=True)


def _lasting(match: re.Match[str], asking: Asking) -> Place | None:
    return _until(match, asking.now, moved(asking.now, match, back=match["which"] in {"last", "past"}))


def _past(match: re.Match[str], asking: Asking) -> Place | None:
    times, unit = UNITS[match["unit"]]
    return _until(match, asking.now, shifted(asking.now, times, unit, back=True))


def _until(match: re.Match[str], one: datetime, other: datetime | None) -> Place | None:
    if other is None:
        return None
    span = Span(start=min(one, other), end=max(one, other))
    return Place(begin=match.start(), end=match.end(), span=span, relative=True)


def _next(match: re.Match[str], asking: Asking) -> Place | None:
    which, word = match["which"], match["word"]
    if which == "this":
        return _at(match, occurrence(word, asking.now, 0)) if word not in _VERBS else None
    return _at(match, occurrence(word, asking.now, -1 if which.endswith(("last", "past")) else 1))


def _but_one(match: re.Match[str], asking: Asking) -> Place | None:
    return _at(match, occurrence(match["word"], asking.now, -2 if match["last"] else 2))


def _named_ago(match: re.Match[str], asking: Asking) -> Place | None:
    return _at(match, occurrence(match["word"], asking.now, -number(match["count"])))


def _bare(match: re.Match[str], asking: Asking) -> Place | None:
    """Read a weekday by itself as the last that has begun, or the next that is not over."""
    word = match["day"] or match["end"]
    present, later = (occurrence(word, asking.now, n) for n in (0, 1 if asking.coming else -1))
    span = present.span if present is not None else None
    due = span is not None and (asking.now < span.end if asking.coming else span.start <= asking.now)
    place = _at(match, present if due else later)
    return replace(place, begin=match.start("day" if match["day"] else "end")) if place is not None else None


_READERS: dict[re.Pattern[str], Callable[[re.Match[str], Asking], Place | None]] = {
    _DAY: _day,
    _AGO: _ago,
    _HENCE: _hence,
    _LASTING: _lasting,
    _PAST: _past,
    _NEXT: _next,
    _BUT_ONE: _but_one,
    _NAMED_AGO: _named_ago,
    _BARE: _bare,
}
