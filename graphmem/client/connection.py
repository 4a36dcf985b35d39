"""What every part of the client stands on: its connections, and requests and answers as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from graphmem.base import ScopeLike, scope_of, scopes_of
from graphmem.client.transport import Transport
from graphmem.edits import Day
from graphmem.errors import NotFound
from graphmem.models import Scope
from graphmem.operations import Change
from graphmem.serial import load_changes, plain

T = TypeVar("T")
TIMEOUT_SECONDS = 30.0
WAIT_SECONDS = 120.0
"""For so long an answer is waited for where much is read or written, or a model is asked."""
_TENANT = "the key's"
"""Stands where a scope names a tenant; the service knows it by the key."""


class Connected:
    """Connections to a service, entered and closed as one."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = http or httpx.AsyncClient(base_url=url, timeout=timeout, headers=headers)
        self._owns = http is None
        self._transport = Transport(http=self._http)
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        if self._owns:
            await self._http.aclose()

    async def _send(self, method: str, path: str, *, repeats: bool = False, **parts: Any) -> bytes:
        return await self._transport.send(method, path, repeats=repeats, **parts)

    async def _get(self, kind: type[T], path: str, scope: ScopeLike, **asked: Any) -> T:
        return adapter_of(kind).validate_json(await self._send("GET", path, params=query_of(scope, **asked)))

    async def _post(self, kind: type[T], path: str, body: Mapping[str, Any]) -> T:
        """Ask by POST what changes nothing."""
        return adapter_of(kind).validate_json(await self._send("POST", path, repeats=True, json=body))

    async def _edit(self, method: str, path: str, scope: ScopeLike, **said: Any) -> tuple[Change, ...]:
        body = {"user": user_of(scope), **{k: v for k, v in said.items() if v is not None}}
        return load_changes(json.loads(await self._send(method, path, json=body)))

    async def _slowly(self, method: str, path: str, *, repeats: bool = False, **parts: Any) -> Any:
        """Return the answer, as JSON, to what may take longer."""
        timeout = self._timeout + WAIT_SECONDS
        return json.loads(await self._send(method, path, repeats=repeats, timeout=timeout, **parts))


@cache
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return what reads values of a kind."""
    return TypeAdapter(kind)


def user_of(scope: ScopeLike) -> str:
    """Return the user that a scope names; raises ScopeMissing."""
    return scope_of(scope, _TENANT).user


def users_of(scope: ScopeLike | Sequence[ScopeLike]) -> str | list[str]:
    """Return the user or users that are named; raises ScopeMissing."""
    users = [s.user for s in scopes_of(scope, _TENANT)]
    return users[0] if isinstance(scope, (Scope, str)) else users


def id_of(text: str) -> str:
    """Return an id that may be asked for; raises NotFound for an empty one, which nothing has."""
    if not text:
        raise NotFound(f"there is nothing of the id {text!r} in this scope.")
    return text


def part_of(text: str) -> str:
    """Return an id as part of a path; raises NotFound."""
    # Bare, one or two dots alone would be steps within the path.
    return "%2E" * len(text) if text in {".", ".."} else quote(id_of(text), safe="")


def query_of(scope: ScopeLike, **asked: Any) -> dict[str, Any]:
    """Return what is asked as a query string has it, without what is None."""
    return {"user": user_of(scope), **{k: plain(v) for k, v in asked.items() if v is not None}}


def day_of(day: Day) -> str | None:
    """Return a date as the service reads it, which refuses one without zone."""
    return day.isoformat() if isinstance(day, datetime) else day
