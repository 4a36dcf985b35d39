"""Keeping house: bringing a graph's schema up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.clock import SystemClock
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.queries import Migration
from graphmem.adapters.schema import Vectors, check_ours, migrate, missing_steps, read_state
from graphmem.settings import Settings
from graphmem.wiring import connection, connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The steps of the schema that were taken, or would be in a dry run, by name."""

    store: str
    steps: tuple[str, ...]
    dry_run: bool


async def migrate_store(
    settings: Settings, *, dry_run: bool = False, progress: Callable[[Migration], None] | None = None
) -> Migrated:
    """Bring the graph that the settings name up to this program's schema; what is up to date stays as it is.

    Raises StoreForeign for a graph of somebody else, StoreNewer for one of a newer program, StoreUnavailable.
    """
    store = BoltStore(connector(settings), connection(settings))
    try:
        await store.connect()
        state = await read_state(store)
        check_ours(store, state)
        if dry_run:
            steps = missing_steps(store, state)
        else:
            fresh = Vectors(embedder=LocalEmbedder.name, dimension=LocalEmbedder.dimension)
            steps = await migrate(store, state.vectors or fresh, SystemClock(), progress=progress)
        return Migrated(store=store.address, steps=tuple(s.name for s in steps), dry_run=dry_run)
    finally:
        await store.close()
