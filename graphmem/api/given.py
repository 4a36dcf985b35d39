"""What comes in over HTTP, and what all routes share: whose memory, clocks, pages, answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from graphmem.api.access import Principal
from graphmem.api.limits import Limits
from graphmem.api.metrics import Metrics
from graphmem.api.problems import answers
from graphmem.checks import MOST_RESULTS
from graphmem.cursors import MOST_CHARACTERS
from graphmem.memory import Memory
from graphmem.models import AsOf, Filters, Scope
from graphmem.serial import plain
from graphmem.settings import Service
from graphmem.worker import Worker

ALWAYS = answers(
    "invalid-request",
    "unauthenticated",
    "forbidden",
    "slow-request",
    "too-large",
    "wrong-host",
    "too-many-requests",
    "internal-error",
    "busy",
    "store-unavailable",
    "timeout",
)
"""The problems that any route under /v1 may answer with."""
BODY = answers("unreadable-body", "unsupported-media-type")
"""Those of a route that takes a body."""
VECTORS = ("embedder-failed", "vectors-foreign", "busy", "store-unavailable")
"""Those of a route that reads or writes vectors, and what else any route may answer with their statuses."""

User = Annotated[str, Field(min_length=1, max_length=200, description="whose memory", examples=["ada"])]
UserQuery = Annotated[str, Query(min_length=1, max_length=200, description="whose memory", examples=["ada"])]
Id = Annotated[str, Path(min_length=1, max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MOST_RESULTS, description="at most so many")]
After = Annotated[str | None, Query(max_length=MOST_CHARACTERS, description="`next` of the page before")]
AsOfQuery = Annotated[AwareDatetime | None, Query(description="true when; now by default")]
KnownQuery = Annotated[AwareDatetime | None, Query(description="as believed when; now by default")]
Editor = Annotated[str, Field(min_length=1, max_length=200, description="who decides so, for the record")]
EditorQuery = Annotated[str, Query(min_length=1, max_length=200, description="who decides so, for the record")]


class Body(BaseModel):
    """A body; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class AsOfIn(Body):
    """The two clocks of a read."""

    valid: AwareDatetime | None = None
    known: AwareDatetime | None = None

    def clocks(self) -> AsOf:
        """Return them as a value."""
        return clocks(self.valid, self.known)


class FiltersIn(Body):
    """What may be returned; see `Filters`."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    predicates: list[str] | None = None
    types: list[str] | None = None
    confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    sessions: list[str] | None = None
    agents: list[str] | None = None
    sources: list[str] | None = None
    metadata: dict[str, str | int | float | bool] | None = None

    def filters(self) -> Filters:
        """Return them as a value."""
        return Filters(
            since=_utc(self.since),
            until=_utc(self.until),
            predicates=_values(self.predicates),
            types=_values(self.types),
            confidence=self.confidence,
            sessions=_values(self.sessions),
            agents=_values(self.agents),
            sources=_values(self.sources),
            metadata=self.metadata,
        )


class State:
    """What an application holds while it runs; `stopping` is set once the server is to end."""

    memory: Memory
    service: Service
    metrics: Metrics
    limits: Limits
    worker: Worker | None
    stopping: asyncio.Event


def held(request: Request) -> State:
    """Return what the application holds."""
    return cast("State", request.app.state)


def whose(user: str | Sequence[str], principal: Principal) -> Scope | list[Scope]:
    """Return the scope of a user, or those of several, within the tenant of who asks."""
    return principal.scope(user) if isinstance(user, str) else [principal.scope(u) for u in user]


def clocks(valid: datetime | None, known: datetime | None) -> AsOf:
    """Return the clocks that a request names."""
    return AsOf(valid=_utc(valid), known=_utc(known))


def _values(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    try:
        return at.astimezone(UTC)
    except OverflowError:
        # At the ends of the calendar, where another zone has another year.
        return at.replace(tzinfo=UTC)


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a value as JSON."""
    return JSONResponse(plain(value), status_code=status, headers=headers)
