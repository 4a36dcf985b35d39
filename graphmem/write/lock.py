"""The scope's write lock: who holds it is the scope's only writer until the transaction ends."""

from __future__ import annotations

from datetime import datetime

from graphmem.errors import StoreConflict
from graphmem.models import Scope
from graphmem.ports import Embedder, Row, Transaction
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors


async def lock_scope(scope: Scope, embedder: Embedder, now: datetime, tx: Transaction) -> Row:
    """Take the lock and return the scope's counters.

    Raises EmbedderError where the graph has another model's vectors, which is looked at here too since another program
    may write them anew while this one is open; and StoreConflict while the scope is being restored.
    """
    locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
    check_vectors(locked, embedder)
    if locked["restoring"] is not None:
        raise StoreConflict(f"{scope.key} is being restored from a backup; where that was cut short, run it again.")
    return locked
