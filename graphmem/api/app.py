"""The FastAPI application: the memory over HTTP, for tenants that do not know of each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from graphmem.api import problems
from graphmem.api.access import Gate
from graphmem.api.examples import add_examples
from graphmem.api.hosts import ThisMachine
from graphmem.api.limits import Bounded, Limits
from graphmem.api.logs import REQUEST_ID, Observed
from graphmem.api.metrics import Metrics
from graphmem.api.routes import changes, chat, facts, messages, search, service, upkeep, users
from graphmem.api.traces import trace
from graphmem.memory import Memory
from graphmem.settings import Service, Settings
from graphmem.worker import Pace, Worker

ROUTERS = (messages, search, facts, changes, users, chat, upkeep, service)
ABOUT = (
    "The long-term memory of AI agents: messages in, dated facts between named entities out. Whose memory is meant is "
    "said by `user` in each request; the tenant is that of the key."
)


def create_app(
    settings: Settings,
    how: Service | None = None,
    *,
    open_tenant: str | None = None,
    works: bool = True,
    metrics_folder: str | None = None,
) -> FastAPI:
    """Return the application; it opens its memory when it starts.

    `open_tenant` is for whom requests without a key are answered, where nobody else can reach it, and only those that
    name this machine as their host; None asks everyone for a key. `works` tells whether it also reads what waits; other
    processes may do that instead. `metrics_folder` is where several processes keep their metrics together.
    """
    how = how or Service()
    metrics = Metrics(metrics_folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with Memory.open(settings) as memory:
            memory.watch_calls(metrics.called)
            app.state.memory = memory
            app.state.limits = Limits(memory, how)
            app.state.gate = Gate(memory, how, open_tenant)
            async with _working(memory, how, metrics) if works else _idle(memory, how) as worker:
                app.state.worker = worker
                yield
        app.state.end_traces()

    app = FastAPI(
        title="graphmem",
        version=version("graphmem"),
        lifespan=lifespan,
        description=ABOUT,
        # Their pages fetch scripts from elsewhere; the document itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service, app.state.metrics, app.state.stopping = how, metrics, asyncio.Event()
    problems.install(app, metrics.failed)
    for module in ROUTERS:
        app.include_router(module.router)
    app.add_middleware(Bounded, service=how, failed=metrics.failed)
    if how.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(how.cors),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", REQUEST_ID],
        )
    if open_tenant is not None:
        app.add_middleware(ThisMachine)
    app.add_middleware(Observed, metrics=metrics)
    app.state.end_traces = trace(app, queries=how.log_text) if how.traces else lambda: None
    _document(app)
    return app


@asynccontextmanager
async def _working(memory: Memory, how: Service, metrics: Metrics) -> AsyncGenerator[Worker]:
    worker = Worker(memory, Pace.of(how), told=metrics.read)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


@asynccontextmanager
async def _idle(memory: Memory, how: Service) -> AsyncGenerator[None]:
    try:
        yield None
    finally:
        await memory.finish(Pace.of(how).beside_seconds)


def _document(app: FastAPI) -> None:
    """Let the OpenAPI document describe problems and have examples, and nothing that is not answered here."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            schemas = document["components"]["schemas"]
            schemas["Problem"] = problems.Problem.model_json_schema()
            # Written into every document by FastAPI, for errors that are answered otherwise here.
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            add_examples(document)
        return app.openapi_schema or made()

    app.openapi = openapi
