"""Times as files write them: ISO, seconds since 1970, and dates as phones write them, in the order of a country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from graphmem.errors import InvalidInput, UnreadableFile
from graphmem.intake.items import DateOrder, Timing

DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,6})?)?(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_WRITTEN = re.compile(rf"(?P<date>{DATE})(?:,?\s+|T)(?P<clock>{CLOCK})")
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,6}))?)?"
    r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\.?)?(?:\s?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{13}")
_MILLISECONDS = 13
_CENTURY = 2000


def named_zone(name: str) -> tzinfo:
    """Return a zone of a name such as Europe/Oslo, or an offset such as +02:00; raises InvalidInput."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    offset = _OFFSET.fullmatch(name)
    try:
        return _offset(offset) if offset else ZoneInfo(name)
    except (ValueError, OSError, KeyError) as exc:
        raise InvalidInput(f"--zone {name!r} is no zone; write Europe/Oslo, UTC or +02:00.") from exc


def order_of(path: Path, dates: Iterable[tuple[str, str]], stated: DateOrder | None) -> DateOrder:
    """Return whether days or months come first in a file, by its dates, each with where it stands.

    Raises UnreadableFile where both are possible, or the dates speak against each other, and nothing is stated.
    """
    if stated is not None:
        return stated
    proof: dict[DateOrder, str] = {}
    doubtful = ""
    for where, date in dates:
        told = _told(date)
        if told is None:
            doubtful = doubtful or f"{where}: {date}"
        elif told != "ymd":
            proof.setdefault(told, f"{where}: {date}")
    if len(proof) == 1:
        return next(iter(proof))
    if proof:
        raise UnreadableFile(
            f"{path}: some dates begin with the day ({proof['dmy']}), some with the month ({proof['mdy']}). Say which "
            "is meant: --dates dmy or --dates mdy; lines that it does not fit are then named."
        )
    if doubtful:
        raise UnreadableFile(
            f"{path}: no date tells whether the day or the month comes first ({doubtful}). Say it: --dates dmy or "
            "--dates mdy."
        )
    return "dmy"


def _told(date: str) -> DateOrder | Literal["ymd"] | None:
    first, second, _ = re.split(r"[-/.]", date)
    if len(first) == 4:
        return "ymd"
    if "." in date or int(first) > 12:
        return "dmy"
    return "mdy" if int(second) > 12 else None


def date_in(text: str) -> str | None:
    """Return the date of a written time, None where it has none in figures and marks."""
    match = _WRITTEN.fullmatch(text.strip())
    return match["date"] if match else None


def read_time(text: str, zone: tzinfo, order: DateOrder) -> tuple[datetime, Timing]:
    """Return a written time, in `zone` where it names none; raises ValueError saying what is wrong."""
    stripped = text.strip()
    if _EPOCH.fullmatch(stripped):
        seconds = float(stripped) / (1000 if len(stripped) == _MILLISECONDS else 1)
        return datetime.fromtimestamp(seconds, UTC), Timing.STATED
    match = _WRITTEN.fullmatch(stripped)
    at = _assembled(match["date"], match["clock"], order) if match else datetime.fromisoformat(stripped)
    return (at, Timing.STATED) if at.tzinfo else (at.replace(tzinfo=zone), Timing.NAIVE)


def _assembled(date: str, clock: str, order: DateOrder) -> datetime:
    first, second, third = re.split(r"[-/.]", date)
    if len(first) == 4:
        year, month, day = first, second, third
    else:
        day, month = (first, second) if order == "dmy" else (second, first)
        year = third if len(third) == 4 else str(_CENTURY + int(third))
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f"{clock!r} is no time of day")
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{clock!r} is no time of day")
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    part = int((match["part"] or "0").ljust(6, "0"))
    second_of = int(match["second"] or 0)
    at = datetime(int(year), int(month), int(day), hour, int(match["minute"]), second_of, part)  # noqa: DTZ001
    return at.replace(tzinfo=_zone(match["zone"])) if match["zone"] else at


def _zone(text: str) -> tzinfo:
    offset = _OFFSET.fullmatch(text)
    return _offset(offset) if offset else UTC


def _offset(match: re.Match[str]) -> tzinfo:
    span = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-span if match[1] == "-" else span)
