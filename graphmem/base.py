"""What every part of the facade stands on: the parts, whose memory is meant, facts and entities by id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from graphmem import rows
from graphmem.errors import NotFound, ScopeMissing
from graphmem.models import Entity, Fact, Scope
from graphmem.wiring import Parts

ScopeLike: TypeAlias = Scope | str


class Base:
    """A memory's parts, and the look-ups that all of its methods share.

    `loop` is the event loop in which it was opened: its connections live there, and only there can it be awaited.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.loop = asyncio.get_running_loop()

    async def fact(self, fact_id: str, *, scope: ScopeLike) -> Fact:
        """Return one fact with its sources and versions; raises NotFound."""
        found = await self._facts([fact_id], self._scope(scope))
        if not found:
            raise NotFound(f"there is no fact {fact_id!r} in this scope.")
        return found[0]

    async def entity(self, entity_id: str, *, scope: ScopeLike) -> Entity:
        """Return one entity; raises NotFound."""
        found = await self._parts.store.read("entities_by_ids", scopes=[self._scope(scope).key], ids=[entity_id])
        if not found:
            raise NotFound(f"there is no entity {entity_id!r} in this scope.")
        return rows.entity(found[0]["entity"])

    async def _facts(self, ids: Sequence[str], scope: Scope) -> list[Fact]:
        found = await self._parts.store.read("facts_by_ids", scopes=[scope.key], ids=list(ids))
        by_id = {f.id: f for f in map(rows.fact, found)}
        return [by_id[i] for i in ids if i in by_id]

    def _scope(self, scope: ScopeLike) -> Scope:
        return scope_of(scope, self._parts.settings.tenant)

    def _scopes(self, scope: ScopeLike | Sequence[ScopeLike]) -> list[Scope]:
        return scopes_of(scope, self._parts.settings.tenant)


def scope_of(scope: ScopeLike, tenant: str) -> Scope:
    """Return the scope that is named, a user's within a tenant; raises ScopeMissing."""
    if isinstance(scope, Scope):
        return scope
    if not isinstance(scope, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ScopeMissing(f"a scope is a user's name or a Scope, not {scope!r}.")
    return Scope(user=scope, tenant=tenant)


def scopes_of(scope: ScopeLike | Sequence[ScopeLike], tenant: str) -> list[Scope]:
    """Return the scopes that are named, one or several, each once; raises ScopeMissing, also for none."""
    if isinstance(scope, (Scope, str)):
        return [scope_of(scope, tenant)]
    scopes = list(dict.fromkeys(scope_of(s, tenant) for s in scope))
    if not scopes:
        raise ScopeMissing("this search names no scope. Pass scope='ada'; there is no default.")
    return scopes
