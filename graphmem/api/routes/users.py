"""Users of a tenant: what each cost, all that is kept of one as a file, and erasing it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, StreamingResponse

from graphmem.api.access import Admin, Reader
from graphmem.api.given import ALWAYS, After, Limit, UserQuery, answer, held
from graphmem.api.problems import answers
from graphmem.lists import UserPage
from graphmem.models import Rule
from graphmem.work import Used
from graphmem.write.erase import Erased

LINES = "application/x-ndjson"
CHUNK = 65_536
router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["users"])
UserPath = Annotated[str, InPath(min_length=1, max_length=200, description="whose memory", examples=["ada"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was said, in short."""

    summary: str


@router.get("/users", operation_id="list_users", response_model=UserPage)
async def list_users(request: Request, asks: Reader, limit: Limit = 100, after: After = None) -> JSONResponse:
    """List the users of the tenant page by page, in the order of their percent-encoded names."""
    return answer(await held(request).memory.users_page(tenant=asks.tenant, limit=limit, after=after))


@router.delete(
    "/users/{user:path}",
    operation_id="erase_user",
    response_model=Erased,
    responses=answers("conflict", "embedder-failed"),
)
async def erase_user(user: UserPath, request: Request, asks: Admin) -> JSONResponse:
    """Delete all that is kept of a user, for good; the receipt counts it."""
    return answer(await held(request).memory.erase(scope=asks.scope(user)))


@router.get(
    "/users/{user:path}/export",
    operation_id="export_user",
    response_class=StreamingResponse,
    responses={200: {"content": {LINES: {"schema": {"type": "string"}}}}}
    | answers("not-found", "conflict", "vectors-foreign", "busy", "store-unavailable", "no-room"),
)
async def export_user(user: UserPath, request: Request, asks: Admin) -> StreamingResponse:
    """Return all that is kept of a user, as `graphmem restore` reads it: JSON Lines."""
    # Written whole first: where others write to the scope meanwhile it is begun anew, which a stream could not take
    # back, and a failure is told as one. A file, since it may be larger than memory.
    folder = tempfile.TemporaryDirectory(prefix="graphmem-export-", ignore_cleanup_errors=True)
    file = Path(folder.name) / "export.jsonl"
    try:
        await held(request).memory.export(file, scope=asks.scope(user))
    except BaseException:
        folder.cleanup()
        raise
    return StreamingResponse(_read(file, folder), media_type=LINES)


async def _read(file: Path, folder: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    try:
        with file.open("rb") as opened:
            while part := await asyncio.to_thread(opened.read, CHUNK):
                yield part
    finally:
        folder.cleanup()


@router.get("/usage", operation_id="get_usage", response_model=list[Used])
async def get_usage(
    user: UserQuery, request: Request, asks: Reader, days: Annotated[int | None, Query(ge=1, le=3660)] = None
) -> JSONResponse:
    """Say what asking models took for a user: calls, tokens, seconds, dollars, by day and kind."""
    return answer(await held(request).memory.usage(scope=asks.scope(user), days=days))


@router.get("/summary", operation_id="get_summary", response_model=Summary)
async def get_summary(user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """Return the rolling summary of what was said; empty where there is none yet."""
    return answer(Summary(summary=await held(request).memory.summary(scope=asks.scope(user))))


@router.get("/rules", operation_id="list_rules", response_model=list[Rule])
async def list_rules(user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """List the consequences that were stated ahead, and what became of each."""
    return answer(await held(request).memory.rules(scope=asks.scope(user)))
