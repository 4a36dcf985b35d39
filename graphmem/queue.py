"""The facade's queue: which scopes have messages that wait, in whose turn they are read, and what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from graphmem.base import Base, ScopeLike
from graphmem.checks import MOST_RESULTS, check_range
from graphmem.models import Scope, tenant_prefix
from graphmem.ports import Transaction
from graphmem.serial import milliseconds, utc_text

MOST_COUNTED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A scope in the queue: how many messages wait and are parked there, when it is tried, how often it failed."""

    scope: Scope
    waiting: int
    parked: int
    due: datetime | None
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A scope whose turn it is, and how often it was tried in vain."""

    scope: Scope
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many messages of a tenant wait, and since when the longest; `since` is None where none do."""

    waiting: int
    since: datetime | None


class Queue(Base):
    """The messages of all scopes that wait; kept ones are in it until facts were drawn from them."""

    async def queue(self, *, tenant: str | None = None, limit: int = 100, after: str = "") -> tuple[Waiting, ...]:
        """Return the scopes where messages wait or are parked, by key; `after` is the key of the last one seen."""
        check_range("limit", limit, 1, MOST_RESULTS)
        found = await self._parts.store.read("queue", prefix=_prefix(tenant), after=after, limit=limit)
        return tuple(
            Waiting(
                scope=Scope.from_key(row["scope"]),
                waiting=row["waiting"],
                parked=row["parked"],
                due=_moment(row["due"]),
                attempts=row["attempts"],
                reason=row["waits_for"] or row["reason"],
            )
            for row in found
        )

    async def backlog(self, *, tenant: str | None = None, most: int = MOST_COUNTED) -> Backlog:
        """Return how many messages of a tenant, or of all, wait, counted up to `most`."""
        (found,) = await self._parts.store.read("backlog", prefix=_prefix(tenant), most=most)
        return Backlog(waiting=found["waiting"], since=_moment(found["since"]))

    async def due(self, *, busy: Sequence[Scope] = (), each: int = 4) -> tuple[Due, ...]:
        """Return scopes whose turn it is, at most so many of each tenant, the tenants in turn; none that is `busy`."""
        now = self._parts.clock.now()
        found = await self._parts.store.read(
            "due_scopes", due=milliseconds(now), now=utc_text(now), busy=[s.key for s in busy], each=each
        )
        columns = [
            [Due(scope=Scope.from_key(s["scope"]), attempts=s["attempts"]) for s in row["scopes"]] for row in found
        ]
        return tuple(column[n] for n in range(each) for column in columns if n < len(column))

    async def postpone(self, seconds: float, reason: str, *, scope: ScopeLike) -> int:
        """Let what waits in a scope be tried again after so many seconds; returns how often that was done in a row."""
        whose, due = self._scope(scope), self._parts.clock.now() + timedelta(seconds=seconds)

        async def work(transaction: Transaction) -> int:
            found = await transaction.write(
                "postpone_scope", scope=whose.key, due=milliseconds(due), reason=reason[:1000]
            )
            return found[0]["attempts"] if found else 0

        return await self._parts.store.transact(work)

    async def drop(self, *, scope: ScopeLike) -> int:
        """Give up drawing facts from the parked messages of a scope; they stay searchable. Returns how many."""
        whose = self._scope(scope)

        async def work(transaction: Transaction) -> int:
            found = await transaction.write("drop_parked", scope=whose.key, scope_key=whose.digest)
            return found[0]["dropped"]

        return await self._parts.store.transact(work)


def _prefix(tenant: str | None) -> str:
    return "" if tenant is None else tenant_prefix(tenant)


def _moment(due: int | None) -> datetime | None:
    return None if due is None else datetime.fromtimestamp(due / 1000, UTC)
