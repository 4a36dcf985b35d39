"""The metrics of a worker in a process of its own, for a Prometheus server to read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prometheus_client import start_http_server

from graphmem.api.metrics import Metrics
from graphmem.errors import SettingsError, StoreError
from graphmem.memory import Memory

QUEUE_SECONDS = 5.0
"""So old what is told of the queue may be; what is counted is told as it is."""
_log = logging.getLogger(__name__)


@asynccontextmanager
async def metrics_served(memory: Memory, port: int, *, host: str) -> AsyncGenerator[tuple[Metrics, str]]:
    """Serve metrics by HTTP, which the calls of a memory's model are entered in; yields them, and their address.

    Port 0 takes any that is free. Raises SettingsError for one that is taken, and for a host that is none of this
    machine's.
    """
    metrics = Metrics()
    try:
        server, thread = start_http_server(port, addr=host, registry=metrics.registry)
    except OSError as exc:
        raise SettingsError(
            f"metrics cannot be served at {host}, port {port} ({exc}). Name another, or take --metrics-port 0 for any."
        ) from exc
    memory.watch_calls(metrics.called)
    looking = asyncio.create_task(_look(memory, metrics))
    named = f"[{host}]" if ":" in host else host
    try:
        yield metrics, f"http://{named}:{server.server_port}/metrics"
    finally:
        looking.cancel()
        await asyncio.wait([looking])
        server.shutdown()
        server.server_close()
        thread.join()


async def _look(memory: Memory, metrics: Metrics) -> None:
    """Keep what is told of the queue up to date; while the store is away it stays what it was."""
    while True:
        try:
            await metrics.look(memory)
        except StoreError as exc:
            metrics.failed(exc)
            _log.warning("the queue cannot be told to Prometheus: %s", exc)
        await asyncio.sleep(QUEUE_SECONDS)
