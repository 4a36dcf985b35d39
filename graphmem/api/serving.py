"""Serving: where the service listens, in how many processes, and to whom it answers without a key."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from graphmem.api.access import read_jwks
from graphmem.api.app import create_app
from graphmem.api.logs import log_json
from graphmem.api.malformed import Protocol
from graphmem.api.metrics import SHARED
from graphmem.errors import SettingsError
from graphmem.garbage import spare_loaded
from graphmem.memory import Memory
from graphmem.settings import Service, Settings, read_service

LOOPBACK = "127.0.0.1"
ANYWHERE = "0.0.0.0"  # noqa: S104  (only with keys)
HEADERS_SECONDS = 5
FINISH_SECONDS = 25
WAITING = 1024
"""How many connections wait until they are taken."""


class _OfEach(socket.socket):
    """A bound socket in whose place each process that it is handed to listens with one of its own.

    Linux deals connections out evenly to those. Of one socket that all share, whichever process wakes first takes all
    that come together, and keeps them as long as the clients do: up to 49 of 50 were counted, of two processes.
    """

    def __reduce_ex__(self, _protocol: object) -> tuple[Any, ...]:
        """Let a process open its own, where it is handed to one."""
        return _bound, (self.getsockname(), self.family)


def serve(settings: Settings, port: int, *, host: str | None = None, processes: int = 1, works: bool = True) -> None:
    """Serve until stopped; raises SettingsError for a port that is taken, or for strangers without any key.

    Without keys it listens on this machine only, and answers for the settings' tenant.
    """
    how = read_service()
    guarded = how.jwks is not None or asyncio.run(_has_keys(settings))
    if how.jwks is not None:
        read_jwks(how)
    host = host or (ANYWHERE if guarded else LOOPBACK)
    if not guarded and host not in {LOOPBACK, "::1", "localhost"}:
        raise SettingsError(
            f"there is no key yet, so nobody else than this machine may be served, and {host} is reached by others. "
            "Make one: graphmem keys create. Or leave out --host."
        )
    open_tenant = None if guarded else settings.tenant
    with (
        _listening(host, port, processes) as listener,
        tempfile.TemporaryDirectory(prefix="graphmem-metrics-") as folder,
    ):
        if processes > 1:
            # For the processes that are started from here.
            os.environ[SHARED] = folder
        build = partial(
            application,
            settings,
            how,
            open_tenant=open_tenant,
            works=works,
            metrics_folder=folder if processes > 1 else None,
        )
        bound: int = listener.getsockname()[1]
        whom = "with a key" if guarded else "this machine only, since there are no keys"
        where = f"http://{host}:{bound}  ({whom})"
        threading.Thread(target=_tell, args=(where, listener), daemon=True).start()
        _run(build, listener, processes)


async def _has_keys(settings: Settings) -> bool:
    async with Memory.open(settings) as memory:
        return bool(await memory.keys())


def _listening(host: str, port: int, processes: int) -> socket.socket:
    """Return a socket that listens; for several processes, where each can have its own, one that keeps the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        if processes > 1 and sys.platform == "linux":
            # Only now that the port is known to be free: a port that may be shared is taken beside another service.
            address = listener.getsockname()
            listener.close()
            return _bound(address, family)
        listener.listen(WAITING)
    except OSError as exc:
        listener.close()
        raise SettingsError(f"port {port} is taken ({exc}). Name another: graphmem serve --port 8001.") from exc
    listener.set_inheritable(True)
    return listener


def _bound(address: Any, family: int) -> _OfEach:
    """Return a socket that shares its port with the like of this user."""
    own = _OfEach(family, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind(address)
    return own


def _tell(where: str, listener: socket.socket) -> None:
    """Print where the service is; where each process opens a socket of its own, once one has."""
    if isinstance(listener, _OfEach):
        _wait_for(listener.getsockname()[:2])
    print(where, flush=True)  # noqa: T201


def _wait_for(address: tuple[str, int]) -> None:
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


def _run(build: Callable[[], FastAPI], listener: socket.socket, processes: int) -> None:
    config = uvicorn.Config(
        build,
        factory=True,
        http=Protocol,
        workers=processes,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=HEADERS_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
        h11_max_incomplete_event_size=65_536,
    )
    if processes > 1:
        Multiprocess(config, sockets=[listener]).run()
        return
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if not server.started:
        sys.exit(1)


def application(settings: Settings, how: Service, **parts: Any) -> FastAPI:
    """Return the application of one process of `serve`."""
    log_json(how.log_level)
    app = create_app(settings, how, **parts)
    _tell_of_the_end(app)
    spare_loaded()
    return app


def _tell_of_the_end(app: FastAPI) -> None:
    """Let the application's feeds end when the server is told to, which waits for all answers before it says so."""
    loop = asyncio.get_running_loop()

    def ending(number: int, frame: FrameType | None, handled: Callable[[int, FrameType | None], Any]) -> None:
        loop.call_soon_threadsafe(app.state.stopping.set)
        handled(number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handled = signal.getsignal(number)
        if callable(handled):
            signal.signal(number, partial(ending, handled=handled))
