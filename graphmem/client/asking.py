"""What all of the client's methods ask with: the connection, the parts of requests, the values of answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from graphmem.base import ScopeLike
from graphmem.client.transport import Transport
from graphmem.errors import InvalidInput
from graphmem.models import Scope
from graphmem.operations import Change
from graphmem.serial import load_changes, plain

T = TypeVar("T")
TIMEOUT_SECONDS = 30.0


class Asking:
    """A connection to the service, and how it is asked."""

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
        return adapter(kind).validate_json(await self._send("GET", path, params=query(scope, **asked)))

    async def _post(self, kind: type[T], path: str, body: Mapping[str, Any]) -> T:
        """Ask by POST what changes nothing."""
        return adapter(kind).validate_json(await self._send("POST", path, repeats=True, json=body))

    async def _edit(self, method: str, path: str, scope: ScopeLike, **said: Any) -> tuple[Change, ...]:
        body = {"user": user_of(scope), **{k: v for k, v in said.items() if v is not None}}
        return load_changes(json.loads(await self._send(method, path, json=body)))


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what reads a value of a kind from an answer."""
    return TypeAdapter(kind)


def user_of(scope: ScopeLike) -> str:
    """Return the user that a scope names."""
    return scope.user if isinstance(scope, Scope) else scope


def users_of(scope: ScopeLike | Sequence[ScopeLike]) -> str | list[str]:
    """Return the user or users that are named."""
    return user_of(scope) if isinstance(scope, (Scope, str)) else [user_of(s) for s in scope]


def part(text: str) -> str:
    """Return an id as a part of a path."""
    if text in {"", ".", ".."}:
        raise InvalidInput(f"{text!r} is no id.")
    return quote(text, safe="")


def query(scope: ScopeLike, **asked: Any) -> dict[str, Any]:
    """Return what is asked as the parameters of a request, without what is not said."""
    return {"user": user_of(scope), **{k: plain(v) for k, v in asked.items() if v is not None}}
