"""Facts and entities: lists, histories, edits by hand; what lies around an entity; merges to review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from graphmem.api.access import Reader, Writer
from graphmem.api.given import (
    ALWAYS,
    BODY,
    VECTORS,
    After,
    AsOfQuery,
    Body,
    Editor,
    EditorQuery,
    FiltersIn,
    Id,
    KnownQuery,
    Limit,
    User,
    UserQuery,
    answer,
    clocks,
    held,
)
from graphmem.api.problems import answers
from graphmem.checks import metadata_of
from graphmem.edits import EDITOR
from graphmem.lists import EntityPage, FactPage
from graphmem.memory import MOST_HOPS
from graphmem.models import Entity, EntityPair, Fact, Sameness
from graphmem.operations import Change
from graphmem.read.neighbourhood import Neighbourhood
from graphmem.read.paths import Paths

router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["facts"])
NO_PATHS = Paths(paths=(), truncated=False)
EDITED = BODY | answers("not-found", "conflict", "model-failed", *VECTORS)
MetadataQuery = Annotated[
    list[str] | None, Query(max_length=100, description="key=value; true, false and quoted texts as in JSON")
]
Day = Annotated[str | None, Field(max_length=40, examples=["2024-05"], description="2024, 2024-05, 2024-05-31 or more")]


End = Annotated[
    str | None,
    Field(
        max_length=40, examples=["2024-05"], description="as valid_from, the last that it held; open: without an end"
    ),
]


class FactIn(Body):
    """A statement by hand."""

    user: User
    subject: Annotated[str, Field(min_length=1, max_length=200, examples=["Ada"])]
    predicate: Annotated[str, Field(min_length=1, max_length=64, examples=["LIVES_IN"])]
    value: Annotated[str, Field(min_length=1, max_length=200, examples=["Oslo"])]
    valid_from: Day = None
    valid_to: End = None
    editor: Editor = EDITOR


class CorrectionIn(Body):
    """What a fact should have said."""

    user: User
    value: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    valid_from: Day = None
    valid_to: End = None
    editor: Editor = EDITOR


class EntityIn(Body):
    """Another name or type for an entity."""

    user: User
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    type: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    editor: Editor = EDITOR


class OtherIn(Body):
    """Another entity."""

    user: User
    other_id: Annotated[str, Field(min_length=1, max_length=100)]
    editor: Editor = EDITOR


class UserIn(Body):
    """Whose memory is meant."""

    user: User
    editor: Editor = EDITOR


@dataclass(frozen=True, slots=True, kw_only=True)
class FactWithHistory:
    """A fact with its sources and versions, the decisions about it, oldest first, and the paths to its subject.

    `paths` are empty where no entity is named from which they begin.
    """

    fact: Fact
    history: tuple[Change, ...]
    paths: Paths


@router.get("/facts", operation_id="list_facts", response_model=FactPage)
async def list_facts(
    user: UserQuery,
    request: Request,
    asks: Reader,
    as_of: AsOfQuery = None,
    known: KnownQuery = None,
    limit: Limit = 100,
    after: After = None,
    predicate: Annotated[list[str] | None, Query(max_length=100)] = None,
    type: Annotated[list[str] | None, Query(max_length=100)] = None,
    session: Annotated[list[str] | None, Query(max_length=100)] = None,
    agent: Annotated[list[str] | None, Query(max_length=100)] = None,
    source: Annotated[list[str] | None, Query(max_length=100, description="ids of messages")] = None,
    metadata: MetadataQuery = None,
    confidence: Annotated[float | None, Query(ge=0, le=1)] = None,
    since: AsOfQuery = None,
    until: AsOfQuery = None,
) -> JSONResponse:
    """List the facts that hold, newest first, page by page."""
    filters = FiltersIn(
        predicates=predicate,
        types=type,
        sessions=session,
        agents=agent,
        sources=source,
        metadata=None if metadata is None else metadata_of(metadata),
        confidence=confidence,
        since=since,
        until=until,
    ).filters()
    page = await held(request).memory.facts_page(
        scope=asks.scope(user), as_of=clocks(as_of, known), limit=limit, after=after, filters=filters
    )
    return answer(page)


@router.post("/facts", operation_id="assert_fact", status_code=201, response_model=list[Change], responses=EDITED)
async def assert_fact(body: FactIn, request: Request, asks: Writer) -> JSONResponse:
    """Believe a statement because a person says so."""
    made = await held(request).memory.assert_fact(
        body.subject,
        body.predicate,
        body.value,
        scope=asks.scope(body.user),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        editor=body.editor,
    )
    return _decided(made, request, 201)


@router.get("/facts/{id}", operation_id="get_fact", response_model=FactWithHistory, responses=answers("not-found"))
async def get_fact(
    id: Id,
    user: UserQuery,
    request: Request,
    asks: Reader,
    start: Annotated[
        str | None,
        Query(alias="from", min_length=1, max_length=100, description="an entity's id, from which paths begin"),
    ] = None,
) -> JSONResponse:
    """Return a fact with its sources, versions and history, and how facts lead from an entity to its subject."""
    memory, scope = held(request).memory, asks.scope(user)
    fact = await memory.fact(id, scope=scope)
    history = await memory.history(id, scope=scope)
    paths = await memory.paths(start, fact.subject_id, scope=scope) if start is not None else NO_PATHS
    return answer(FactWithHistory(fact=fact, history=history, paths=paths))


@router.patch("/facts/{id}", operation_id="correct_fact", response_model=list[Change], responses=EDITED)
async def correct_fact(id: Id, body: CorrectionIn, request: Request, asks: Writer) -> JSONResponse:
    """Put right what was believed by mistake."""
    made = await held(request).memory.correct(
        id,
        scope=asks.scope(body.user),
        value=body.value,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        editor=body.editor,
    )
    return _decided(made, request)


@router.delete(
    "/facts/{id}",
    operation_id="forget_fact",
    response_model=list[Change],
    responses=answers("not-found", "conflict", *VECTORS),
)
async def forget_fact(
    id: Id, user: UserQuery, request: Request, asks: Writer, editor: EditorQuery = EDITOR
) -> JSONResponse:
    """Believe a fact no more; undoable."""
    return _decided(await held(request).memory.forget(id, scope=asks.scope(user), editor=editor), request)


@router.get("/entities", operation_id="list_entities", response_model=EntityPage)
async def list_entities(
    user: UserQuery, request: Request, asks: Reader, limit: Limit = 100, after: After = None
) -> JSONResponse:
    """List the people, places and things of a user's memory by name, page by page."""
    return answer(await held(request).memory.entities_page(scope=asks.scope(user), limit=limit, after=after))


