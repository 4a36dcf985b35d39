"""Sweeping: contracts and stays end without anybody writing; the next write takes them out of the live view."""

from __future__ import annotations

from datetime import datetime

from graphmem.models import Scope
from graphmem.ports import Row, Transaction
from graphmem.serial import utc_text


async def sweep(scope: Scope, now: datetime, tx: Transaction) -> list[Row]:
    """Take facts whose stated end has passed out of the live view; returns their places, whose literals may change.

    Until the next write to the scope, readers of the live view filter by `invalid_at`.
    """
    due = await tx.read("due_facts", scope=scope.key, scope_key=scope.digest, now=utc_text(now))
    if not due:
        return []
    ids = [row["id"] for row in due]
    await tx.write("drop_live", scope=scope.key, ids=ids)
    await tx.write("mark_swept", scope=scope.key, ids=ids)
    return await tx.read("slots_of_facts", scope=scope.key, ids=ids)
