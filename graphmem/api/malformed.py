"""Requests that are no HTTP: the server refuses them before the application, here with a problem document too."""

from __future__ import annotations

from uvicorn.protocols.http.h11_impl import H11Protocol

from graphmem.api.logs import HEADERS
from graphmem.api.problems import BY_NAME, problem


class Protocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it."""

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read as a request, where no answer is on its way, and hang up."""
        kind = BY_NAME["malformed-request"]
        answer = problem(kind, f"{msg} {kind.help}", {**HEADERS, "Connection": "close"})
        head = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in answer.headers.items())]
        begun = bool(self.cycle) and self.cycle.response_started and not self.cycle.response_complete
        if not begun:
            self.transport.write("\r\n".join([*head, "", ""]).encode() + bytes(answer.body))
        self.transport.close()
