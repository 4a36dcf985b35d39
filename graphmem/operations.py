"""What a write does to the ledger, as values that are stored whole, so that history, undo and replay can read them."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A new fact."""

    fact: Fact
    supersedes: str | None = None


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


Operation: TypeAlias = AddEntity | NameEntity | Add | Merge | Invalidate | Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a decision took: the model asked, the prompt's version, tokens in and out."""

    model: str = ""
    prompt_version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision on the record: its operations in order, why, by whom, from which messages."""

    id: str
    scope: str
    at: datetime
    operations: tuple[Operation, ...]
    reason: str
    cost: Cost
    episode_ids: tuple[str, ...]
    number: int = 0


def verb(operation: Operation) -> str:
    """Return the word under which people see an operation."""
    match operation:
        case Add() | AddEntity():
            return "new"
        case Merge() | NameEntity():
            return "merged"
        case Invalidate(kind=InvalidateKind.CHANGE):
            return "closed"
        case Invalidate():
            return "corrected"
        case Skip():
            return "skipped"
        case _:
            assert_never(operation)
