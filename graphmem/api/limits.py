"""Limits of the service: how often a key may ask, how much at once, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.api.access import Principal, who
from graphmem.api.problems import MOST_LEVELS, Refused, problem, problem_of
from graphmem.errors import GraphMemError, SettingsError, StoreError
from graphmem.memory import Memory
from graphmem.settings import Service

READ_BODIES = {"POST", "PATCH"}
LIMITED = "/v1/"
STREAMS = {"/v1/changes/feed", "/v1/chat"}
BACKLOG_SECONDS = 1.0
BACKLOG_RETRY = "10"
AT_ONCE_RETRY = {"Retry-After": "1"}
MOST_TENANTS = 10_000
"""So many backlogs are remembered."""


@dataclass(slots=True)
class Limits:
    """How often each key may ask, and how many messages of a tenant may wait."""

    memory: Memory
    service: Service
    _rate: RateLimitItem = field(init=False)
    _limiter: MovingWindowRateLimiter = field(init=False)
    _backlogs: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])

    def __post_init__(self) -> None:
        self._rate = parse(self.service.rate)
        self._limiter = MovingWindowRateLimiter(_storage(self.service.rate_store))

    async def check_rate(self, principal: Principal) -> None:
        """Count a request; raises Refused for one too many."""
        if await self._limiter.hit(self._rate, principal.bucket):
            return
        window = await self._limiter.get_window_stats(self._rate, principal.bucket)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        headers = {
            "Retry-After": str(seconds),
            "X-RateLimit-Limit": str(self._rate.amount),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Reset": str(seconds),
        }
        raise Refused("too-many-requests", f"this key may ask {self.service.rate.replace('/', ' times a ')}.", headers)

    async def check_backlog(self, tenant: str, more: int) -> None:
        """Raise Refused where more messages of a tenant would wait than may."""
        most = self.service.backlog
        now = time.monotonic()
        read_at, waiting = self._backlogs.get(tenant, (-math.inf, 0))
        if now > read_at + BACKLOG_SECONDS:
            read_at, waiting = now, (await self.memory.backlog(tenant=tenant, most=most + 1)).waiting
        if waiting + more > most:
            raise Refused(
                "backlog-full",
                f"{waiting:,} messages wait to be read, and {most:,} may (GRAPHMEM_BACKLOG).",
                {"Retry-After": BACKLOG_RETRY},
            )
        if len(self._backlogs) >= MOST_TENANTS:
            self._backlogs.clear()
        # Not the present: under steady traffic the queue would never be read again.
        self._backlogs[tenant] = (read_at, waiting + more)


def _storage(address: str) -> Storage:
    if address == "memory://":
        return MemoryStorage()
    try:
        found = storage_from_string(f"async+{address}")
    except (ConfigurationError, ImportError) as exc:
        raise SettingsError(f"GRAPHMEM_RATE_STORE={address!r} cannot be used: {exc}.") from exc
    if not isinstance(found, Storage):
        raise SettingsError(f"GRAPHMEM_RATE_STORE={address!r} must name a store that is asked asynchronously.")
    return found


class Places:
    """So many requests at once, and of one tenant no more than half of them."""

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most, self._share = most, max(1, most // 2)
        self._taken = 0
        self._by_tenant: Counter[str] = Counter()

    @contextmanager
    def of_tenant(self, tenant: str) -> Generator[None]:
        """Count a request to its tenant's share; raises Refused."""
        if self._by_tenant[tenant] >= self._share:
            said = f"this tenant has {self._share} {self._what} at once, as many as one may."
            raise Refused("too-many-requests", said, AT_ONCE_RETRY)
        self._by_tenant[tenant] += 1
        try:
            yield
        finally:
            self._by_tenant[tenant] -= 1
            if not self._by_tenant[tenant]:
                del self._by_tenant[tenant]

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take one of the places; raises Refused."""
        if self._taken >= self._most:
            raise Refused("busy", f"{self._taken} {self._what} are answered at once, as many as may be.", AT_ONCE_RETRY)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class Bounded:
    """ASGI middleware: refuses who has no key, or asks too often, and what is too much at once, too large, slow, deep.

    The key is looked at first, and the request counts for its rate. A place is taken once the body is there: what
    strangers send, and what is slow to arrive, takes none from others. Streams, which last, have places of their own.
    """

    def __init__(self, app: ASGIApp, service: Service, failed: Callable[[StoreError], None]) -> None:
        self.app = app
        self._service = service
        self._failed = failed
        self._requests = Places("requests", service.concurrency)
        self._streams = Places("streams", service.concurrency)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED):
            await self.app(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except Refused as refused:
            await problem(refused.kind, str(refused), refused.headers)(scope, receive, send)
        except GraphMemError as exc:
            await problem_of(exc, self._failed)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, here = Headers(scope=scope), scope["app"].state
        principal = await who(headers, here.gate)
        scope.setdefault("state", {})["principal"] = principal
        await here.limits.check_rate(principal)
        places = self._streams if scope["path"] in STREAMS else self._requests
        with places.of_tenant(principal.tenant):
            body = await self._body(headers, receive)
            with places.taken():
                if body and scope["method"] in READ_BODIES:
                    check_json(body, headers.get("content-type", ""))
                await self.app(scope, _replay(body, receive), send)

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """Return the whole body; raises Refused."""
        most = self._service.request_bytes
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._service.request_timeout):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refused("slow-request", "the request was broken off.")
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    more = message.get("more_body", False)
                    if size > most:
                        raise _too_large(most)
        except TimeoutError as exc:
            said = f"the request did not arrive within {self._service.request_timeout:g} seconds."
            raise Refused("slow-request", said, {"Connection": "close"}) from exc
        return b"".join(parts)


def check_json(body: bytes, media_type: str) -> None:
    """Refuse what is no JSON, or is nested so deeply that reading it would be an attack."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refused("unsupported-media-type", f"the body is {kind or 'of no type'}; application/json is read.")
    try:
        read = from_json(body, allow_inf_nan=False, cache_strings=False)
    except ValueError as exc:
        raise Refused("unreadable-body", f"the body is no JSON: {exc}") from exc
    _check_levels(read)


def _check_levels(read: Any) -> None:
    level = _nested([read])
    for _ in range(MOST_LEVELS):
        level = _nested(inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer))
    if level:
        raise Refused("unreadable-body", f"the body is nested more than {MOST_LEVELS} levels deep.")


def _nested(values: Iterable[Any]) -> list[dict[str, Any] | list[Any]]:
    return [value for value in values if isinstance(value, (dict, list))]


def _too_large(most: int) -> Refused:
    return Refused("too-large", f"a request has at most {most:,} bytes.", {"Connection": "close"})


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        found: dict[str, Any] = {"type": "http.request", "body": body, "more_body": False}
        return found

    return replayed
