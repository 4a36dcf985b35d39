"""The scope's write lock: who holds it is the scope's only writer until the transaction ends."""

from __future__ import annotations

from datetime import datetime

from graphmem.errors import StoreConflict
from graphmem.models import Scope
from graphmem.ports import Embedder, Row, Transaction
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors

_TRIES = 3


async def lock_scope(scope: Scope, embedder: Embedder, now: datetime, tx: Transaction) -> Row:
    """Take the lock and return the scope's counters.

    Raises VectorsForeign where the graph has another model's vectors, which is looked at here too since another program
    may write them anew while this one is open; and StoreConflict while the scope is being restored or erased.
    """
    locked = await _locked(scope, now, tx)
    check_vectors(locked, embedder)
    if locked["restoring"] is not None:
        raise StoreConflict(f"{scope.key} is being restored from a backup; where that was cut short, run it again.")
    if locked["erasing"]:
        raise StoreConflict(f"{scope.key} is being erased; where that was cut short, erase it again.")
    return locked


async def _locked(scope: Scope, now: datetime, tx: Transaction) -> Row:
    """Take the lock; a scope that was erased while it was waited for begins anew."""
    for _ in range(_TRIES):
        found = await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now))
        # One that is being restored has no counters yet.
        if found and (found[0]["seq"] is not None or found[0]["restoring"] is not None):
            return found[0]
    raise StoreConflict(f"{scope.key} was erased while it was written to; do it again.")
