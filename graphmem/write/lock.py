"""The scope's write lock: who holds it is the scope's only writer until the transaction ends."""

from __future__ import annotations

from datetime import datetime

from graphmem.models import Scope
from graphmem.ports import Embedder, Row, Transaction
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors


async def lock_scope(scope: Scope, embedder: Embedder, now: datetime, tx: Transaction) -> Row:
    """Take the lock and return the scope's counters; raises EmbedderError where the graph has another model's vectors.

    The model is looked at here too, since another program may write all vectors anew while this one is open.
    """
    locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
    check_vectors(locked, embedder)
    return locked
