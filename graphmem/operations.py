"""What a write does to the ledger, as values that are stored whole, so that history, undo and replay can read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never

from graphmem.models import Entity, Fact, FactVersion, Source


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
    """A new fact, what it takes the place of, and the ids of the facts that it rests on."""

    fact: Fact
    supersedes: str | None = None
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The statement says what a believed fact says in other words: its source is added there."""

    fact_id: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidate:
    """A believed fact is closed at `at` (change) or expired (correction); `before` is its state until then."""

    fact_id: str
    text: str
    at: datetime
    kind: InvalidateKind
    before: FactVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing is believed that was not; an exact repeat leaves its source with the fact that it repeats."""

    text: str
    fact_id: str | None = None
    source: Source | None = None


class ReviseKind(StrEnum):
    """Why what is believed of a fact is written anew, other than by what was said against it."""

    RESTORED = "restored"
    WITHDRAWN = "withdrawn"
    REDATED = "redated"
    UNCERTAIN = "uncertain"
    CERTAIN = "certain"


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


Operation: TypeAlias = AddEntity | NameEntity | Add | Merge | Invalidate | Skip | Revise | RemoveSource | ChangeEntity


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
    """What a decision took: the model asked, the prompt's version, tokens in and out."""

    model: str = ""
    prompt_version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


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


def verb(operation: Operation) -> str:  # noqa: C901  (one line a kind)
    """Return the word under which people see an operation."""
    match operation:
        case Add() | AddEntity():
            return "new"
        case Merge() | NameEntity():
            return "merged"
        case Revise(kind=kind):
            return kind.value
        case RemoveSource():
            return "unsourced"
        case ChangeEntity():
            return "entity"
        case Invalidate(kind=InvalidateKind.CHANGE):
            return "closed"
        case Invalidate():
            return "corrected"
        case Skip():
            return "skipped"
        case _:
            assert_never(operation)
