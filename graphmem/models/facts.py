"""What is believed, since when, and why: statements and facts on two clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from graphmem.text import digest, fold

OPEN_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""How an interval without an end is stored, since neither index takes a missing value."""


class Precision(StrEnum):
    """How exactly a date was stated."""

    INSTANT = "instant"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Polarity(StrEnum):
    """Whether something is stated, denied, or asked to be forgotten."""

    STATED = "stated"
    DENIED = "denied"
    FORGET = "forget"


class Modality(StrEnum):
    """How seriously something was said; only what is said may close what is believed."""

    SAID = "said"
    PLANNED = "planned"
    HYPOTHETICAL = "hypothetical"
    JOKING = "joking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A half-open stretch of valid time, [start, end); no end means that it is still open.

    `stated` tells whether the start was said; else it is the time of the message from which the fact is known.
    """

    start: datetime
    end: datetime | None = None
    precision: Precision = Precision.INSTANT
    stated: bool = False

    def holds(self, at: datetime) -> bool:
        """Tell whether `at` lies inside."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value that names nobody: a text, with its number and unit or its date where it has one."""

    text: str
    number: float | None = None
    unit: str | None = None
    date: datetime | None = None

    @property
    def normal(self) -> str:
        """The form in which two literals are compared."""
        if self.number is not None:
            return f"{self.number:g} {fold(self.unit or '')}".strip()
        return self.date.isoformat() if self.date else fold(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a statement rests on, as it is said: all that holds of a subject by a predicate; a name or an id."""

    subject: str
    predicate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """A statement as a message makes it, before anything is decided about it; names, not ids.

    A request to forget need not name the value: its `object` may be None.
    """

    subject: str
    predicate: str
    object: str | Literal | None
    episode_id: str
    quote: str
    interval: Interval
    raw_predicate: str = ""
    polarity: Polarity = Polarity.STATED
    modality: Modality = Modality.SAID
    confidence: float = 1.0
    rests_on: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact was stated: the message, its words, and the names as written there."""

    episode_id: str
    quote: str
    subject_surface: str
    object_surface: str
    speaker: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactVersion:
    """What was believed of a fact between two moments of transaction time."""

    interval: Interval
    created_at: datetime
    expired_at: datetime | None
    uncertain_since: datetime | None = None
    uncertain_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A dated statement between entities, as believed now; earlier beliefs are its `versions`.

    Of one that its speaker asked to forget only the subject and the predicate are left, and `forgotten_at`.
    `subject_id` and `object_id` are the entities that are meant; `subject_named` and `object_named` those whose names
    matched, which differ where entities were merged.
    """

    id: str
    scope: str
    subject_id: str
    subject: str
    predicate: str
    text: str
    interval: Interval
    created_at: datetime
    object_id: str | None = None
    object: str = ""
    subject_named: str = ""
    object_named: str | None = None
    literal: Literal | None = None
    raw_predicate: str = ""
    event: bool = False
    expired_at: datetime | None = None
    uncertain_since: datetime | None = None
    uncertain_because: str = ""
    modality: Modality = Modality.SAID
    confidence: float = 1.0
    sources: tuple[Source, ...] = ()
    versions: tuple[FactVersion, ...] = ()
    forgotten_at: datetime | None = None

    @property
    def value(self) -> str:
        """The object's name or the literal's text."""
        return self.literal.text if self.literal else self.object

    @property
    def normal(self) -> str:
        """The form in which the values of two facts are compared."""
        return self.object_id or (self.literal.normal if self.literal else "")

    def overlaps(self, other: Fact) -> bool:
        """Tell whether both hold at the same time at some moment."""
        a, b = self.interval, other.interval
        return (a.end is None or b.start < a.end) and (b.end is None or a.start < b.end)

    @property
    def state(self) -> FactVersion:
        """What is believed now, in the shape of a version."""
        return FactVersion(
            interval=self.interval,
            created_at=self.created_at,
            expired_at=self.expired_at,
            uncertain_since=self.uncertain_since,
            uncertain_because=self.uncertain_because,
        )

    def in_state(self, state: FactVersion) -> Fact:
        """Return the fact as a version of it says."""
        return replace(
            self,
            interval=state.interval,
            created_at=state.created_at,
            expired_at=state.expired_at,
            uncertain_since=state.uncertain_since,
            uncertain_because=state.uncertain_because,
        )

    def as_known(self, known: datetime) -> FactVersion | None:
        """Return what was believed of it at `known`, or None; of what was asked to be forgotten nothing is told."""
        if self.forgotten_at is not None:
            return None
        for version in (self.state, *self.versions):
            if version.created_at <= known and (version.expired_at is None or known < version.expired_at):
                return version
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A triple whose names are entities now: the fact that it would be, how it is meant, and what it rests on."""

    fact: Fact
    polarity: Polarity = Polarity.STATED
    rests_on: tuple[Ground, ...] = ()

    @property
    def label(self) -> str:
        """The name under which recordings know it."""
        return label_of(self.fact)


def slot_key(scope: str, subject_id: str, predicate: str) -> str:
    """Return the key that all facts share by which one subject has one predicate, the ontology's or an invented one."""
    return digest(scope, "slot", subject_id, predicate)


def label_of(fact: Fact) -> str:
    """Return "subject | PREDICATE | value", the name of a fact that outlives its id."""
    return f"{fact.subject} | {fact.raw_predicate or fact.predicate} | {fact.value}"


class ConflictKind(StrEnum):
    """How a believed fact meets a new statement."""

    REPEAT = "repeat"
    SLOT = "slot"
    PAIR = "pair"
    INVERSE = "inverse"
    DENIED = "denied"
    NEAR = "near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A believed fact that a new statement repeats, contradicts, touches, or is near to in its words."""

    kind: ConflictKind
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The two clocks of a read: true at `valid`, as believed at `known`; None means now."""

    valid: datetime | None = None
    known: datetime | None = None
