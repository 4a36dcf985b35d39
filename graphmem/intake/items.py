"""What a file holds, piece by piece: messages, what cannot be read, and what is no message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal, TypeAlias

from graphmem.models import Message

DOCUMENT_BYTES = 100_000_000
"""A JSON document is read whole, and so up to this size; files of lines have any size."""


class Format(StrEnum):
    """How a file is written."""

    JSON = "json"
    JSONL = "jsonl"
    TRANSCRIPT = "transcript"
    OPENAI = "openai"
    CSV = "csv"


class Timing(StrEnum):
    """Where a message's time comes from: written with a zone, without one, or not written."""

    STATED = "stated"
    NAIVE = "naive"
    INFERRED = "inferred"


DateOrder: TypeAlias = Literal["dmy", "mdy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How files are to be read where they do not say it themselves.

    `zone` is for times without one, `start` for files without times, `dates` for dates such as 05/06/2024, `columns`
    for CSV (a message's field to a column), `session` for messages that name none; `keep_repeats` keeps equal messages.
    """

    zone: tzinfo = UTC
    start: datetime | None = None
    dates: DateOrder | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    session: str | None = None
    keep_repeats: bool = False
    document_bytes: int = DOCUMENT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message, where in the file it stands, and where its time comes from."""

    where: str
    message: Message
    timing: Timing = Timing.STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """Something that cannot be read or kept, and why; `empty` for a message without words."""

    where: str
    why: str
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something that is no message, such as a notice of the chat program, in words of the plural."""

    where: str
    what: str


Item: TypeAlias = Found | Bad | Aside
Reader: TypeAlias = Callable[[], Iterator[Item]]
"""Reads a file from its beginning, each time that it is called."""
