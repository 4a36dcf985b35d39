"""Whom a service without keys takes a request for: only this machine's own names."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from graphmem.api.problems import BY_NAME, problem

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)


class ThisMachine:
    """ASGI middleware: refuses what is meant for another host than this machine.

    A page of a stranger may let its own name stand for 127.0.0.1 (DNS rebinding): a browser on this machine then sends
    and reads for it whatever it likes, and only the name in Host gives it away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and not _LOOPBACK.fullmatch(Headers(scope=scope).get("host", "")):
            said = (
                "without keys only localhost, 127.0.0.1 and [::1] are answered, not the host that this request names."
            )
            await problem(BY_NAME["wrong-host"], said)(scope, receive, send)
            return
        await self.app(scope, receive, send)
