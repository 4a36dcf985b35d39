"""Talk: an answer from the model with what is remembered, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import Field

from graphmem.agent import Agent, Answered
from graphmem.api.access import Principal, Writer
from graphmem.api.given import ALWAYS, BODY, VECTORS, Body, User, held
from graphmem.api.problems import answers, kind_of, told
from graphmem.api.routes.changes import EVENT_STREAM, EVENTS
from graphmem.errors import GraphMemError
from graphmem.serial import dump

router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["chat"])


class ChatIn(Body):
    """What a user says."""

    user: User
    text: Annotated[str, Field(min_length=1, max_length=10_000, examples=["Where did I live in spring?"])]
    session: Annotated[str, Field(min_length=1, max_length=200)] = "chat"
    speaker: Annotated[str | None, Field(min_length=1, max_length=200)] = None


@router.post(
    "/chat",
    operation_id="chat",
    response_class=StreamingResponse,
    responses={200: {"content": EVENT_STREAM}}
    | BODY
    | answers("conflict", "backlog-full", "model-failed", "budget-spent", *VECTORS),
)
async def chat(body: ChatIn, request: Request, asks: Writer) -> StreamingResponse:
    """Answer with what is remembered, as server-sent events: `piece`s, then `done` with the facts that were used.

    Both messages are kept before `done`; an `error` event says that nothing was.
    """
    here = held(request)
    await here.limits.check_backlog(asks.tenant, 2)
    pieces = _pieces(body, asks, request)
    # The first piece is awaited here, so that a model that does not answer is told by the status.
    first = await anext(pieces)
    return StreamingResponse(_all(first, pieces), media_type=EVENTS)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    try:
        async for piece in rest:
            yield piece
    except GraphMemError as exc:
        kind = kind_of(exc)
        yield format_sse_event(data_str=dump({"type": kind.type, "detail": told(exc, kind)}), event="error")


async def _pieces(body: ChatIn, asks: Principal, request: Request) -> AsyncIterator[bytes]:
    here = held(request)
    kept: list[Answered] = []
    # The worker reads what is kept.
    agent = Agent(here.memory, reads=False)
    said = agent.stream(
        body.text, scope=asks.scope(body.user), session=body.session, speaker=body.speaker, done=kept.append
    )
    async for piece in said:
        yield format_sse_event(data_str=dump({"text": piece}), event="piece")
    if here.worker is not None:
        here.worker.wake()
    for answered in kept:
        facts = [{"id": f.fact.id, "text": f.text} for f in answered.facts]
        done = {"text": answered.text, "facts": facts, "episode_ids": answered.episode_ids}
        yield format_sse_event(data_str=dump(done), event="done")
