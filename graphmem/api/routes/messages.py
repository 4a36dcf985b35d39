"""Messages: kept at once, read in the background; sessions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from graphmem.api.access import Admin, Reader, Writer
from graphmem.api.given import ALWAYS, BODY, VECTORS, After, Body, EditorQuery, Id, Limit, User, UserQuery, answer, held
from graphmem.api.problems import Refused, answers
from graphmem.edits import EDITOR
from graphmem.errors import NotFound
from graphmem.intake.messages_json import MessageIn
from graphmem.lists import MessagePage, SessionPage
from graphmem.models import Episode, EpisodeState, Scope
from graphmem.operations import Change
from graphmem.write.delete import Receipt

LOOK_SECONDS = 0.05
router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["messages"])


class MessagesIn(Body):
    """Messages of one user."""

    user: User
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of messages that were sent: they are kept; `state` tells whether facts were drawn from all of them.

    `status` is the address of the last one, which is read after the others.
    `changes` are the decisions, where it was waited for them or messages were known already; `parked` why some could
    not be read, by their ids; `note` that no facts are drawn, since the service has no chat model.
    """

    episode_ids: tuple[str, ...]
    new: int
    known: int
    state: str
    status: str
    changes: tuple[Change, ...] = ()
    parked: dict[str, str] = field(default_factory=dict[str, str])
    note: str | None = None


@router.post(
    "/messages",
    operation_id="add_messages",
    status_code=202,
    response_model=Accepted,
    responses=BODY | answers("conflict", "backlog-full", *VECTORS),
)
async def add_messages(
    body: MessagesIn,
    request: Request,
    asks: Writer,
    wait: Annotated[float, Query(ge=0, le=300, description="seconds to wait for the facts")] = 0,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", min_length=1, max_length=200, description="sent again, nothing is kept twice"),
    ] = None,
) -> JSONResponse:
    """Keep messages; when this answers, they are in the graph. Facts follow in the background."""
    here, scope = held(request), asks.scope(body.user)
    if len(body.messages) > here.service.request_messages:
        raise Refused("too-large", f"a request has at most {here.service.request_messages:,} messages.")
    messages = [m.message() for m in body.messages]
    admit = partial(here.limits.check_backlog, asks.tenant)
    added = await here.memory.add(messages, scope=scope, wait=False, key=key, exact=True, admit=admit)
    if here.worker is not None:
        here.worker.wake()
    told = Accepted(
        episode_ids=added.episode_ids,
        new=added.new,
        known=added.known,
        state=EpisodeState.PENDING.value,
        status=f"/v1/messages/{added.episode_ids[-1]}?{urlencode({'user': body.user})}",
        # Without a worker of its own, another process reads, perhaps with a model.
        note=added.note if here.worker is not None else None,
    )
    if wait or added.known:
        told = await _waited(told, request, scope, added.change_number, wait)
    return answer(told, 202, {"Location": told.status})


async def _waited(told: Accepted, request: Request, scope: Scope, after: int, seconds: float) -> Accepted:
    """Wait until no message is pending, the time is over, or the server is to end."""
    memory, stopping, clock = held(request).memory, held(request).stopping, asyncio.get_running_loop().time
    until = clock() + seconds
    found = await memory.standing(told.episode_ids, scope=scope, after=after)
    while found.pending and clock() < until and not stopping.is_set() and not await request.is_disconnected():
        await asyncio.sleep(LOOK_SECONDS)
        found = await memory.standing(told.episode_ids, scope=scope, after=after)
    state = EpisodeState.PENDING if found.pending else EpisodeState.PARKED if found.parked else EpisodeState.DONE
    return replace(told, state=state.value, changes=found.changes, parked=dict(found.parked))


@router.get("/messages/{id}", operation_id="get_message", response_model=Episode, responses=answers("not-found"))
async def get_message(id: Id, user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """Return a message and how far it has come: pending, done, or parked with the reason."""
    return answer(await held(request).memory.message(id, scope=asks.scope(user)))


@router.delete(
    "/messages/{id}",
    operation_id="delete_message",
    response_model=Receipt,
    responses=answers("not-found", "conflict", "model-failed", *VECTORS),
)
async def delete_message(
    id: Id, user: UserQuery, request: Request, asks: Admin, editor: EditorQuery = EDITOR
) -> JSONResponse:
    """Delete a message for good, with what only it supported; the receipt says what went."""
    return answer(await held(request).memory.delete(id, scope=asks.scope(user), editor=editor))


@router.get("/sessions", operation_id="list_sessions", response_model=SessionPage)
async def list_sessions(
    user: UserQuery,
    request: Request,
    asks: Reader,
    limit: Limit = 100,
    after: After = None,
) -> JSONResponse:
    """List a user's sessions by name, page by page."""
    return answer(await held(request).memory.sessions_page(scope=asks.scope(user), limit=limit, after=after))


@router.get(
    "/sessions/{session:path}/messages",
    operation_id="list_session_messages",
    response_model=MessagePage,
    responses=answers("not-found"),
)
async def list_session_messages(
    session: Annotated[str, Path(min_length=1, max_length=200)],
    user: UserQuery,
    request: Request,
    asks: Reader,
    limit: Limit = 100,
    after: After = None,
) -> JSONResponse:
    """Return the messages of a session page by page: the last ones first, and those of a page oldest first."""
    found = await held(request).memory.messages_page(scope=asks.scope(user), session=session, limit=limit, after=after)
    if after is None and not found.messages:
        raise NotFound("there is no such session of this user.")
    return answer(found)
