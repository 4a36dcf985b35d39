"""What an editor gives, read: a statement with its value and its dates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from graphmem.dates import WRITE, after, parse_date
from graphmem.errors import InvalidInput
from graphmem.models import Interval, Literal, Modality, Precision
from graphmem.ontology import LiteralKind, Ontology

OPEN = "open"
"""Given for an end, it says that there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement as an editor makes it: names, and the value as a name or a literal."""

    subject: str
    predicate: str
    value: str | Literal
    interval: Interval
    modality: Modality = Modality.SAID


def literal_of(text: str, predicate: str, ontology: Ontology) -> str | Literal:
    """Return a value as the predicate takes it: a name, or a literal; raises InvalidInput."""
    kind = ontology.predicate(predicate).literal
    if kind is None:
        return text
    if kind is LiteralKind.NUMBER:
        number, _, unit = text.partition(" ")
        try:
            read = float(number)
        except ValueError:
            read = math.nan
        if not math.isfinite(read):
            raise InvalidInput(f"{predicate} takes a number, such as 34 or '400 euros', not {text[:100]!r}.")
        return Literal(text=text, number=read, unit=unit or None)
    if kind is LiteralKind.DATE:
        return Literal(text=text, date=stated_date(predicate, text)[0])
    return Literal(text=text)


def stated_date(name: str, given: str | datetime) -> tuple[datetime, Precision]:
    """Read a date as an editor gives it; raises InvalidInput."""
    try:
        return parse_date(given if isinstance(given, str) else given.isoformat())
    except ValueError as exc:
        raise InvalidInput(f"{name}: {given!r} is no date ({exc}); write {WRITE}, or a full time.") from exc


def stated_interval(start: str | datetime | None, end: str | datetime | None, otherwise: Interval) -> Interval:
    """Return the dates that an editor gives, the others as they were; "open" is no end. Raises InvalidInput."""
    first, precision = stated_date("valid_from", start) if start is not None else (otherwise.start, otherwise.precision)
    last = _last(end) if end is not None else otherwise.end
    if last is not None and last <= first:
        raise InvalidInput(f"it would end ({last:%Y-%m-%d}) before it starts ({first:%Y-%m-%d}).")
    return Interval(start=first, end=last, precision=precision, stated=start is not None or otherwise.stated)


def _last(end: str | datetime) -> datetime | None:
    return None if end == OPEN else after(*stated_date("valid_to", end))