@router.get("/entities/{id}", operation_id="get_entity", response_model=Entity, responses=answers("not-found"))
async def get_entity(id: Id, user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """Return an entity."""
    return answer(await held(request).memory.entity(id, scope=asks.scope(user)))


@router.patch("/entities/{id}", operation_id="change_entity", response_model=list[Change], responses=EDITED)
async def change_entity(id: Id, body: EntityIn, request: Request, asks: Writer) -> JSONResponse:
    """Give an entity another name or type."""
    made = await held(request).memory.change_entity(
        id, scope=asks.scope(body.user), name=body.name, type=body.type, editor=body.editor
    )
    return _decided(made, request)


@router.get(
    "/entities/{id}/neighbourhood",
    operation_id="get_neighbourhood",
    response_model=Neighbourhood,
    responses=answers("not-found"),
)
async def get_neighbourhood(
    id: Id,
    user: UserQuery,
    request: Request,
    asks: Reader,
    hops: Annotated[int, Query(ge=1, le=MOST_HOPS)] = 1,
    as_of: AsOfQuery = None,
    known: KnownQuery = None,
) -> JSONResponse:
    """Return the entities and facts within some hops of an entity, as nodes and edges."""
    found = await held(request).memory.neighbourhood(id, scope=asks.scope(user), hops=hops, as_of=clocks(as_of, known))
    return answer(found)


@router.get("/merges", operation_id="list_merges", response_model=list[EntityPair])
async def list_merges(
    user: UserQuery, request: Request, asks: Reader, state: Sameness | None = Sameness.PENDING
) -> JSONResponse:
    """List the entities of like names that wait for review."""
    return answer(await held(request).memory.merges(scope=asks.scope(user), state=state))


@router.post("/entities/{id}/merge", operation_id="merge_entities", response_model=list[Change], responses=EDITED)
async def merge_entities(id: Id, body: OtherIn, request: Request, asks: Writer) -> JSONResponse:
    """Make another entity one with this, under the name of this; undoable."""
    scope = asks.scope(body.user)
    made = await held(request).memory.merge_entities(id, body.other_id, scope=scope, editor=body.editor)
    return _decided(made, request)


@router.post("/entities/{id}/split", operation_id="split_entity", response_model=list[Change], responses=EDITED)
async def split_entity(id: Id, body: UserIn, request: Request, asks: Writer) -> JSONResponse:
    """Make a merged entity itself again."""
    return _decided(
        await held(request).memory.split_entity(id, scope=asks.scope(body.user), editor=body.editor), request
    )


@router.post("/entities/{id}/distinct", operation_id="keep_apart", response_model=list[Change], responses=EDITED)
async def keep_apart(id: Id, body: OtherIn, request: Request, asks: Writer) -> JSONResponse:
    """Note that two entities are two, so that they wait for review no more."""
    scope = asks.scope(body.user)
    made = await held(request).memory.never_the_same(id, body.other_id, scope=scope, editor=body.editor)
    return _decided(made, request)


def _decided(made: tuple[Change, ...], request: Request, status: int = 200) -> JSONResponse:
    held(request).metrics.decided(made)
    return answer(made, status)
