"""The FastAPI application: messages in, searches out, facts and neighbourhoods; errors are problem documents."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from graphmem.errors import GraphMemError, InvalidInput, NotFound, SettingsError, StoreUnavailable
from graphmem.intake.messages_json import MessageIn
from graphmem.memory import Memory
from graphmem.models import AsOf
from graphmem.serial import plain
from graphmem.settings import Settings

LOOPBACK = "127.0.0.1"
PROBLEM = "application/problem+json"

User = Annotated[str, Field(min_length=1, max_length=200, description="whose memory", examples=["ada"])]


class AsOfIn(BaseModel):
    """The two clocks of a read."""

    model_config = ConfigDict(extra="forbid")

    valid: AwareDatetime | None = None
    known: AwareDatetime | None = None

    def clocks(self) -> AsOf:
        """Return them as a value."""
        return AsOf(valid=_utc(self.valid), known=_utc(self.known))


class MessagesIn(BaseModel):
    """Messages of one user."""

    model_config = ConfigDict(extra="forbid")

    user: User
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=10_000)]


class SearchIn(BaseModel):
    """A question about what one user's memory holds."""

    model_config = ConfigDict(extra="forbid")

    user: User
    query: Annotated[str, Field(min_length=1, max_length=10_000, examples=["Where does Ada live?"])]
    as_of: AsOfIn = AsOfIn()
    limit: Annotated[int, Field(ge=1, le=1000)] = 10
    tokens: Annotated[int, Field(ge=1, le=100_000)] = 1000


def create_app(settings: Settings) -> FastAPI:
    """Return the application; it opens its memory when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with Memory.open(settings) as memory:
            app.state.memory = memory
            app.state.tasks = set[asyncio.Task[Any]]()
            yield
            if app.state.tasks:
                await asyncio.wait(app.state.tasks, timeout=20)

    app = FastAPI(title="graphmem", version="1", lifespan=lifespan, description="The long-term memory of AI agents.")
    app.add_exception_handler(GraphMemError, _our_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http_error)
    _routes(app)
    return app


def _routes(app: FastAPI) -> None:
    @app.post("/v1/messages", status_code=202, operation_id="add_messages")
    async def add_messages(
        body: MessagesIn, request: Request, wait: Annotated[float, Query(ge=0, le=300, description="seconds")] = 0
    ) -> dict[str, Any]:
        """Keep messages; facts follow in the background, or within `wait` seconds."""
        memory: Memory = request.app.state.memory
        messages = [m.message() for m in body.messages]
        added = await memory.add(messages, scope=body.user, wait=False)
        task = asyncio.create_task(memory.process(scope=body.user))
        request.app.state.tasks.add(task)
        task.add_done_callback(request.app.state.tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=wait) if wait else (set[asyncio.Task[Any]](), None)
        outcome = task.result() if done else None
        return {
            "episode_ids": list(added.episode_ids),
            "new": added.new,
            "known": added.known,
            "state": "done" if outcome else "pending",
            "changes": plain(outcome.changes) if outcome else [],
            "parked": plain(outcome.parked) if outcome else {},
            "note": outcome.note if outcome else None,
        }

    @app.post("/v1/search", operation_id="search")
    async def search(body: SearchIn, request: Request) -> dict[str, Any]:
        """Find the facts and messages that answer a question."""
        memory: Memory = request.app.state.memory
        found = await memory.search(
            body.query, scope=body.user, as_of=body.as_of.clocks(), limit=body.limit, tokens=body.tokens
        )
        return plain(found)

    @app.get("/v1/facts/{fact_id}", operation_id="get_fact")
    async def get_fact(
        fact_id: Annotated[str, Path(max_length=100)], user: Annotated[User, Query()], request: Request
    ) -> dict[str, Any]:
        """Return a fact with its sources, versions and history."""
        memory: Memory = request.app.state.memory
        fact = await memory.fact(fact_id, scope=user)
        return {**plain(fact), "history": plain(await memory.history(fact_id, scope=user))}

    @app.get("/v1/entities/{entity_id}/neighbourhood", operation_id="get_neighbourhood")
    async def get_neighbourhood(
        entity_id: Annotated[str, Path(max_length=100)],
        user: Annotated[User, Query()],
        request: Request,
        hops: Annotated[int, Query(ge=1, le=6)] = 1,
        as_of: AwareDatetime | None = None,
    ) -> dict[str, Any]:
        """Return the entities and facts within some hops of an entity."""
        memory: Memory = request.app.state.memory
        found = await memory.neighbourhood(entity_id, scope=user, hops=hops, as_of=AsOf(valid=_utc(as_of)))
        return plain(found)

    @app.get("/healthz", operation_id="health")
    async def health() -> dict[str, str]:
        """Say that the service runs."""
        return {"status": "ok"}


def serve_loopback(settings: Settings, port: int) -> None:
    """Serve on this machine only, until stopped; raises SettingsError for a port that is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
            listener.listen(128)
        except OSError as exc:
            raise SettingsError(f"port {port} is taken ({exc}). Name another: graphmem serve --port 8001.") from exc
        bound: int = listener.getsockname()[1]
        print(f"http://{LOOPBACK}:{bound}  (this machine only, since there are no keys)", flush=True)  # noqa: T201
        config = uvicorn.Config(create_app(settings), log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


def _problem(status: int, kind: str, detail: str) -> JSONResponse:
    body = {"type": f"urn:graphmem:error:{kind}", "title": kind, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type=PROBLEM)


async def _our_error(_: Request, error: Exception) -> JSONResponse:
    match error:
        case NotFound():
            status = 404
        case InvalidInput():
            status = 422
        case StoreUnavailable():
            status = 503
        case _:
            status = 500
    return _problem(status, type(error).__name__, str(error))


async def _wrong_request(_: Request, error: Exception) -> JSONResponse:
    found: list[dict[str, Any]] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
    # Not the input itself: it may hold what no text can.
    return _problem(422, "InvalidRequest", detail.encode("utf-8", "replace").decode())


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else str(error)
    return _problem(status, "HTTPError", detail)


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
