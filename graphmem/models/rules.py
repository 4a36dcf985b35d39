"""Consequences that are stated ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphmem.models.facts import Fact, Polarity, Source, Triple


class RuleEvent(StrEnum):
    """What a stated rule waits for: a value begins to hold, stops, or takes another's place."""

    STARTS = "starts"
    ENDS = "ends"
    CHANGES = "changes"


class RuleState(StrEnum):
    """What became of a stated rule."""

    WAITING = "waiting"
    FIRED = "fired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A consequence stated ahead ("if I ever change jobs, my sister gets the car"), which takes effect by itself.

    It waits for `event` to happen to what `subject_id` and `predicate` say, with the value `normal` or, where that is
    empty, any; then `fact` is believed from that time on, or, where it is denied, what says the same is closed.
    """

    id: str
    scope: str
    text: str
    event: RuleEvent
    subject_id: str
    predicate: str
    fact: Fact
    source: Source
    said_at: datetime
    raw_predicate: str = ""
    normal: str = ""
    polarity: Polarity = Polarity.STATED
    state: RuleState = RuleState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a rule waits for, in names; no object means any value."""

    event: RuleEvent
    subject: str
    predicate: str
    object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRule:
    """A rule as a message states it, in names: when this, then that."""

    when: Condition
    then: Triple
