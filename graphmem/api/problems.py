"""Errors of the service as problem documents (RFC 9457), each of a kind that docs/problems.md explains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from graphmem import errors

MEDIA_TYPE = "application/problem+json"
SAID_CHARACTERS = 2000
RETRY_SECONDS = 5
MOST_LEVELS = 50
"""So deep a body may be nested."""
_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, and what to do."""

    type: str = Field(description="the page that explains this kind", examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no fact 'fa_1' in this scope."])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its page, its status, its title, and what to do."""

    name: str
    status: int
    title: str
    help: str

    @property
    def type(self) -> str:
        """The address of its page."""
        return f"/problems/{self.name}"

    @property
    def page(self) -> str:
        """What its page says, as Markdown."""
        return f"# {self.title} ({self.status})\n\n{self.help}\n"


KINDS = (
    Kind("invalid-request", 422, "Invalid request", "Correct what `detail` names. Nothing was stored."),
    Kind(
        "unreadable-body",
        400,
        "Unreadable body",
        f"Send one JSON document in UTF-8, at most {MOST_LEVELS} levels deep.",
    ),
    Kind("malformed-request", 400, "Malformed request", "Send HTTP/1.1: its first line or its headers cannot be read."),
    Kind("unauthenticated", 401, "Not authenticated", "Send `Authorization: Bearer KEY` with a key that holds."),
    Kind("forbidden", 403, "Forbidden", "The key has not the right that this takes: read, write or admin."),
    Kind("not-found", 404, "Not found", "This user has nothing of that id. Ids of others look the same."),
    Kind("no-such-route", 404, "No such route", "See `/openapi.json` for what there is."),
    Kind("method-not-allowed", 405, "Method not allowed", "See `/openapi.json` for the methods of this route."),
    Kind("slow-request", 408, "Slow request", "The body did not arrive in time; GRAPHMEM_REQUEST_TIMEOUT bounds it."),
    Kind("conflict", 409, "Conflict", "Something else was written, or builds on this. Read again, then decide."),
    Kind("undo-refused", 409, "Undo refused", "Later decisions build on this; undo those first, or with `cascade`."),
    Kind(
        "too-large",
        413,
        "Too large",
        "Send less at once, or raise GRAPHMEM_REQUEST_BYTES, GRAPHMEM_REQUEST_MESSAGES.",
    ),
    Kind("unsupported-media-type", 415, "Unsupported media type", "Send `Content-Type: application/json`."),
    Kind(
        "wrong-host",
        421,
        "Wrong host",
        "Without keys only this machine is answered: ask localhost, 127.0.0.1 or [::1], or make a key.",
    ),
    Kind(
        "cypher-refused",
        422,
        "Cypher refused",
        "It reads more than it may, or is none; `detail` says where and why.",
    ),
    Kind("too-many-requests", 429, "Too many requests", "Wait for as many seconds as `Retry-After` says."),
    Kind("backlog-full", 429, "Backlog full", "Messages wait to be read; send more after `Retry-After` seconds."),
    Kind("budget-spent", 429, "Budget spent", "The calls or tokens of this scope, or of the day, are spent."),
    Kind("internal-error", 500, "Internal error", "A defect of the service; its log has the request's id."),
    Kind(
        "no-reranker",
        501,
        "No reranker",
        "The service cannot load its reranker; its log says why. Ask without it: `rerank` is `none`.",
    ),
    Kind("model-failed", 502, "Model failed", "The chat model gave no usable answer. Nothing was lost; try again."),
    Kind(
        "embedder-failed",
        502,
        "Embedder failed",
        "The embedding model gave no usable answer, or the cache of its vectors cannot be used. Try again.",
    ),
    Kind("busy", 503, "Busy", "Too many requests at once. Wait for `Retry-After` seconds."),
    Kind(
        "store-unavailable",
        503,
        "Store unavailable",
        "The store does not answer. Try again; `/readyz` tells when.",
    ),
    Kind(
        "vectors-foreign",
        503,
        "Vectors of another model",
        "The graph's vectors are another embedding model's, or are being written anew; whoever runs the service ends "
        "that: `graphmem reembed`.",
    ),
    Kind("timeout", 504, "Timeout", "It took longer than it may. Ask for less, or narrow the question."),
    Kind(
        "no-room",
        507,
        "No room",
        "The service's directory for temporary files (TMPDIR) cannot hold what was asked for; whoever runs it can give "
        "it another.",
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
_OURS: tuple[tuple[type[errors.GraphMemError], str], ...] = (
    (errors.NotFound, "not-found"),
    (errors.CypherRefused, "cypher-refused"),
    (errors.InvalidInput, "invalid-request"),
    (errors.MessageConflict, "conflict"),
    (errors.UndoRefused, "undo-refused"),
    (errors.StoreConflict, "conflict"),
    (errors.BudgetSpent, "budget-spent"),
    (errors.ModelError, "model-failed"),
    (errors.VectorsForeign, "vectors-foreign"),
    (errors.EmbedderError, "embedder-failed"),
    (errors.RerankerError, "no-reranker"),
    (errors.FileUnwritable, "no-room"),
    (errors.StoreTimeout, "timeout"),
    (errors.QueryFailed, "cypher-refused"),
    (errors.StoreError, "store-unavailable"),
)
_BY_STATUS = {
    400: "unreadable-body",
    401: "unauthenticated",
    403: "forbidden",
    404: "no-such-route",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    503: "busy",
}


class Refused(Exception):
    """A request that the service refuses by itself."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = BY_NAME[kind]
        self.headers = dict(headers or {})


def problem(kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the document of a problem."""
    # What no text can hold may be in what was sent, and so in what is said about it.
    said = detail.encode("utf-8", "backslashreplace").decode()[:SAID_CHARACTERS]
    body = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": said}
    retry = {"Retry-After": str(RETRY_SECONDS)} if kind.status in {429, 503} else {}
    return JSONResponse(body, status_code=kind.status, media_type=MEDIA_TYPE, headers={**retry, **(headers or {})})


def kind_of(error: errors.GraphMemError) -> Kind:
    """Return the kind of one of our errors."""
    return next((BY_NAME[name] for of, name in _OURS if isinstance(error, of)), BY_NAME["internal-error"])


def problem_of(error: errors.GraphMemError, failed: Callable[[errors.StoreError], None]) -> JSONResponse:
    """Return the document of one of our errors; `failed` hears of those of the store."""
    if isinstance(error, errors.StoreError):
        failed(error)
    kind = kind_of(error)
    if kind.status >= 500:
        _log.error("%s: %s", type(error).__name__, error)
    return problem(kind, told(error, kind))


def defect(error: Exception) -> JSONResponse:
    """Log a defect, and return the document that tells of it."""
    _log.error("a defect: %s", type(error).__name__, exc_info=error)
    return problem(BY_NAME["internal-error"], BY_NAME["internal-error"].help)


def answers(*names: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route documents of its problems."""
    by_status: dict[int | str, list[Kind]] = {}
    for name in names:
        by_status.setdefault(BY_NAME[name].status, []).append(BY_NAME[name])
    return {
        status: {
            "description": ", or ".join(kind.title for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, kinds in by_status.items()
    }


def install(app: FastAPI, failed: Callable[[errors.StoreError], None]) -> None:
    """Answer every error with a problem document; `failed` hears of those of the store."""

    async def our_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.GraphMemError)  # noqa: S101  (what it was registered for)
        return problem_of(error, failed)

    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(errors.GraphMemError, our_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http_error)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101
    return problem(error.kind, str(error), error.headers)


def told(error: errors.GraphMemError, kind: Kind) -> str:
    """Return what may be told to strangers: what is the operator's, such as addresses, stays in the log."""
    if isinstance(error, errors.StoreError) and not isinstance(error, (errors.QueryFailed, errors.StoreTimeout)):
        return kind.help
    return str(error) if kind.status < 500 or kind.name in {"timeout", "model-failed"} else kind.help


async def _wrong_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found: list[dict[str, Any]] = list(error.errors())
    if any(e["type"] == "json_invalid" for e in found):
        return problem(BY_NAME["unreadable-body"], "; ".join(str(e.get("ctx", e["msg"])) for e in found[:1]))
    # Not the input itself: it may be long, or hold what no text can.
    detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
    return problem(BY_NAME["invalid-request"], detail)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = BY_NAME[_BY_STATUS.get(error.status_code, "internal-error")]
    return problem(kind, str(error.detail), error.headers)
