"""The facade's lists, page by page: facts that hold, entities, messages, sessions, users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem import rows
from graphmem.base import Base, ScopeLike
from graphmem.checks import MOST_RESULTS, check_filters, check_range, checked_clocks
from graphmem.cursors import bad_cursor, read_cursor, write_cursor
from graphmem.dates import parse_date
from graphmem.errors import NotFound
from graphmem.models import EDITS, AsOf, Entity, Episode, Fact, Filters, Precision, Scope, tenant_prefix
from graphmem.ports import Row
from graphmem.read.filtered import conditions, with_passing_sources
from graphmem.read.states import state_at
from graphmem.serial import utc_text
from graphmem.text import fold
from graphmem.write.episodes import read_episodes
from graphmem.write.link import candidates

MOST_NUMBER = 2**63 - 1
"""The highest number that the store keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPage:
    """Some facts of a list; `next` is what to pass as `after` for those after them, None where there are no more."""

    facts: tuple[Fact, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of a tenant, and how many messages of theirs were ever kept, which edits by hand are not."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """Some entities of a list, and its `next` as in `FactPage`."""

    entities: tuple[Entity, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Some messages of a session, oldest first; with `next` come those before them, None where there are none."""

    messages: tuple[Episode, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Some sessions of a list, and its `next` as in `FactPage`."""

    sessions: tuple[Session, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """Some users of a list, and its `next` as in `FactPage`."""

    users: tuple[User, ...]
    next: str | None = None


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
        since, last = _fact_place(after) if after is not None else (None, None)
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
            next=_after_fact(shown[-1]) if len(found) > limit else None,
        )

    async def users(self, *, tenant: str | None = None, limit: int = 100, after: str | None = None) -> tuple[User, ...]:
        """Return the users of a tenant, the settings' own by default; `after` is the `next` of a page.

        They come in the order of their names as percent-encoded in the scope's key: é before digits, Z before a.
        """
        return (await self.users_page(tenant=tenant, limit=limit, after=after)).users

    async def users_page(self, *, tenant: str | None = None, limit: int = 100, after: str | None = None) -> UserPage:
        """Return one page of what `users` lists, and where the next one begins."""
        check_range("limit", limit, 1, MOST_RESULTS)
        whose = self._parts.settings.tenant if tenant is None else tenant
        last = Scope(tenant=whose, user=read_cursor(after, "users", str)[0]).key if after is not None else ""
        page = {"prefix": tenant_prefix(whose), "after": last, "limit": limit + 1}
        found = await self._parts.store.read("users", **page, edits=EDITS)
        users = tuple(
            User(
                user=Scope.from_key(row["scope"]).user,
                messages=row["messages"],
                created_at=rows.moment(row["created_at"]),
            )
            for row in found[:limit]
        )
        return UserPage(users=users, next=write_cursor("users", users[-1].user) if len(found) > limit else None)

    async def sessions(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> tuple[Session, ...]:
        """Return the sessions of a scope by name, with how many messages each has; `after` is the `next` of a page."""
        return (await self.sessions_page(scope=scope, limit=limit, after=after)).sessions

    async def sessions_page(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> SessionPage:
        """Return one page of what `sessions` lists, and where the next one begins."""
        check_range("limit", limit, 1, MOST_RESULTS)
        last: str = read_cursor(after, "sessions", str)[0] if after is not None else ""
        found = await self._parts.store.read(
            "sessions_of_scopes", scopes=[self._scope(scope).key], after=last, limit=limit + 1
        )
        sessions = tuple(
            Session(
                session=row["session"],
                messages=row["messages"],
                first_at=rows.moment(row["first_at"]),
                last_at=rows.moment(row["last_at"]),
            )
            for row in found[:limit]
        )
        following = write_cursor("sessions", sessions[-1].session) if len(found) > limit else None
        return SessionPage(sessions=sessions, next=following)

    async def messages(
        self, *, scope: ScopeLike, session: str, limit: int = MOST_RESULTS, after: str | None = None
    ) -> tuple[Episode, ...]:
        """Return the last `limit` messages of a session, oldest first; one that is to be shown no more has no text.

        With `after`, the `next` of a page, those that lie before it; none of a session that is not known.
        """
        return (await self.messages_page(scope=scope, session=session, limit=limit, after=after)).messages

    async def messages_page(
        self, *, scope: ScopeLike, session: str, limit: int = 100, after: str | None = None
    ) -> MessagePage:
        """Return one page of a session, the last messages first and each page oldest first, and where the next begins.

        Messages that come meanwhile are on none of the pages that follow. That of a session that is not known is empty.
        """
        check_range("limit", limit, 1, MOST_RESULTS)
        before: int | None = read_cursor(after, "messages", int)[0] if after is not None else None
        if before is not None and not 0 <= before <= MOST_NUMBER:
            raise bad_cursor(str(after))
        found = await self._parts.store.read(
            "episodes_of_session",
            scopes=[self._scope(scope).key],
            session=session,
            before_seq=before,
            limit=limit + 1,
        )
        messages = tuple(rows.episode(row["episode"]) for row in found[-limit:])
        return MessagePage(
            messages=messages, next=write_cursor("messages", messages[0].seq) if len(found) > limit else None
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

    async def entities(
        self, *, scope: ScopeLike, limit: int = MOST_RESULTS, after: str | None = None
    ) -> tuple[Entity, ...]:
        """Return the entities of a scope by name; merged ones name the entity that they are in `canonical_id`.

        `after` is the `next` of a page.
        """
        return (await self.entities_page(scope=scope, limit=limit, after=after)).entities

    async def entities_page(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> EntityPage:
        """Return one page of what `entities` lists, and where the next one begins."""
        check_range("limit", limit, 1, MOST_RESULTS)
        name, last = read_cursor(after, "entities", str, str) if after is not None else (None, None)
        found = await self._parts.store.read(
            "entities_of_scopes", scopes=[self._scope(scope).key], after_name=name, after_id=last, limit=limit + 1
        )
        entities = tuple(rows.entity(row["entity"]) for row in found[:limit])
        following = write_cursor("entities", entities[-1].name, entities[-1].id) if len(found) > limit else None
        return EntityPage(entities=entities, next=following)

    async def entities_named(self, name: str, *, scope: ScopeLike) -> tuple[Entity, ...]:
        """Return the entities that a name means: those whose name it is, else those that it is another name of.

        Names are compared without case and accents; a merged entity is what it was merged into.
        """
        whose, asked = self._scope(scope), fold(name)
        known = await candidates([name], whose, self._parts.store)
        own = {e.canonical_id for e in known if fold(e.name) == asked}
        meant = own or {e.canonical_id for e in known if asked in e.names}
        return tuple(sorted((e for e in known if e.id in meant), key=lambda e: (e.name, e.id)))


def _after_fact(row: Row) -> str:
    return write_cursor("facts", utc_text(rows.moment(row["since"])), row["id"])


def _fact_place(text: str) -> tuple[str, str]:
    """Return the start and the id of the fact that ended a page."""
    since, fact = read_cursor(text, "facts", str, str)
    try:
        at, precision = parse_date(since)
    except ValueError as exc:
        raise bad_cursor(text) from exc
    if precision is not Precision.INSTANT:
        raise bad_cursor(text)
    return utc_text(at), fact
