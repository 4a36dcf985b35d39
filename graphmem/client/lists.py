"""The client's lists, page by page."""

from __future__ import annotations

import json
from typing import Any

from graphmem.base import ScopeLike
from graphmem.checks import MOST_RESULTS, check_shape, checked_clocks
from graphmem.client.connection import Connected, adapter_of, part_of
from graphmem.errors import NotFound
from graphmem.lists import EntityPage, FactPage, MessagePage, Session, SessionPage, User, UserPage
from graphmem.models import AsOf, Entity, Episode, Fact, Filters, FilterValue


class Lists(Connected):
    """What a scope holds, in order; `after` is the `next` of a page."""

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
        """Return one page of the facts that hold, newest first; filters are as in `search`."""
        given = _listed(filters)
        if predicate is not None:
            given["predicate"] = [predicate]
        clocks = checked_clocks(as_of)
        return await self._get(
            FactPage, "/v1/facts", scope, as_of=clocks.valid, known=clocks.known, limit=limit, after=after, **given
        )

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
        """Return the facts that hold, newest first."""
        page = await self.facts_page(
            scope=scope, as_of=as_of, predicate=predicate, limit=limit, after=after, filters=filters
        )
        return page.facts

    async def entities(self, *, scope: ScopeLike, limit: int = 1000, after: str | None = None) -> tuple[Entity, ...]:
        """Return the entities of a scope by name."""
        return (await self.entities_page(scope=scope, limit=limit, after=after)).entities

    async def entities_page(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> EntityPage:
        """Return one page of the entities of a scope, by name."""
        return await self._get(EntityPage, "/v1/entities", scope, limit=limit, after=after)

    async def messages(
        self, *, scope: ScopeLike, session: str, limit: int = MOST_RESULTS, after: str | None = None
    ) -> tuple[Episode, ...]:
        """Return the last messages of a session, oldest first; none of a session that is not known."""
        return (await self.messages_page(scope=scope, session=session, limit=limit, after=after)).messages

    async def messages_page(
        self, *, scope: ScopeLike, session: str, limit: int = 100, after: str | None = None
    ) -> MessagePage:
        """Return one page of a session, the last messages first and each page oldest first.

        That of a session that is not known is empty.
        """
        try:
            path = f"/v1/sessions/{part_of(session)}/messages"
            return await self._get(MessagePage, path, scope, limit=limit, after=after)
        except NotFound:
            return MessagePage(messages=())

    async def sessions(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> tuple[Session, ...]:
        """Return the sessions of a scope by name."""
        return (await self.sessions_page(scope=scope, limit=limit, after=after)).sessions

    async def sessions_page(self, *, scope: ScopeLike, limit: int = 100, after: str | None = None) -> SessionPage:
        """Return one page of the sessions of a scope, by name."""
        return await self._get(SessionPage, "/v1/sessions", scope, limit=limit, after=after)

    async def users(self, *, limit: int = 100, after: str | None = None) -> tuple[User, ...]:
        """Return the users of the key's tenant, by their percent-encoded names."""
        return (await self.users_page(limit=limit, after=after)).users

    async def users_page(self, *, limit: int = 100, after: str | None = None) -> UserPage:
        """Return one page of the users of the key's tenant, by their percent-encoded names."""
        asked = {"limit": limit, **({"after": after} if after is not None else {})}
        return adapter_of(UserPage).validate_json(await self._send("GET", "/v1/users", params=asked))


def _listed(filters: Filters | None) -> dict[str, Any]:
    """Return filters as a list takes them."""
    if filters is None:
        return {}
    check_shape(filters)
    names = {"predicate": "predicates", "type": "types", "session": "sessions", "agent": "agents", "source": "sources"}
    lists = {name: list(getattr(filters, field)) for name, field in names.items() if getattr(filters, field)}
    if filters.metadata is not None:
        lists["metadata"] = [f"{key}={_metadata(value)}" for key, value in filters.metadata.items()]
    return {**lists, "since": filters.since, "until": filters.until, "confidence": filters.confidence}


def _metadata(value: FilterValue) -> str:
    """Return a value as the service reads it: texts quoted, so that "true" stays one."""
    return json.dumps(value) if isinstance(value, (bool, str)) else str(value)
