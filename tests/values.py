"""Values as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from graphmem.models import (
    Conflict,
    ConflictKind,
    Episode,
    Fact,
    Interval,
    Message,
    Modality,
    Polarity,
    Precision,
    Role,
    Source,
    Statement,
)
from graphmem.ontology import load_ontology

ONTOLOGY = load_ontology()


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00").astimezone(UTC)


def said(text: str, at: str, speaker: str = "Ada") -> Message:
    """A message at noon."""
    return Message(text=text, at=datetime.fromisoformat(f"{at}T12:00:00+00:00"), speaker=speaker)


def episode(text: str = "I live in Oslo.", at: str = "2024-06-20", **more: Any) -> Episode:
    values: dict[str, Any] = {
        "id": "ep_1",
        "scope": "test/ada",
        "message_id": "m1",
        "session": "main",
        "seq": 0,
        "role": Role.USER,
        "speaker": "Ada",
        "text": text,
        "at": day(at),
    }
    return Episode(**{**values, **more})


def fact(value: str = "Oslo", since: str = "2024-06-20", until: str | None = None, **more: Any) -> Fact:
    predicate = more.pop("predicate", "LIVES_IN")
    stated = more.pop("stated", False)
    values: dict[str, Any] = {
        "id": f"fa_{value}_{since}",
        "scope": "test/ada",
        "subject_id": "en_ada",
        "subject": "Ada",
        "predicate": predicate,
        "object_id": f"en_{value}",
        "object": value,
        "text": f"Ada {ONTOLOGY.predicate(predicate).phrase} {value}",
        "interval": Interval(
            start=day(since), end=day(until) if until else None, precision=Precision.DAY, stated=stated
        ),
        "created_at": day("2024-12-01"),
        "sources": (Source(episode_id="ep_1", quote=value, subject_surface="Ada", object_surface=value),),
    }
    return Fact(**{**values, **more})


def statement(value: str = "Oslo", since: str = "2024-06-20", until: str | None = None, **more: Any) -> Statement:
    polarity = more.pop("polarity", Polarity.STATED)
    more.setdefault("id", f"fa_new_{value}_{since}")
    return Statement(fact=fact(value, since, until, **more), polarity=polarity)


def met(kind: ConflictKind, *facts: Fact) -> tuple[Conflict, ...]:
    """Facts that a statement meets in one way."""
    return tuple(Conflict(kind=kind, fact=f) for f in facts)


__all__ = ["ONTOLOGY", "Modality", "Polarity", "day", "episode", "fact", "met", "said", "statement"]
