"""Erasing a scope: every node of it, in batches, so that it can be taken up again where it was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphmem.errors import StoreConflict
from graphmem.models import Scope
from graphmem.ports import Clock, Embedder, Store, Transaction
from graphmem.write.turn import turn

BATCH = 500
# The Scope node goes last: while it is there, an interrupted erasure is seen.
LABELS = ("Rule", "Episode", "FactVersion", "Fact", "Change", "Entity", "Session", "Usage", "Scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased: how many nodes of each label; `remains` says what the server's files may hold still."""

    scope: str
    deleted: Mapping[str, int]
    remains: str | None = None


async def erase(scope: Scope, store: Store, embedder: Embedder, clock: Clock) -> Erased:
    """Delete all that a scope holds, for good, and what the embedder keeps; a writer meanwhile is a StoreConflict.

    Whoever reads its messages ends what is begun first.
    """
    async with turn(scope, store, clock):
        deleted = await delete_nodes(scope, store)
    left = (await store.read("remaining", scope=scope.key, scope_key=scope.digest))[0]["remaining"]
    if left:
        raise StoreConflict(f"{left} nodes came to {scope.key} while it was erased. Stop its writers, and erase again.")
    await embedder.forget()
    return Erased(scope=scope.key, deleted=deleted, remains=await store.purge())


async def delete_nodes(scope: Scope, store: Store) -> dict[str, int]:
    """Delete all nodes of a scope, and count them by label."""
    deleted: dict[str, int] = {}
    for label in LABELS:
        while count := await _batch(label, scope, store):
            deleted[label] = deleted.get(label, 0) + count
    return deleted


async def _batch(label: str, scope: Scope, store: Store) -> int:
    async def work(tx: Transaction) -> int:
        found = await tx.write("erase_batch", names={"LABEL": label}, scope=scope.key, limit=BATCH)
        return found[0]["deleted"]

    return await store.transact(work)
