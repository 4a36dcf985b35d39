"""Requests to the service: sent again where that is safe, and its problems raised as the errors that they were."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from graphmem import errors

ATTEMPTS = 4
FIRST_SECONDS = 0.2
LONGEST_SECONDS = 30.0
_AGAIN = {408, 429, 502, 503, 504}
_SAFE = {"GET", "DELETE"}
_LINE_ENDS = re.compile(rb"[\r\n]")
_ERRORS: Mapping[str, type[errors.GraphMemError]] = {
    "invalid-request": errors.InvalidInput,
    "unreadable-body": errors.InvalidInput,
    "too-large": errors.InvalidInput,
    "unsupported-media-type": errors.InvalidInput,
    "cypher-refused": errors.CypherRefused,
    "unauthenticated": errors.ServiceRefused,
    "forbidden": errors.ServiceRefused,
    "wrong-host": errors.ServiceRefused,
    "not-found": errors.NotFound,
    "conflict": errors.StoreConflict,
    "undo-refused": errors.UndoRefused,
    "budget-spent": errors.BudgetSpent,
    "model-failed": errors.ModelError,
    "embedder-failed": errors.EmbedderError,
    "vectors-foreign": errors.VectorsForeign,
    "no-reranker": errors.RerankerError,
    "store-unavailable": errors.StoreUnavailable,
    "timeout": errors.StoreTimeout,
    "no-room": errors.FileUnwritable,
}


@dataclass(slots=True, kw_only=True)
class Transport:
    """Sends requests; those that change nothing twice are repeated while the service is busy or away."""

    http: httpx.AsyncClient
    attempts: int = ATTEMPTS
    _random: random.Random = field(default_factory=random.Random)

    async def send(self, method: str, path: str, *, repeats: bool = False, **parts: Any) -> bytes:
        """Return the body of the answer; raises the error that the service names, AnswerLost for none.

        GET and DELETE are sent again, and others that `repeats` calls safe: what they do once, twice does too.
        """
        again = repeats or method in _SAFE
        for attempt in range(1, self.attempts + 1):
            last = attempt == self.attempts or not again
            try:
                found = await self.http.request(method, path, **parts)
            except httpx.TransportError as exc:
                if last:
                    raise unreachable(exc) from exc
                await asyncio.sleep(self._wait(attempt, None))
                continue
            if found.status_code in _AGAIN and not last:
                await asyncio.sleep(self._wait(attempt, found.headers.get("retry-after")))
                continue
            raise_for(found.status_code, found.content)
            return found.content
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(self, method: str, path: str, **parts: Any) -> AsyncGenerator[httpx.Response]:
        """Open an answer that comes piece by piece."""
        try:
            async with self.http.stream(method, path, **parts) as found:
                if found.is_error:
                    raise_for(found.status_code, await found.aread())
                yield found
        except httpx.TransportError as exc:
            raise unreachable(exc) from exc

    def _wait(self, attempt: int, told: str | None) -> float:
        if told is not None and told.isdecimal():
            return min(float(told), LONGEST_SECONDS)
        return min(FIRST_SECONDS * 2 ** (attempt - 1), LONGEST_SECONDS) * self._random.uniform(0.7, 1.3)


async def lines_of(answer: httpx.Response) -> AsyncIterator[str]:
    """Yield the lines of server-sent events, without the empty ones; the last, where it is broken off, is left out.

    They end in LF, CR LF or CR only: what else separates lines in Python may stand in a text.
    """
    left = b""
    async for piece in answer.aiter_bytes():
        *whole, left = _LINE_ENDS.split(left + piece)
        for line in whole:
            if line:
                yield line.decode()


def unreachable(exc: httpx.TransportError) -> errors.AnswerLost:
    """Return in words that no answer came."""
    return errors.AnswerLost(f"the service did not answer ({type(exc).__name__}: {exc}).")


def raise_for(status: int, body: bytes) -> None:
    """Raise the error of a problem document; an answer that is none passes."""
    if status < 400:
        return
    try:
        told: dict[str, Any] = httpx.Response(status, content=body).json()
        name, detail = str(told["type"]).rpartition("/")[2], str(told["detail"])
    except (ValueError, KeyError, TypeError) as exc:
        raise errors.AnswerLost(f"the service answered {status} without saying why.") from exc
    raise _ERRORS.get(name, errors.ServiceUnavailable)(detail)
