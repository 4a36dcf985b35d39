"""Erasing a scope: every node of it, in batches, so that it can be taken up again where it was interrupted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphmem.errors import StoreConflict
from graphmem.models import Scope
from graphmem.ports import Clock, Embedder, Store, Transaction
from graphmem.write.turn import turn

BATCH = 500
# The Scope node goes last: while it is there, an interrupted erasure is seen, and keeps writers out.
CONTENT = ("Rule", "Episode", "FactVersion", "Fact", "Change", "Entity", "Session", "Usage")
_PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8)
"""How many seconds what is under way has to end before each try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased: how many nodes of each label; `remains` says what the server's files may hold still."""

    scope: str
    deleted: Mapping[str, int]
    remains: str | None = None


async def erase(scope: Scope, store: Store, embedder: Embedder, clock: Clock) -> Erased:
    """Delete all that a scope holds, for good, and what the embedder keeps; writers meanwhile get StoreConflict.

    Whoever reads its messages ends what is begun first. One that is cut short keeps writers out until it is run again.
    """
    async with turn(scope, store, clock):
        await _begin(scope, store)
        deleted = await _delete_content(scope, store) + await _delete(("Scope",), scope, store)
    await embedder.forget()
    return Erased(scope=scope.key, deleted=dict(deleted), remains=await store.purge())


async def delete_nodes(scope: Scope, store: Store) -> None:
    """Delete all nodes of a scope."""
    await _delete((*CONTENT, "Scope"), scope, store)


async def _begin(scope: Scope, store: Store) -> None:
    """Keep writers out; those that hold the scope's lock end first."""

    async def work(tx: Transaction) -> None:
        await tx.write("begin_erase", scope=scope.key)

    await store.transact(work)


async def _delete_content(scope: Scope, store: Store) -> Counter[str]:
    """Delete what a scope holds, again where more came meanwhile, as what asking a model took does."""
    deleted: Counter[str] = Counter()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        deleted += await _delete(CONTENT, scope, store)
        if not (await store.read("remaining", scope=scope.key, scope_key=scope.digest))[0]["remaining"]:
            return deleted
    raise StoreConflict(f"nodes came to {scope.key} while it was erased. Stop its writers, and erase it again.")


async def _delete(labels: Sequence[str], scope: Scope, store: Store) -> Counter[str]:
    """Delete the nodes of some labels, and count them by label."""
    deleted: Counter[str] = Counter()
    for label in labels:
        while count := await _batch(label, scope, store):
            deleted[label] += count
    return deleted


async def _batch(label: str, scope: Scope, store: Store) -> int:
    async def work(tx: Transaction) -> int:
        found = await tx.write("erase_batch", names={"LABEL": label}, scope=scope.key, limit=BATCH)
        return found[0]["deleted"]

    return await store.transact(work)
