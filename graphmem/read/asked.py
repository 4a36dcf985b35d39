"""A question with all that is made of it once: its words, the times that it is about, and its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from graphmem.models import OPEN_END, AsOf, Filters, Scope
from graphmem.ports import Vector
from graphmem.read.filtered import BEGINNING
from graphmem.read.question import Question
from graphmem.read.times.windows import Window
from graphmem.serial import utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to some scopes, as it is put and `told` in the third person."""

    text: str
    told: str
    scopes: Sequence[Scope]
    question: Question
    as_of: AsOf
    now: datetime
    filters: Filters | None = None

    @property
    def keys(self) -> list[str]:
        """The scopes' keys."""
        return [s.key for s in self.scopes]

    @property
    def known(self) -> datetime:
        """As known at which time it is asked."""
        return self.as_of.known or self.now

    @property
    def times(self) -> dict[str, Any]:
        """The times as queries take them: in which facts are to hold, for what is believed now, and the asked one.

        A question about a stretch of time is about what held then, unless it is asked as of another.
        """
        at, stretch = self.as_of.valid or self.now, self.question.stretch
        since: datetime | None = at
        until = at
        if stretch is not None and self.as_of.valid is None:
            since, until = stretch.start, stretch.end or OPEN_END
        return {
            "since": None if self.as_of.known else utc_text(since) if since is not None else BEGINNING,
            "until": utc_text(until),
            "known": utc_text(self.known),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded(Asked):
    """A question with its vector."""

    vector: Vector

    def about(self, window: Window | None) -> Embedded:
        """Return the question as one about a stretch of time, where it names no other."""
        if window is None or self.question.stretch is not None:
            return self
        return replace(self, question=replace(self.question, window=window, stretch=window))


def embedded(asked: Asked, vector: Vector) -> Embedded:
    """Return a question with its vector."""
    return Embedded(vector=vector, **{f.name: getattr(asked, f.name) for f in fields(asked)})
