"""Upkeep: what became of messages, what waits and is parked, how much there is, whether it is sound, notes by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field, StrictBool

from graphmem.api.access import Admin, Reader, Writer
from graphmem.api.given import ALWAYS, BODY, VECTORS, Body, Editor, Limit, User, UserQuery, answer, held
from graphmem.api.problems import answers
from graphmem.api.routes.changes import MOST_NUMBER
from graphmem.checks import MOST_RESULTS
from graphmem.edits import EDITOR
from graphmem.models import Episode, Note
from graphmem.operations import Change
from graphmem.queue import Backlog, Waiting
from graphmem.work import Standing, Status
from graphmem.write.clean import Cleaning
from graphmem.write.validate import NAME_LENGTH
from graphmem.write.verify import Breach

MOST_NOTES = 1000
SCOPE_CHARACTERS = 5000
"""Two names of 200 characters, each percent-encoded as up to four bytes, and the line between them."""
router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["upkeep"])
Id = Annotated[str, Field(min_length=1, max_length=200)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_RESULTS, examples=[["ep_1"]])]


class ScopeIn(Body):
    """Whose memory is meant."""

    user: User


class EpisodesIn(ScopeIn):
    """Some messages, by their episodes' ids."""

    episode_ids: Ids


class StandingIn(EpisodesIn):
    """Some messages, and the number of the last change that was seen."""

    after: Annotated[int, Field(strict=True, ge=0, le=MOST_NUMBER)] = 0


class NoteIn(Body):
    """A free statement about somebody, with the ids of the messages that say it."""

    about: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, examples=["Ada"])]
    text: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, examples=["Ada is training for a marathon"])]
    message_ids: Annotated[list[Id], Field(min_length=1, max_length=100)]


class NotesIn(ScopeIn):
    """Free statements."""

    notes: Annotated[list[NoteIn], Field(min_length=1, max_length=MOST_NOTES)]


class CleanIn(ScopeIn):
    """Whether what looks wrong is only reported, or mended too; with `messages` only what just these brought in."""

    dry_run: StrictBool = True
    messages: Ids | None = None
    editor: Editor = EDITOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many messages something was done with."""

    messages: int


@router.post("/messages/find", operation_id="find_messages", response_model=list[Episode], responses=BODY)
async def find_messages(body: EpisodesIn, request: Request, asks: Reader) -> JSONResponse:
    """Return those of some messages that are kept, in the order in which they came."""
    return answer(await held(request).memory.messages_by_ids(body.episode_ids, scope=asks.scope(body.user)))


@router.post("/messages/standing", operation_id="get_standing", response_model=Standing, responses=BODY)
async def get_standing(body: StandingIn, request: Request, asks: Reader) -> JSONResponse:
    """Say what became of messages: how many are pending, which are parked and why, and the decisions."""
    memory, scope = held(request).memory, asks.scope(body.user)
    return answer(await memory.standing(body.episode_ids, scope=scope, after=body.after))


@router.get("/queue", operation_id="list_queue", response_model=list[Waiting])
async def list_queue(
    request: Request,
    asks: Reader,
    limit: Limit = 100,
    after: Annotated[
        str, Query(max_length=SCOPE_CHARACTERS, description="the scope of the last one seen: tenant/user")
    ] = "",
) -> JSONResponse:
    """List the tenant's users whose messages wait or are parked."""
    return answer(await held(request).memory.queue(tenant=asks.tenant, limit=limit, after=after))


@router.get("/queue/backlog", operation_id="get_backlog", response_model=Backlog)
async def get_backlog(request: Request, asks: Reader) -> JSONResponse:
    """Say how many messages of the tenant wait, and since when the longest."""
    return answer(await held(request).memory.backlog(tenant=asks.tenant))


@router.post("/queue/resume", operation_id="resume_messages", response_model=Counted, responses=BODY)
async def resume_messages(body: ScopeIn, request: Request, asks: Writer) -> JSONResponse:
    """Put the parked messages of a user back among those that wait."""
    here = held(request)
    resumed = await here.memory.resume(scope=asks.scope(body.user))
    if here.worker is not None:
        here.worker.wake()
    return answer(Counted(messages=resumed))


@router.post("/queue/drop", operation_id="drop_messages", response_model=Counted, responses=BODY)
async def drop_messages(body: ScopeIn, request: Request, asks: Writer) -> JSONResponse:
    """Give up drawing facts from the parked messages of a user; they stay searchable."""
    return answer(Counted(messages=await held(request).memory.drop(scope=asks.scope(body.user))))


@router.get("/status", operation_id="get_status", response_model=Status)
async def get_status(user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """Say how much is kept of a user, what it cost, and which models are behind it."""
    # Where the store is, is the operator's.
    return answer(replace(await held(request).memory.status(scope=asks.scope(user)), store=""))


@router.get("/verify", operation_id="verify", response_model=list[Breach])
async def verify(user: UserQuery, request: Request, asks: Admin) -> JSONResponse:
    """Check the ledger's promises on all that is kept of a user, and name each breach."""
    return answer(await held(request).memory.verify(scope=asks.scope(user)))


@router.post(
    "/summary",
    operation_id="summarise",
    response_model=Counted,
    responses=BODY | answers("conflict", "model-failed", "budget-spent", *VECTORS),
)
async def summarise(body: ScopeIn, request: Request, asks: Writer) -> JSONResponse:
    """Bring the rolling summary up to date now; says how many messages went in."""
    return answer(Counted(messages=await held(request).memory.summarise(scope=asks.scope(body.user))))


@router.post(
    "/notes",
    operation_id="add_notes",
    status_code=201,
    response_model=list[Change],
    responses=BODY | answers("not-found", "conflict", "model-failed", "budget-spent", *VECTORS),
)
async def add_notes(body: NotesIn, request: Request, asks: Writer) -> JSONResponse:
    """Keep free statements about somebody as facts, with the messages that say them."""
    here = held(request)
    notes = [Note(about=n.about, text=n.text, message_ids=tuple(n.message_ids)) for n in body.notes]
    made = await here.memory.note(notes, scope=asks.scope(body.user))
    here.metrics.decided(made)
    return answer(made, 201)


@router.post(
    "/clean",
    operation_id="clean",
    response_model=Cleaning,
    responses=BODY | answers("conflict", "model-failed", *VECTORS),
)
async def clean(body: CleanIn, request: Request, asks: Writer) -> JSONResponse:
    """Report what looks wrong in all that is kept of a user, or mend what can be, by undoable decisions."""
    here = held(request)
    made = await here.memory.clean(
        scope=asks.scope(body.user), dry_run=body.dry_run, messages=body.messages, editor=body.editor
    )
    here.metrics.decided(made.changes)
    return answer(made)
