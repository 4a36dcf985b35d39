"""Reading again what no model has read: the messages go back to the queue, and what patterns found in them goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from graphmem.models import EpisodeState, Scope
from graphmem.operations import Revise, ReviseKind
from graphmem.ports import Transaction
from graphmem.serial import utc_text
from graphmem.write.settle import CLOSING_CONFIDENCE
from graphmem.write.single import Draft, Tools, decide
from graphmem.write.undo import facts_by_id

_REASON = "a model reads the messages"


async def queue_unread(scope: Scope, tools: Tools) -> int:
    """Put the messages that no model has read back into the queue, and withdraw what patterns found in them.

    Returns how many messages. Both happen in one transaction; until a model has read them, they are pending.
    """
    queued = 0

    async def build(tx: Transaction, now: datetime) -> Draft:
        nonlocal queued
        ids = [row["id"] for row in await tx.read("episodes_unread", scopes=[scope.key])]
        queued = len(ids)
        certain = CLOSING_CONFIDENCE - 1e-9
        found = await tx.read("facts_found_locally", scopes=[scope.key], confidence=certain, now=utc_text(now))
        facts = await facts_by_id([row["id"] for row in found], scope, tx)
        if ids:
            await tx.write(
                "requeue_episodes",
                scope=scope.key,
                scope_key=scope.digest,
                ids=ids,
                state=EpisodeState.PENDING.value,
                reason=None,
            )
        operations = tuple(
            Revise(
                fact_id=f.id,
                text=f.text,
                before=f.state,
                after=replace(f.state, expired_at=now),
                kind=ReviseKind.WITHDRAWN,
            )
            for f in facts.values()
        )
        return Draft(operations=operations, reason=_REASON)

    await decide(build, scope, tools)
    return queued
