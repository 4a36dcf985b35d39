"""Keeping house for the graph that settings name: its schema, its vectors, its backups."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.clock import SystemClock
from graphmem.adapters.queries import Migration
from graphmem.adapters.schema import Vectors, check_ours, migrate, missing_steps, read_state
from graphmem.house.backup import BackedUp, backup
from graphmem.house.reembed import Reembedded, reembed
from graphmem.house.restore import Restored, restore
from graphmem.models import Scope
from graphmem.ports import Embedder
from graphmem.settings import Settings
from graphmem.wiring import build_embedder, connection, connector

Progress = Callable[[int, int], None]
"""Is told how many of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The steps of the schema that were taken, or would be in a dry run, by name."""

    store: str
    steps: tuple[str, ...]
    dry_run: bool


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncGenerator[BoltStore]:
    """Connect to the graph that the settings name, whatever its schema is."""
    store = BoltStore(connector(settings), connection(settings))
    try:
        await store.connect()
        yield store
    finally:
        await store.close()


async def migrate_store(
    settings: Settings, *, dry_run: bool = False, progress: Callable[[Migration], None] | None = None
) -> Migrated:
    """Bring the graph that the settings name up to this program's schema; what is up to date stays as it is.

    Raises StoreForeign for a graph of somebody else, StoreNewer for one of a newer program, StoreUnavailable.
    """
    async with _connected(settings) as store:
        state = await read_state(store)
        check_ours(store, state)
        if dry_run:
            steps = missing_steps(store, state)
        else:
            vectors = state.vectors or await _own_vectors(settings)
            steps = await migrate(store, vectors, SystemClock(), progress=progress)
        return Migrated(store=store.address, steps=tuple(s.name for s in steps), dry_run=dry_run)


async def _own_vectors(settings: Settings) -> Vectors:
    """Return which vectors the embedder makes that the settings name."""
    embedder = build_embedder(settings)
    try:
        await embedder.load()
        return Vectors.of(embedder)
    finally:
        await embedder.close()


async def reembed_store(
    settings: Settings, embedder: Embedder | None = None, *, progress: Progress | None = None
) -> Reembedded:
    """Write all vectors of the graph that the settings name anew with the embedder, the settings' own by default.

    Raises StoreOlder, StoreForeign, StoreNewer, StoreUnavailable.
    """
    owned, embedder = embedder is None, build_embedder(settings, embedder)
    try:
        await embedder.load()
        async with _connected(settings) as store:
            return await reembed(store, embedder, progress=progress)
    finally:
        if owned:
            await embedder.close()


async def backup_store(
    settings: Settings, file: Path, *, scopes: Sequence[Scope] | None = None, progress: Progress | None = None
) -> BackedUp:
    """Write the graph that the settings name, or some of its scopes, to a new file; cut short, it goes on.

    Raises FileUnwritable, NotFound for a scope that is not there, and what `backup` raises.
    """
    async with _connected(settings) as store:
        return await backup(file, store, SystemClock(), scopes=scopes, progress=progress)


async def restore_store(
    settings: Settings, file: Path, *, scopes: Sequence[Scope] | None = None, progress: Progress | None = None
) -> Restored:
    """Bring what a backup holds, or some of its scopes, into the graph that the settings name; cut short, it goes on.

    Raises UnreadableFile for a file that is cut, InvalidInput for scopes that are there already, and what `restore`
    raises.
    """
    async with _connected(settings) as store:
        return await restore(file, store, SystemClock(), scopes=scopes, progress=progress)
