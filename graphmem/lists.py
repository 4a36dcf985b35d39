"""The facade's lists: the facts that hold, page by page, and the entities of a scope."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem import rows
from graphmem.base import Base, ScopeLike
from graphmem.checks import MOST_RESULTS, check_filters, check_range, checked_clocks
from graphmem.dates import parse_date
from graphmem.errors import InvalidInput, NotFound
from graphmem.models import AsOf, Entity, Episode, Fact, Filters, Precision, Scope, tenant_prefix
from graphmem.read.filtered import conditions, with_passing_sources
from graphmem.read.states import state_at
from graphmem.serial import utc_text
from graphmem.write.episodes import read_episodes


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPage:
    """Some facts of a list; `next` is what to pass as `after` for those after them, None where there are no more."""

    facts: tuple[Fact, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of a tenant, and how many messages of theirs were ever kept."""

    user: str
    messages: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation of a scope: how many messages it has, and when the first and the last were said."""

    session: str
    messages: int
    first_at: datetime
    last_at: datetime


class Lists(Base):
    """What a scope holds, in order."""

    async def facts(
        self,
        *,
        scope: ScopeLike,
        as_of: AsOf | None = None,
        predicate: str | None = None,
        limit: int = 100,
        after: str | None = None,
        filters: Filters | None = None,
    ) -> tuple[Fact, ...]:
        """Return the facts that hold, newest first, each as it was believed on the asked clocks.

        `after` is the `next` of a page; filters are as in `search`.
        """
        page = await self.facts_page(
            scope=scope, as_of=as_of, predicate=predicate, limit=limit, after=after, filters=filters
        )
        return page.facts

    async def facts_page(
        self,
        *,
        scope: ScopeLike,
        as_of: AsOf | None = None,
        predicate: str | None = None,
        limit: int = 100,
        after: str | None = None,
        filters: Filters | None = None,
    ) -> FactPage:
        """Return one page of what `facts` lists, and where the next one begins.

        The order is that of the facts' start, latest first, then of their ids: facts that are added between two pages
        neither repeat nor hide others.
        """
        check_range("limit", limit, 1, MOST_RESULTS)
        check_filters(filters, self._parts.ontology)
        clocks, whose, now = checked_clocks(as_of), self._scope(scope), self._parts.clock.now()
        since, last = _read_cursor(after) if after is not None else (None, None)
        found = await self._parts.store.read(
            "facts_at",
            scopes=[whose.key],
            predicate=predicate,
            valid=utc_text(clocks.valid or now),
            known=utc_text(clocks.known or now),
            after_since=since,
            after_id=last,
            limit=limit + 1,
            **conditions(filters),
        )
        shown = found[:limit]
        whole = await self._facts([row["id"] for row in shown], whose)
        facts = await with_passing_sources(whole, filters, [whose.key], self._parts.store)
        states = ((f, state_at(f, clocks, now)) for f in facts)
        return FactPage(
            facts=tuple(f.in_state(state) for f, state in states if state is not None),
            next=_cursor(shown[-1]["since"], shown[-1]["id"]) if len(found) > limit else None,
        )

    async def users(self, *, tenant: str | None = None, limit: int = 100, after: str | None = None) -> tuple[User, ...]:
        """Return the users of a tenant, the settings' own by default, by name; those after one of them."""
        check_range("limit", limit, 1, MOST_RESULTS)
        whose = tenant or self._parts.settings.tenant
        last = Scope(tenant=whose, user=after).key if after else ""
        found = await self._parts.store.read("users", prefix=tenant_prefix(whose), after=last, limit=limit)
        return tuple(
            User(
                user=Scope.from_key(row["scope"]).user,
                messages=row["messages"],
                created_at=rows.moment(row["created_at"]),
            )
            for row in found
        )

    async def sessions(self, *, scope: ScopeLike, limit: int = 100, after: str = "") -> tuple[Session, ...]:
        """Return the sessions of a scope by name, those after one of them, with how many messages each has."""
        check_range("limit", limit, 1, MOST_RESULTS)
        found = await self._parts.store.read(
            "sessions_of_scopes", scopes=[self._scope(scope).key], after=after, limit=limit
        )
        return tuple(
            Session(
                session=row["session"],
                messages=row["messages"],
                first_at=rows.moment(row["first_at"]),
                last_at=rows.moment(row["last_at"]),
            )
            for row in found
        )

    async def message(self, episode_id: str, *, scope: ScopeLike) -> Episode:
        """Return a kept message by its episode's id, with how far it has come; raises NotFound."""
        found = await self.messages_by_ids([episode_id], scope=scope)
        if not found:
            raise NotFound(f"there is no message {episode_id!r} in this scope.")
        return found[0]

    async def messages_by_ids(self, episode_ids: Sequence[str], *, scope: ScopeLike) -> tuple[Episode, ...]:
        """Return those of some messages that are kept, in the order in which they came."""
        return tuple(await read_episodes(episode_ids, self._scope(scope), self._parts.store))

    async def entities(self, *, scope: ScopeLike, limit: int = 1000) -> tuple[Entity, ...]:
        """Return the entities of a scope by name; merged ones name the entity that they are in `canonical_id`."""
        check_range("limit", limit, 1, MOST_RESULTS)
        found = await self._parts.store.read("entities_of_scopes", scopes=[self._scope(scope).key], limit=limit)
        return tuple(rows.entity(row["entity"]) for row in found)


def _cursor(since: str, fact: str) -> str:
    return base64.urlsafe_b64encode(f"{utc_text(rows.moment(since))}|{fact}".encode()).decode()


def _read_cursor(text: str) -> tuple[str, str]:
    """Return the start and the id of the fact that ended a page."""
    try:
        since, sign, fact = (
            base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode().partition("|")
        )
        at, precision = parse_date(since)
    except ValueError as exc:
        raise _bad_cursor(text) from exc
    if not sign or not fact or precision is not Precision.INSTANT:
        raise _bad_cursor(text)
    return utc_text(at), fact


def _bad_cursor(text: str) -> InvalidInput:
    return InvalidInput(f"after is {text!r}, which ends no page; pass the `next` of a page, or nothing for the first.")
