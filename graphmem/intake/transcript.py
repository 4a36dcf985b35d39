"""Plain transcripts of chats, as people copy them and phones export them.

`[2024-06-20 20:15] Ada: text`, `2024-06-20T20:15:00Z Ada: text`, `20/06/2024, 20:15 - Ada: text`, or `Ada: text` where
no line has a time. A line without such a head goes on with the message before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from graphmem.errors import UnreadableFile
from graphmem.intake.items import Aside, Bad, DateOrder, Found, Item, Options, Reader, Timing
from graphmem.intake.lines import numbered_lines
from graphmem.intake.times import CLOCK, DATE, date_in, order_of, read_time
from graphmem.models import Message, Role
from graphmem.write.validate import TEXT_BYTES

NOTICES = "notices of the chat program"
STEP = timedelta(seconds=1)
"""From message to message where no line has a time."""

# Phones write marks of direction before a line, and narrow spaces before AM and PM.
_MARKS = "[\u200e\u200f\u202a-\u202e\ufeff]*"
_NAME = r"(?P<name>[^:]{1,200}?)\s?:(?:\s+|$)"
_WHEN = rf"(?P<when>(?:{DATE})(?:,?\s+|T)(?:{CLOCK}))"
_TIMED = re.compile(
    rf"{_MARKS}(?:\[{_WHEN}\]\s*|{_WHEN.replace('?P<when>', '?P<bare>')}(?:(?P<dash>\s+[-–]\s+)|\s+))(?P<rest>.*)"
)
_SPOKEN = re.compile(rf"{_MARKS}{_NAME}(?P<text>.*)", re.DOTALL)
# Without a time a head is only a name: few words, none of which ends a sentence.
_UNTIMED = re.compile(rf"{_MARKS}(?P<name>[^\W\d_][^:.!?;,\t]{{0,59}}):(?:\s+|$)(?P<text>.*)")
_ROLES = {role.value: role for role in Role}
_EXAMPLE = "Lines look like this: [2024-06-20 20:15] Ada: text"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What a message's first line says; without a name it is a notice."""

    when: str
    name: str | None
    text: str


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A message that further lines may go on with."""

    where: str
    head: _Head
    lines: list[str] = field(default_factory=list[str])
    size: int = 0

    def go_on(self, line: str) -> None:
        """Take a line; what can no longer be kept is only measured."""
        self.size += len(line.encode("utf-8")) + 1
        if self.size <= TEXT_BYTES:
            self.lines.append(line)


def transcript(path: Path, options: Options) -> Reader:
    """Return what reads a transcript, after a look at how all of it is written; raises UnreadableFile."""
    dates = list(_few(_dates(path)))
    if dates:
        return partial(_read_timed, path, options, order_of(path, dates, options.dates))
    if options.start is None:
        raise UnreadableFile(
            f"no line of {path} has a time. Say when the talk began: --start 2024-06-20T20:00:00Z; its messages are "
            f"then a second apart. {_EXAMPLE}"
        )
    return partial(_read_untimed, path, options.start)


def has_heads(text: str) -> bool:
    """Tell whether some line of a text begins as a transcript's message does."""
    return any(_timed_head(line) or _untimed_head(line) for line in text.splitlines())


def _dates(path: Path) -> Iterator[tuple[str, str]]:
    for line in numbered_lines(path):
        head = None if isinstance(line, Bad) else _timed_head(line[1])
        date = date_in(head.when) if head else None
        if date and not isinstance(line, Bad):
            yield f"line {line[0]}", date


def _few(dates: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Pass on one date of each shape: which of both numbers are beyond twelve, and the mark between them."""
    seen: set[tuple[bool, bool, bool, bool]] = set()
    for where, date in dates:
        first, second, _ = re.split(r"[-/.]", date)
        shape = (len(first) == 4, int(first) > 12, int(second) > 12, "." in date)
        if shape not in seen:
            seen.add(shape)
            yield where, date


def _timed_head(line: str) -> _Head | None:
    match = _TIMED.match(line)
    if match is None:
        return None
    spoken = _SPOKEN.fullmatch(match["rest"])
    when = match["when"] or match["bare"]
    if spoken is None:
        # Only brackets or a dash mark a notice; without them it is a message that speaks of a time.
        marked = match["when"] or match["dash"]
        return _Head(when=when, name=None, text=match["rest"]) if marked else None
    return _Head(when=when, name=spoken["name"].strip(), text=spoken["text"])


def _untimed_head(line: str) -> _Head | None:
    match = _UNTIMED.fullmatch(line)
    return _Head(when="", name=match["name"].strip(), text=match["text"]) if match else None


def _drafts(path: Path, head_of: Callable[[str], _Head | None]) -> Iterator[_Draft | Bad]:
    draft: _Draft | None = None
    for line in numbered_lines(path):
        if isinstance(line, Bad):
            yield line
            continue
        number, text = line
        head = head_of(text)
        if head is not None:
            if draft is not None:
                yield draft
            draft = _Draft(where=f"line {number}", head=head)
            draft.go_on(head.text)
        elif draft is not None:
            draft.go_on(text)
        elif text.strip():
            yield Bad(where=f"line {number}", why=f"it begins no message, and there is none before it. {_EXAMPLE}")
    if draft is not None:
        yield draft


def _read_timed(path: Path, options: Options, order: DateOrder) -> Iterator[Item]:
    for draft in _drafts(path, _timed_head):
        yield draft if isinstance(draft, Bad) else _timed(draft, options, order)


def _read_untimed(path: Path, start: datetime) -> Iterator[Item]:
    at = start
    for draft in _drafts(path, _untimed_head):
        if isinstance(draft, Bad):
            yield draft
        else:
            yield _said(draft, at, Timing.INFERRED)
            at += STEP


def _timed(draft: _Draft, options: Options, order: DateOrder) -> Item:
    when = draft.head.when
    if draft.head.name is None:
        return Aside(where=draft.where, what=NOTICES)
    try:
        at, timing = read_time(when, options.zone, order)
    except ValueError as exc:
        return Bad(where=draft.where, why=f"{when!r} is no time ({exc}); mend it, or say what comes first with --dates")
    return _said(draft, at, timing)


def _said(draft: _Draft, at: datetime, timing: Timing) -> Item:
    if draft.size > TEXT_BYTES + 1:
        return Bad(where=draft.where, why=f"it has {draft.size:,} bytes; at most {TEXT_BYTES:,} are kept. Split it")
    name = draft.head.name or ""
    role = _ROLES.get(name.casefold())
    text = "\n".join(draft.lines).strip()
    message = Message(text=text, at=at, role=role or Role.USER, speaker=None if role else name)
    return Found(where=draft.where, message=message, timing=timing)
