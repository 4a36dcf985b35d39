"""The client for notebooks and scripts: each method waits for its answer."""

from __future__ import annotations

import functools
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from graphmem.client.client import Client
from graphmem.client.connection import TIMEOUT_SECONDS


class SyncClient:
    """`Client` without `await`: `with SyncClient(url, key) as memory: memory.search("Where?", scope="ada")`.

    It runs the asynchronous one in a thread of its own, and has its methods, but for `follow`.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._client = self._portal.call(functools.partial(Client, url, key, timeout=timeout))
        self._stack.callback(self._portal.call, self._client.close)

    def __enter__(self) -> SyncClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections and the thread; once that is done it does nothing."""
        self._stack.close()

    def __dir__(self) -> list[str]:
        return sorted(name for name in dir(Client) if not name.startswith("_") and name != "follow")

    def __getattr__(self, name: str) -> Any:
        """Return a method of the client that waits for its answer."""
        if name.startswith("_") or name not in dir(self):
            raise AttributeError(f"SyncClient has no {name!r}; it has {', '.join(dir(self))}.")
        method = getattr(self._client, name)

        @functools.wraps(method)
        def waiting(*given: Any, **named: Any) -> Any:
            return self._portal.call(functools.partial(method, *given, **named))

        return waiting
