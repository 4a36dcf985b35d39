"""From the store's rows to values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from graphmem.models import (
    OPEN_END,
    Entity,
    Episode,
    EpisodeState,
    Fact,
    FactVersion,
    Interval,
    Literal,
    Modality,
    Precision,
    Role,
    Source,
)
from graphmem.operations import Change, Cost
from graphmem.ports import Row
from graphmem.serial import load_operations


def moment(value: str) -> datetime:
    """Return a stored time as aware UTC; queries return times as text, which is a tenth of the driver's work."""
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def ending(value: str | None) -> datetime | None:
    """Return a stored end, None for an open one."""
    if value is None:
        return None
    at = moment(value)
    return None if at >= OPEN_END.replace(microsecond=0) else at


def episode(row: Mapping[str, Any]) -> Episode:
    """Return a message from its projection."""
    return Episode(
        id=row["id"],
        scope=row["scope"],
        message_id=row["message_id"],
        session=row["session"],
        seq=row["seq"],
        role=Role(row["role"]),
        speaker=row["speaker"],
        text=row["text"],
        at=moment(row["at"]),
        agent=row["agent"],
        metadata=json.loads(row["metadata"] or "{}"),
        state=EpisodeState(row["state"]),
        reason=row["reason"],
    )


class Around(NamedTuple):
    """A message as episodes_around tells it, in the order of its fields but `near`; made whole only where it is shown.

    `near` is how near it is to the question, where it was found and is not only beside what was. `tokens` are None
    where they are still due.
    """

    id: str
    scope: str
    message_id: str
    session: str
    seq: int
    role: str
    speaker: str
    text: str
    at: str
    agent: str | None
    metadata: str | None
    state: str
    reason: str | None
    tokens: bytes | None
    near: float | None = None

    def whole(self) -> Episode:
        """Return the message."""
        return episode(self._asdict())


def entity(row: Mapping[str, Any]) -> Entity:
    """Return an entity from its projection."""
    return Entity(
        id=row["id"],
        scope=row["scope"],
        name=row["name"],
        type=row["type"],
        aliases=tuple(row["aliases"] or ()),
        canonical_id=row["canonical_id"],
    )


def interval(row: Mapping[str, Any]) -> Interval:
    """Return the valid time of a fact or version."""
    return Interval(
        start=moment(row["valid_at"]),
        end=ending(row["invalid_at"]),
        precision=Precision(row["precision"]),
        stated=bool(row["stated"]),
    )


def fact(row: Row) -> Fact:
    """Return a fact from a row of facts_by_ids."""
    node: Mapping[str, Any] = row["fact"]
    sources = sorted((_source(s) for s in row["sources"]), key=lambda s: (s.at or OPEN_END, s.episode_id))
    versions = sorted((_version(v) for v in row["versions"]), key=lambda v: v.created_at)
    return Fact(
        id=node["id"],
        scope=node["scope"],
        subject_id=row["subject_id"],
        subject=row["subject"],
        predicate=node["predicate"],
        raw_predicate=node["raw_predicate"] or "",
        object_id=row["object_id"],
        object=row["object"] or "",
        subject_named=row["subject_named"],
        object_named=row["object_named"],
        literal=_literal(node),
        text=node["text"],
        interval=interval(node),
        event=bool(node["event"]),
        created_at=moment(node["created_at"]),
        expired_at=ending(node["expired_at"]),
        uncertain_since=moment(node["uncertain_since"]) if node["uncertain_since"] else None,
        uncertain_because=node["uncertain_because"] or "",
        modality=Modality(node["modality"]),
        confidence=node["confidence"],
        sources=tuple(sources),
        versions=tuple(versions),
        forgotten_at=moment(node["forgotten_at"]) if node["forgotten_at"] else None,
    )


def _literal(node: Mapping[str, Any]) -> Literal | None:
    if node["value_text"] is None:
        return None
    date = moment(node["value_date"]) if node["value_date"] else None
    return Literal(text=node["value_text"], number=node["value_number"], unit=node["unit"], date=date)


def _source(row: Mapping[str, Any]) -> Source:
    return Source(
        episode_id=row["episode_id"],
        quote=row["quote"],
        subject_surface=row["subject_surface"] or "",
        object_surface=row["object_surface"] or "",
        speaker=row["speaker"],
        at=moment(row["at"]),
    )


def _version(row: Mapping[str, Any]) -> FactVersion:
    return FactVersion(
        interval=interval(row),
        created_at=moment(row["created_at"]),
        expired_at=ending(row["expired_at"]),
        uncertain_since=moment(row["uncertain_since"]) if row["uncertain_since"] else None,
        uncertain_because=row["uncertain_because"] or "",
    )


def change(row: Mapping[str, Any]) -> Change:
    """Return a decision on the record."""
    return Change(
        id=row["id"],
        scope=row["scope"],
        number=row["number"],
        at=moment(row["at"]),
        operations=load_operations(row["operations"]),
        reason=row["reason"],
        cost=Cost(
            model=row["model"] or "",
            prompt_version=row["prompt_version"] or "",
            calls=row["calls"] or 0,
            tokens_in=row["tokens_in"] or 0,
            tokens_cached=row["tokens_cached"] or 0,
            tokens_out=row["tokens_out"] or 0,
            seconds=row["seconds"] or 0.0,
            money=row["money"] if row["model"] else 0.0,
        ),
        episode_ids=tuple(row["episode_ids"] or ()),
        editor=row["editor"] or "",
        undoes=tuple(row["undoes"] or ()),
    )
