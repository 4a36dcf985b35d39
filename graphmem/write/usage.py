"""What asking models took, kept by scope, day, model and prompt; and what it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphmem.errors import BatchTooCostly, BudgetSpent
from graphmem.models import Scope
from graphmem.operations import Cost
from graphmem.ports import ChatReply, Clock, Store, Transaction
from graphmem.prices import Price, price_of
from graphmem.text import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many calls and tokens (in and out) one batch, one scope a day and all scopes a day may take; None: any."""

    batch_calls: int | None = None
    batch_tokens: int | None = None
    scope_calls: int | None = None
    scope_tokens: int | None = None
    day_calls: int | None = None
    day_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The books: every call is entered, and looked at before the next one. A day is one of UTC.

    `watchers` are told of each call that is entered, its kind and what it took.
    """

    store: Store
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    watchers: list[Callable[[str, Cost], None]] = field(default_factory=list[Callable[[str, Cost], None]])

    async def check(self, scope: Scope, spent: Cost) -> None:
        """Raise BudgetSpent where the scope or the day has nothing left, BatchTooCostly where the batch has not."""
        limits = self.limits
        for taken, limit, what, name in (
            (spent.calls, limits.batch_calls, "calls", "CALLS"),
            (spent.tokens, limits.batch_tokens, "tokens", "TOKENS"),
        ):
            if limit is not None and taken >= limit:
                raise BatchTooCostly(f"these messages took {taken} {what} already; GRAPHMEM_BATCH_{name} is {limit}.")
        reason = await self.spent(scope)
        if reason is not None:
            raise BudgetSpent(reason)

    async def spent(self, scope: Scope) -> str | None:
        """Say in words which budget of today is spent; None for none."""
        limits = self.limits
        if (limits.scope_calls, limits.scope_tokens, limits.day_calls, limits.day_tokens) == (None,) * 4:
            return None
        day = self._day()
        taken = (await self.store.read("usage_of_day", scope=scope.key, day=day))[0]
        for which, limit in (
            ("scope_calls", limits.scope_calls),
            ("scope_tokens", limits.scope_tokens),
            ("day_calls", limits.day_calls),
            ("day_tokens", limits.day_tokens),
        ):
            if limit is not None and taken[which] >= limit:
                whose, _, what = which.partition("_")
                of = f"the {what} of {scope.key}" if whose == "scope" else f"all {what}"
                return (
                    f"{of} for {day} are spent ({taken[which]:,} of {limit:,}). What waits is read tomorrow (UTC), or "
                    f"once GRAPHMEM_{which.upper()} is raised: graphmem process."
                )
        return None

    async def enter(
        self, scope: Scope, kind: str, prompt_version: str, reply: ChatReply | None, seconds: float
    ) -> Cost:
        """Enter one call, also one that was not answered, and return what it took."""
        model = reply.model if reply else ""
        cost = Cost(
            model=model,
            prompt_version=prompt_version,
            calls=1,
            tokens_in=reply.tokens_in if reply else 0,
            tokens_cached=reply.tokens_cached if reply else 0,
            tokens_out=reply.tokens_out if reply else 0,
            seconds=round(seconds, 3),
            money=self._money(reply) if reply else 0.0,
        )
        day = self._day()

        async def work(tx: Transaction) -> None:
            await tx.write(
                "enter_usage",
                scope=scope.key,
                id=f"us_{digest(scope.key, day, kind, prompt_version, model)[:24]}",
                day=day,
                kind=kind,
                model=model,
                prompt_version=prompt_version,
                tokens_in=cost.tokens_in,
                tokens_cached=cost.tokens_cached,
                tokens_out=cost.tokens_out,
                seconds=cost.seconds,
                money=cost.money,
            )

        await self.store.transact(work)
        for told in self.watchers:
            told(kind, cost)
        return cost

    def _day(self) -> str:
        return f"{self.clock.now():%Y-%m-%d}"

    def _money(self, reply: ChatReply) -> float | None:
        price = price_of(reply.model, self.prices)
        return None if price is None else price.of(reply.tokens_in, reply.tokens_cached, reply.tokens_out)
