"""What a read may return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

FilterValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What facts and messages have to be like to be returned; None means anything, several fields all have to pass.

    `since` and `until` are a half-open stretch: a message was said in it, a fact was true at some time in it, an event
    happened in it. `predicates`, `types` (of the subject or the object) and `confidence` (at least) are of facts; a
    message passes if it states one that does. `sessions`, `agents`, `sources` (ids of messages) and `metadata` (each
    compared as the text `key=value`) are of messages; a fact passes if it is stated in one that does.
    """

    since: datetime | None = None
    until: datetime | None = None
    predicates: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    confidence: float | None = None
    sessions: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    metadata: Mapping[str, FilterValue] | None = None

    @property
    def of_facts(self) -> bool:
        """Whether something is asked that only facts have."""
        return any(asked is not None for asked in (self.predicates, self.types, self.confidence))

    @property
    def of_messages(self) -> bool:
        """Whether something is asked that only messages have."""
        return any(asked is not None for asked in (self.sessions, self.agents, self.sources, self.metadata))
