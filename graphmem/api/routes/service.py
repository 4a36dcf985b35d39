"""The service about itself: whether it runs, whether it can answer, its metrics, and what its problems mean."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from graphmem.api.given import held
from graphmem.api.problems import BY_NAME, KINDS, Refused, answers
from graphmem.errors import StoreError

router = APIRouter(tags=["service"], responses=answers("wrong-host", "internal-error"))
MARKDOWN = "text/markdown"


@router.get("/healthz", operation_id="health")
async def health() -> dict[str, str]:
    """Say that the process runs."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="ready", responses=answers("store-unavailable"))
async def ready(request: Request) -> JSONResponse:
    """Say whether requests can be answered: the store answers, and the schema is this program's."""
    try:
        await held(request).memory.backlog(most=1)
    except StoreError as exc:
        raise Refused("store-unavailable", BY_NAME["store-unavailable"].help) from exc
    return JSONResponse({"status": "ready"})


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=PlainTextResponse,
    responses=answers("store-unavailable", "timeout"),
)
async def metrics(request: Request) -> Response:
    """Tell the metrics, as Prometheus reads them; anybody who reaches the service may, so keep them from strangers."""
    here = held(request)
    return Response(await here.metrics.text(here.memory), media_type=CONTENT_TYPE_LATEST)


@router.get(
    "/problems/{name}",
    operation_id="explain_problem",
    response_class=PlainTextResponse,
    responses={200: {"content": {MARKDOWN: {"schema": {"type": "string"}}}}} | answers("not-found", "invalid-request"),
)
async def explain_problem(name: str) -> Response:
    """Explain a kind of problem."""
    found = next((kind for kind in KINDS if kind.name == name), None)
    if found is None:
        raise Refused("not-found", f"there is no problem of that name; {', '.join(BY_NAME)} are known.")
    return Response(found.page, media_type=MARKDOWN)
