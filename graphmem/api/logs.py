"""The service's log: a line of JSON each, with the request's id, and no words of users unless that is asked for."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from fastapi.routing import iter_route_contexts
from pythonjsonlogger.json import JsonFormatter
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphmem.api.metrics import Metrics
from graphmem.api.problems import defect

REQUEST_ID = "X-Request-ID"
request_id: ContextVar[str] = ContextVar("request_id", default="")
_GIVEN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_log = logging.getLogger("graphmem.access")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class _WithRequest(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def log_json(level: str) -> None:
    """Let everything that is logged be a line of JSON on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
        )
    )
    handler.addFilter(_WithRequest())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The driver logs each statement's warnings, and clients of HTTP each request with its address.
    for name in ("neo4j", "httpx", "httpx2", "httpcore", "httpcore2", "openai"):
        logging.getLogger(name).setLevel(logging.ERROR)


class Observed:
    """ASGI middleware: gives each request an id, counts and logs how it was answered, and hardens the answer.

    Defects are answered here, where the answer still gets the id and the status is seen.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        identity = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(identity)
        start, status = time.perf_counter(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = identity
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, told)
        except Exception as exc:
            begun, status = bool(status), 500
            answer = defect(exc)
            if begun:
                raise
            await answer(scope, receive, told)
        finally:
            seconds = time.perf_counter() - start
            route = _route(scope)
            self._metrics.requests.labels(route, _method(scope), str(status or 499)).observe(seconds)
            _log.info("request", extra=_line(scope, route, status, seconds))
            request_id.reset(token)


def _route(scope: Mapping[str, Any]) -> str:
    """Return the route's pattern, so that ids of users make no series of their own."""
    path: str = getattr(scope.get("route"), "path_format", "")
    return path or _meant(scope) or "unknown"


def _meant(scope: Mapping[str, Any]) -> str:
    """Return the pattern of the route that a request is for, where it was refused before that was looked for."""
    partial = ""
    for route in iter_route_contexts(scope["app"].routes):
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route.path_format or ""
        if match is Match.PARTIAL:
            partial = partial or route.path_format or ""
    return partial


def _method(scope: Mapping[str, Any]) -> str:
    """Return the method, so that invented ones make no series of their own."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def _line(scope: Mapping[str, Any], route: str, status: int, seconds: float) -> dict[str, Any]:
    principal = scope.get("state", {}).get("principal")
    return {
        "route": route,
        "method": scope["method"],
        "status": status or 499,
        "milliseconds": round(seconds * 1000, 1),
        **({"tenant": principal.tenant, "key": principal.id} if principal else {}),
    }
