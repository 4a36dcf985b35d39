"""Writers of all processes take turns at a scope, instead of losing races in the store after the model was asked."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from graphmem.models import Scope
from graphmem.ports import Clock, Store, Transaction
from graphmem.serial import utc_text

LEASE_SECONDS = 10.0
BEAT_SECONDS = 3.0
_LOOK_SECONDS = 0.05


@asynccontextmanager
async def turn(scope: Scope, store: Store, clock: Clock) -> AsyncGenerator[None]:
    """Hold a scope's turn; one whose holder was killed is free again after `LEASE_SECONDS`.

    It saves work and is no lock: what is applied is checked against the ledger's version, whoever holds the turn.
    """
    owner = uuid.uuid4().hex
    # The holder may be another process: there is no event to wait for.
    while not await _claim(scope, owner, store, clock):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
    beat = asyncio.create_task(_beat(scope, owner, store, clock))
    try:
        yield
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
        await _release(scope, owner, store)


async def leave_queue(scope: Scope, store: Store, clock: Clock) -> None:
    """Take a scope in which nothing waits out of the queue; a writer that was killed after its last commit did not."""

    async def work(transaction: Transaction) -> None:
        now = utc_text(clock.now())
        await transaction.write("leave_queue", scope=scope.key, scope_key=scope.digest, now=now)

    await store.transact(work)


async def _beat(scope: Scope, owner: str, store: Store, clock: Clock) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        await _claim(scope, owner, store, clock)


async def _claim(scope: Scope, owner: str, store: Store, clock: Clock) -> bool:
    now = clock.now()
    until = now + timedelta(seconds=LEASE_SECONDS)

    async def work(transaction: Transaction) -> bool:
        found = await transaction.write(
            "claim_turn", scope=scope.key, owner=owner, now=utc_text(now), until=utc_text(until)
        )
        # A scope that nobody wrote to yet has nothing to take turns at.
        return not found or bool(found[0]["mine"])

    return await store.transact(work)


async def _release(scope: Scope, owner: str, store: Store) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.write("release_turn", scope=scope.key, scope_key=scope.digest, owner=owner)

    await store.transact(work)
