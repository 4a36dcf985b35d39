"""Endings: who said that a fact is no longer so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from graphmem import rows
from graphmem.models import Source
from graphmem.operations import Invalidate
from graphmem.ports import Reader
from graphmem.read.asked import Asked
from graphmem.read.filtered import passing_sources
from graphmem.read.found import FoundFact


async def with_endings(facts: Sequence[FoundFact], asked: Asked, reader: Reader) -> list[FoundFact]:
    """Return facts that ended, each with the message that ended it, where one did that passes the filters."""
    keys = asked.keys
    sources = await asyncio.gather(*(_ending(f, keys, reader) for f in facts))
    named = sorted({s.episode_id for s in sources if s is not None})
    ids = sorted(await passing_sources(named, asked.filters, keys, reader))
    found = await reader.read("episodes_by_ids", scopes=keys, ids=ids) if ids else []
    said = {e.id: e for e in (rows.episode(row["episode"]) for row in found)}

    def told(fact: FoundFact, source: Source | None) -> FoundFact:
        episode = said.get(source.episode_id) if source else None
        if source is None or episode is None or not source.quote:
            return fact
        return replace(fact, ended_by=replace(source, speaker=episode.speaker, at=episode.at))

    return [told(f, s) for f, s in zip(facts, sources, strict=True)]


async def _ending(found: FoundFact, scopes: list[str], reader: Reader) -> Source | None:
    changes = await reader.read("changes_of_fact", scopes=scopes, fact=found.fact.id)
    endings = [
        op.source
        for row in changes
        for op in rows.change(row["change"]).operations
        if isinstance(op, Invalidate) and op.fact_id == found.fact.id and op.at == found.state.interval.end
    ]
    return endings[-1] if endings else None
