"""Questions: searches, contexts, Cypher, analyses, paths, names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from graphmem.adapters.queries import Analysis
from graphmem.analytics import Answer
from graphmem.api.access import Principal, Reader
from graphmem.api.given import (
    ALWAYS,
    BODY,
    VECTORS,
    AsOfIn,
    AsOfQuery,
    Body,
    FiltersIn,
    Id,
    KnownQuery,
    User,
    UserQuery,
    answer,
    clocks,
    held,
    whose,
)
from graphmem.api.problems import answers
from graphmem.memory import MOST_HOPS, MOST_TOKENS, QUERY_CHARACTERS
from graphmem.models import Entity, Scope
from graphmem.read.context import Template
from graphmem.read.found import SearchResult
from graphmem.read.paths import Paths
from graphmem.read.rerank import Mode
from graphmem.read.strategies import MIX, Strategy
from graphmem.write.validate import NAME_LENGTH

CYPHER_CHARACTERS = 100_000
_log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", responses=ALWAYS, tags=["search"])
# Those of a model where one is named as reranker, and of what it took, which is put on the books.
_ASKED = answers("conflict", "model-failed", "budget-spent", "no-reranker", *VECTORS)
Users = Annotated[list[User], Field(min_length=1, max_length=100)]


class ContextIn(Body):
    """A question about what one user's memory holds, or that of several."""

    user: User | Users
    query: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS, examples=["Where does Ada live?"])]
    as_of: AsOfIn = AsOfIn()
    tokens: Annotated[int, Field(strict=True, ge=1, le=MOST_TOKENS, description="at most so many in the context")] = (
        1000
    )
    filters: FiltersIn | None = None
    template: Template = "mixed"


class SearchIn(ContextIn):
    """A question, and how it is to be answered."""

    limit: Annotated[int, Field(strict=True, ge=1, le=1000)] = 10
    strategy: Strategy = MIX
    rerank: Mode | None = None


class CypherIn(Body):
    """A query that can only read, and sees only these users."""

    user: User | Users
    query: Annotated[
        str, Field(min_length=1, max_length=CYPHER_CHARACTERS, examples=["MATCH (f:Fact) RETURN f.text LIMIT 10"])
    ]
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])
    limit: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1000


class AnalysisIn(Body):
    """Whom an analysis is about, and its parameters."""

    user: User | Users
    parameters: dict[str, str | int] = Field(default_factory=dict[str, "str | int"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known about a question, as text for a prompt."""

    text: str
    answerable: bool
    confidence: float


@router.post("/search", operation_id="search", response_model=SearchResult, responses=BODY | _ASKED)
async def search(body: SearchIn, request: Request, asks: Reader) -> JSONResponse:
    """Find the facts and messages that answer a question, with a context for a prompt."""
    how = {"limit": body.limit, "rerank": body.rerank, "strategy": body.strategy}
    return answer(await _searched(body, request, asks, **how))


@router.post("/context", operation_id="get_context", response_model=Context, responses=BODY | _ASKED)
async def get_context(body: ContextIn, request: Request, asks: Reader) -> JSONResponse:
    """Return only the context for a prompt."""
    found = await _searched(body, request, asks)
    return answer(Context(text=found.text, answerable=found.answerable, confidence=found.confidence))


@router.post("/cypher", operation_id="cypher", response_model=Answer, responses=BODY | answers("cypher-refused"))
async def cypher(body: CypherIn, request: Request, asks: Reader) -> JSONResponse:
    """Answer a query in Cypher that can only read, about these users only."""
    here = held(request)
    limit = min(body.limit, here.service.result_rows)
    scope = whose(body.user, asks)
    found = await here.memory.cypher(body.query, scope=scope, parameters=body.parameters, limit=limit)
    # Beside the event loop: some megabytes of small values take half a second.
    return await asyncio.to_thread(answer, found)


@router.get("/analytics", operation_id="list_analyses", response_model=list[Analysis])
async def list_analyses(request: Request, asks: Reader) -> JSONResponse:
    """List the named analyses with their parameters."""
    _ = asks
    return answer(held(request).memory.analyses())


@router.get("/analytics/{name}", operation_id="get_analysis", response_model=Answer)
async def get_analysis(name: Id, user: UserQuery, request: Request, asks: Reader) -> JSONResponse:
    """Answer a named analysis; what else is in the query string are its parameters."""
    given = {key: value for key, value in request.query_params.items() if key != "user"}
    return answer(await _analysed(name, asks.scope(user), given, request))


@router.post("/analytics/{name}", operation_id="analyse", response_model=Answer, responses=BODY)
async def analyse(name: Id, body: AnalysisIn, request: Request, asks: Reader) -> JSONResponse:
    """Answer a named analysis, also about several users."""
    return answer(await _analysed(name, whose(body.user, asks), body.parameters, request))


async def _analysed(name: str, scope: Scope | list[Scope], given: Mapping[str, str | int], request: Request) -> Answer:
    here = held(request)
    return await here.memory.analyse(name, scope=scope, parameters=given, most=here.service.result_rows)


@router.get("/names", operation_id="find_entities", response_model=list[Entity])
async def find_entities(
    user: UserQuery,
    request: Request,
    asks: Reader,
    name: Annotated[str, Query(min_length=1, max_length=NAME_LENGTH, description="a name", examples=["Ada"])],
) -> JSONResponse:
    """Return the people, places and things that a name means: those whose name it is, else those also called so."""
    return answer(await held(request).memory.entities_named(name, scope=asks.scope(user)))


@router.get("/paths", operation_id="find_paths", response_model=Paths, responses=answers("not-found"))
async def find_paths(
    user: UserQuery,
    request: Request,
    asks: Reader,
    start: Annotated[str, Query(alias="from", min_length=1, max_length=100, description="an entity's id")],
    end: Annotated[str, Query(alias="to", min_length=1, max_length=100, description="an entity's id")],
    hops: Annotated[int, Query(ge=1, le=MOST_HOPS)] = 4,
    as_of: AsOfQuery = None,
    known: KnownQuery = None,
) -> JSONResponse:
    """Return the shortest chains of facts between two entities."""
    found = await held(request).memory.paths(start, end, scope=asks.scope(user), hops=hops, as_of=clocks(as_of, known))
    return answer(found)


async def _searched(body: ContextIn, request: Request, asks: Principal, **how: Any) -> SearchResult:
    """Ask the memory, and enter the search among the metrics and, where that is wished, in the log."""
    here = held(request)
    found = await here.memory.search(
        body.query,
        scope=whose(body.user, asks),
        as_of=body.as_of.clocks(),
        tokens=body.tokens,
        filters=body.filters.filters() if body.filters else None,
        template=body.template,
        **how,
    )
    here.metrics.searched(found)
    if here.service.log_text:
        _log.info("searched", extra={"question": found.query, "answerable": found.answerable})
    return found
