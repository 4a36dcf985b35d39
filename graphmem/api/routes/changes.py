"""Decisions on the record: a list, a feed, undo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import StrictBool

from graphmem.api.access import Reader, Writer, who
from graphmem.api.given import ALWAYS, BODY, VECTORS, Body, Editor, Id, Limit, User, UserQuery, answer, held
from graphmem.api.problems import Refused, answers
from graphmem.checks import check_range
from graphmem.edits import EDITOR
from graphmem.keys import Right
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.operations import Change
from graphmem.serial import dump

EVENTS = "text/event-stream"
EVENT_STREAM = {
    EVENTS: {
        "schema": {
            "type": "object",
            "description": "each event of the stream; `data` is JSON",
            "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "id": {"type": "string"}},
            "required": ["event", "data"],
        }
    }
}
LOOK_SECONDS = 1.0
ALIVE_SECONDS = 15.0
AT_ONCE = 100
router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["changes"])
MOST_NUMBER = 2**53
"""Changes are counted up to this, as far as JavaScript does."""
After = Annotated[int, Query(ge=0, le=MOST_NUMBER, description="the number of the last change seen")]


class UndoIn(Body):
    """Whose decision is taken back, and whether later ones that build on it are too."""

    user: User
    cascade: StrictBool = False
    editor: Editor = EDITOR


@router.get("/changes", operation_id="list_changes", response_model=list[Change], responses=answers("not-found"))
async def list_changes(
    user: UserQuery,
    request: Request,
    asks: Reader,
    after: After = 0,
    limit: Limit = 100,
    about: Annotated[str | None, Query(min_length=1, max_length=100, description="a fact's or an entity's id")] = None,
) -> JSONResponse:
    """List decisions, oldest first, those after a number; or those about one fact or entity."""
    return answer(await held(request).memory.history(about, scope=asks.scope(user), limit=limit, after=after))


@router.get(
    "/changes/feed",
    operation_id="follow_changes",
    response_class=StreamingResponse,
    responses={200: {"content": EVENT_STREAM}},
)
async def follow_changes(
    user: UserQuery,
    request: Request,
    asks: Reader,
    after: After = 0,
    seconds: Annotated[float, Query(gt=0, le=3600, description="how long to follow")] = 3600,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
) -> StreamingResponse:
    """Follow decisions as server-sent events; each event's id is its number, from which a client goes on."""
    begin = max(after, _seen(last))
    memory, scope = held(request).memory, asks.scope(user)
    return StreamingResponse(_events(memory, scope, begin, seconds, request), media_type=EVENTS)


def _seen(last: str | None) -> int:
    """Return the number that a Last-Event-ID is, 0 where it is another's; raises InvalidInput for one out of range."""
    number = int(last) if last is not None and last.isascii() and last.isdecimal() else 0
    check_range("Last-Event-ID", number, 0, MOST_NUMBER)
    return number


async def _events(memory: Memory, scope: Scope, after: int, seconds: float, request: Request) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    until, told = clock() + seconds, clock()
    stopping = held(request).stopping
    yield KEEPALIVE_COMMENT
    while not stopping.is_set() and not await request.is_disconnected() and await _may_still(request):
        found = await memory.history(scope=scope, after=after, limit=AT_ONCE)
        for change in found:
            yield format_sse_event(data_str=dump(change), event="change", id=str(change.number))
            after, told = change.number, clock()
        if clock() >= until:
            return
        if clock() - told > ALIVE_SECONDS:
            yield KEEPALIVE_COMMENT
            told = clock()
        if len(found) < AT_ONCE:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), min(LOOK_SECONDS, max(0.0, until - clock())))


async def _may_still(request: Request) -> bool:
    """Tell whether the key that opened a feed holds; it is looked up no more often than every 10 seconds."""
    try:
        asks = await who(request.headers, request.app.state.gate)
    except Refused:
        return False
    return Right.READ in asks.rights


@router.post(
    "/changes/{id}/undo",
    operation_id="undo_change",
    response_model=list[Change],
    responses=BODY | answers("not-found", "conflict", "undo-refused", *VECTORS),
)
async def undo_change(id: Id, body: UndoIn, request: Request, asks: Writer) -> JSONResponse:
    """Take a decision back, which is itself a decision on the record."""
    here = held(request)
    made = await here.memory.undo(id, scope=asks.scope(body.user), cascade=body.cascade, editor=body.editor)
    here.metrics.decided(made)
    return answer(made)
