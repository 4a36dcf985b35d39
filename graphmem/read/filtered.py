"""What passes the filters of a read; the store compares, here is only asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from graphmem.models import OPEN_END, Fact, Filters
from graphmem.ports import Reader
from graphmem.serial import utc_text

BEGINNING = "0001-01-01T00:00:00Z"


def conditions(filters: Filters | None) -> dict[str, Any]:
    """Return filters as queries take them, an empty list for no condition.

    No parameter is ever null, since Neo4j plans a query anew for other types of its parameters.
    """
    asked = filters or Filters()
    metadata: Mapping[str, Any] = asked.metadata or {}
    return {
        "timed": asked.since is not None or asked.until is not None,
        "since": utc_text(asked.since) if asked.since is not None else BEGINNING,
        "until": utc_text(asked.until or OPEN_END),
        "predicates": list(asked.predicates or ()),
        "types": list(asked.types or ()),
        "confidence": float(asked.confidence or 0),
        "sessions": list(asked.sessions or ()),
        "agents": list(asked.agents or ()),
        "sources": list(asked.sources or ()),
        "metadata": [f"{key}={value}" for key, value in metadata.items()],
        "of_facts": asked.of_facts,
        "of_messages": asked.of_messages,
    }


async def passing_facts(
    ids: Sequence[str], filters: Filters | None, scopes: Sequence[str], known: str, reader: Reader
) -> set[str]:
    """Return those of some facts that pass."""
    if filters is None or not ids:
        return set(ids)
    found = await reader.read("facts_passing", scopes=scopes, ids=ids, known=known, **conditions(filters))
    return {row["id"] for row in found}


async def passing_messages(
    ids: Sequence[str], filters: Filters | None, scopes: Sequence[str], reader: Reader
) -> set[str]:
    """Return those of some messages that pass."""
    if filters is None or not ids:
        return set(ids)
    found = await reader.read("episodes_passing", scopes=scopes, ids=ids, **conditions(filters))
    return {row["id"] for row in found}


async def passing_sources(
    ids: Sequence[str], filters: Filters | None, scopes: Sequence[str], reader: Reader
) -> set[str]:
    """Return those of some messages by which a fact passes; when they were said is not asked, facts have own times."""
    if filters is None or not filters.of_messages:
        return set(ids)
    of_messages = Filters(
        sessions=filters.sessions, agents=filters.agents, sources=filters.sources, metadata=filters.metadata
    )
    return await passing_messages(ids, of_messages, scopes, reader)


def said_by(fact: Fact, known: datetime) -> Fact:
    """Return a fact with only the sources that were said by a time."""
    later = {s.episode_id for s in fact.sources if s.at is not None and s.at > known}
    return replace(fact, sources=tuple(s for s in fact.sources if s.episode_id not in later)) if later else fact


async def with_passing_sources(
    facts: Iterable[Fact], filters: Filters | None, scopes: Sequence[str], reader: Reader
) -> list[Fact]:
    """Return facts with only the sources by which they pass, so that no other message is quoted."""
    whole = list(facts)
    if filters is None or not filters.of_messages:
        return whole
    ids = sorted({s.episode_id for f in whole for s in f.sources})
    passing = await passing_sources(ids, filters, scopes, reader)
    return [replace(f, sources=tuple(s for s in f.sources if s.episode_id in passing)) for f in whole]
