"""What is to be said about a file before anything of it is kept: messages folded into a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from graphmem.errors import UnreadableFile
from graphmem.intake.intake import Judged, Repeat
from graphmem.intake.items import Aside, Bad, Found, Timing
from graphmem.intake.scripts import letters_by_script, shares

SHOWN = 20
"""So many of the refused messages, the speakers and the sessions are named; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What cannot be kept, where it stands, and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a file stands.

    `messages` counts what will be kept; `speakers`, `roles` and `sessions` count those, the most frequent first.
    `refused` counts what cannot be kept, of which `empty` have no words, and `first_refused` names the first of them.
    `out_of_order` counts messages that are older than the one before them in their session. `scripts` are shares of
    all letters from 0 to 1, `characters` is the length of all texts.
    """

    file: str
    format: str
    messages: int = 0
    speakers: Mapping[str, int] = field(default_factory=dict[str, int])
    roles: Mapping[str, int] = field(default_factory=dict[str, int])
    sessions: Mapping[str, int] = field(default_factory=dict[str, int])
    first: datetime | None = None
    last: datetime | None = None
    characters: int = 0
    scripts: Mapping[str, float] = field(default_factory=dict[str, float])
    repeated_ids: int = 0
    repeated_ids_that_differ: int = 0
    first_that_differs: str | None = None
    repeated_contents: int = 0
    naive_times: int = 0
    zone: str = "UTC"
    inferred_times: int = 0
    out_of_order: int = 0
    first_out_of_order: str | None = None
    refused: int = 0
    empty: int = 0
    first_refused: tuple[Refused, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def empty_share(self) -> float:
        """The share of messages without words among all that stand in the file, from 0 to 1."""
        looked_at = self.messages + self.repeated_ids + self.repeated_contents + self.refused
        return self.empty / looked_at if looked_at else 0.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """Folds what a file holds, piece by piece, into a report; keeps counts and no messages."""

    file: str
    format: str
    zone: str = "UTC"
    _counts: Counter[str] = field(default_factory=Counter[str])
    _speakers: Counter[str] = field(default_factory=Counter[str])
    _roles: Counter[str] = field(default_factory=Counter[str])
    _sessions: Counter[str] = field(default_factory=Counter[str])
    _letters: Counter[str] = field(default_factory=Counter[str])
    _left_out: Counter[str] = field(default_factory=Counter[str])
    _latest: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _refused: list[Refused] = field(default_factory=list[Refused])
    _firsts: dict[str, str] = field(default_factory=dict[str, str])
    _first: datetime | None = None
    _last: datetime | None = None

    def add(self, item: Judged) -> None:
        """Take the next piece."""
        match item:
            case Found():
                self._found(item)
            case Bad(where=where, why=why, empty=empty):
                self._counts["refused"] += 1
                self._counts["empty"] += empty
                if len(self._refused) < SHOWN:
                    self._refused.append(Refused(where=where, why=why))
            case Repeat(where=where, by_id=by_id, differs=differs):
                self._counts["repeated_ids" if by_id else "repeated_contents"] += 1
                if differs:
                    self._counts["repeated_ids_that_differ"] += 1
                    self._firsts.setdefault("differs", where)
            case Aside(what=what):
                self._left_out[what] += 1

    def _found(self, found: Found) -> None:
        message = found.message
        self._counts["messages"] += 1
        self._counts["characters"] += len(message.text)
        self._counts["naive_times"] += found.timing is Timing.NAIVE
        self._counts["inferred_times"] += found.timing is Timing.INFERRED
        self._speakers[message.speaker or f"the {message.role.value}"] += 1
        self._roles[message.role.value] += 1
        session = message.session or ""
        self._sessions[session] += 1
        self._letters.update(letters_by_script(message.text))
        self._first = min(self._first or message.at, message.at)
        self._last = max(self._last or message.at, message.at)
        latest = self._latest.get(session, message.at)
        if message.at < latest:
            self._counts["out_of_order"] += 1
            self._firsts.setdefault("out_of_order", found.where)
        self._latest[session] = message.at

    def report(self) -> Report:
        """Return how the file stands so far."""
        return Report(
            file=self.file,
            format=self.format,
            speakers=dict(self._speakers.most_common()),
            roles=dict(self._roles.most_common()),
            sessions={name or "main": n for name, n in self._sessions.most_common()},
            first=self._first,
            last=self._last,
            scripts=shares(self._letters),
            first_that_differs=self._firsts.get("differs"),
            first_out_of_order=self._firsts.get("out_of_order"),
            first_refused=tuple(self._refused),
            left_out=dict(self._left_out.most_common()),
            zone=self.zone,
            messages=self._counts["messages"],
            characters=self._counts["characters"],
            repeated_ids=self._counts["repeated_ids"],
            repeated_ids_that_differ=self._counts["repeated_ids_that_differ"],
            repeated_contents=self._counts["repeated_contents"],
            naive_times=self._counts["naive_times"],
            inferred_times=self._counts["inferred_times"],
            out_of_order=self._counts["out_of_order"],
            refused=self._counts["refused"],
            empty=self._counts["empty"],
        )


def refuse(reports: Iterable[Report], *, skip_bad: bool) -> None:
    """Raise UnreadableFile for the first file that holds nothing, or, without `skip_bad`, something unreadable."""
    for report in reports:
        if report.refused and not skip_bad:
            first = report.first_refused[0]
            more = f", and {report.refused - 1:,} more" if report.refused > 1 else ""
            raise UnreadableFile(
                f"{report.file}, {first.where}: {first.why}{more}. Nothing was stored. Mend it, or leave out what "
                "cannot be read with --skip-bad."
            )
        if not report.messages and not report.repeated_ids and not report.repeated_contents:
            raise UnreadableFile(f"{report.file} holds no messages.")
