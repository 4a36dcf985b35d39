"""What a write does to the ledger, as values that are stored whole, so that history, undo and replay can read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from graphmem.models import Entity, Fact, FactVersion, Interval, Rule, RuleState, Sameness, Source


class InvalidateKind(StrEnum):
    """Why a fact stops: the world changed (valid clock), or it was never so (transaction clock)."""

    CHANGE = "change"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEntity:
    """A new entity."""

    entity: Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class NameEntity:
    """Another name for a known entity; `before` are the aliases it had."""

    entity_id: str
    alias: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """A new fact, what it takes the place of, the ids of the facts that it rests on, and the rule that it came by."""

    fact: Fact
    supersedes: str | None = None
    rests_on: tuple[str, ...] = ()
    by_rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The statement says what a believed fact says in other words: its source is added there."""

    fact_id: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidate:
    """A believed fact is closed at `at` (change) or expired (correction); `before` is its state until then.

    `source` is the message that ended it, where one did.
    """

    fact_id: str
    text: str
    at: datetime
    kind: InvalidateKind
    before: FactVersion
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing is believed that was not; an exact repeat leaves its source with the fact that it repeats.

    `interval` is when the repeat says that it is true.
    """

    text: str
    fact_id: str | None = None
    source: Source | None = None
    interval: Interval | None = None


class ReviseKind(StrEnum):
    """Why what is believed of a fact is written anew, other than by what was said against it."""

    RESTORED = "restored"
    WITHDRAWN = "withdrawn"
    REDATED = "redated"
    UNCERTAIN = "uncertain"
    CERTAIN = "certain"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """What is believed of a fact goes from `before` to `after`; the former state is kept as a version.

    One that is certain again rests on what holds now: `rests_on` are the ids of those facts.
    """

    fact_id: str
    text: str
    before: FactVersion
    after: FactVersion
    kind: ReviseKind
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSource:
    """A message is no source of a fact any more."""

    fact_id: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntity:
    """An entity is named, typed or merged otherwise; both states are whole."""

    before: Entity
    after: Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Whether two entities of like names are one: what was thought of that, and what is now; None for nothing."""

    entity_id: str
    other_id: str
    names: str
    before: Sameness | None
    after: Sameness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRule:
    """A consequence stated ahead, which waits."""

    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """A stated rule takes effect, or waits again, or is withdrawn."""

    rule_id: str
    text: str
    before: RuleState
    after: RuleState


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A fact whose speaker asked to forget it: its value is taken out of everything but the messages; never undone."""

    fact_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide:
    """Messages that no read shows any more, since they hold what was asked to be forgotten; never undone."""

    episode_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message is gone, with the facts, rules and entities that only it supported; `unsourced` keep other sources."""

    episode_id: str
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    unsourced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEntity:
    """An entity that nothing is said about is gone."""

    entity: Entity


Operation: TypeAlias = (
    AddEntity
    | NameEntity
    | Add
    | Merge
    | Invalidate
    | Skip
    | Revise
    | RemoveSource
    | ChangeEntity
    | Compare
    | AddRule
    | ChangeRule
    | Forget
    | Hide
    | Deleted
    | RemoveEntity
)


def revised(operation: Operation, now: datetime) -> FactVersion | None:
    """Return what is believed of a fact after an operation that revises it, None for any other."""
    match operation:
        case Invalidate(kind=InvalidateKind.CHANGE, before=before, at=at):
            return replace(before, interval=replace(before.interval, end=at), created_at=now, expired_at=None)
        case Invalidate(before=before):
            return replace(before, created_at=now, expired_at=now)
        case Revise(after=after):
            return replace(after, created_at=now, expired_at=now if after.expired_at else None)
        case _:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a decision took: the model asked, the prompt's version, calls, tokens, seconds, and US dollars.

    `tokens_in` counts those too that the server had cached; `money` is None where a model's price is not known.
    """

    model: str = ""
    prompt_version: str = ""
    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    money: float | None = 0.0

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens_in + self.tokens_out

    def __add__(self, other: Cost) -> Cost:
        """Return the sum, with the other's model and prompt where it names them."""
        return Cost(
            model=other.model or self.model,
            prompt_version=other.prompt_version or self.prompt_version,
            calls=self.calls + other.calls,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_cached=self.tokens_cached + other.tokens_cached,
            tokens_out=self.tokens_out + other.tokens_out,
            seconds=self.seconds + other.seconds,
            money=None if self.money is None or other.money is None else self.money + other.money,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision on the record: its operations in order, why, by whom, from which messages; `undoes` names others."""

    id: str
    scope: str
    at: datetime
    operations: tuple[Operation, ...]
    reason: str
    cost: Cost
    episode_ids: tuple[str, ...]
    number: int = 0
    editor: str = ""
    undoes: tuple[str, ...] = ()


def verb(operation: Operation) -> str:
    """Return the word under which people see an operation."""
    match operation:
        case Revise(kind=kind):
            return kind.value
        case Invalidate(kind=kind):
            return "closed" if kind is InvalidateKind.CHANGE else "corrected"
        case Compare(after=after):
            return after.value if after else "compared"
        case ChangeRule(after=after):
            return after.value
        case _:
            return _VERBS[type(operation)]


_VERBS: dict[type, str] = {
    Add: "new",
    AddEntity: "new",
    Merge: "merged",
    NameEntity: "merged",
    RemoveSource: "unsourced",
    ChangeEntity: "entity",
    Skip: "skipped",
    AddRule: "rule",
    Forget: "forgotten",
    Hide: "hidden",
    Deleted: "deleted",
    RemoveEntity: "deleted",
}
