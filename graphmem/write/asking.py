"""Asking the chat model for JSON: a reply that does not fit is told why and asked once more; every call is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from graphmem.errors import ModelError, ReplyRefused, ReplyUnparsable
from graphmem.models import Scope
from graphmem.operations import Cost
from graphmem.ports import ChatModel, ChatReply, ChatRequest
from graphmem.write.usage import Usage

ATTEMPTS = 2
LONGEST_REPLY = 400_000
"""Letters: more than the longest list of triples takes."""

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Asker:
    """Asks on behalf of one batch of a scope's messages, within what the batch, the scope and the day may take."""

    model: ChatModel
    usage: Usage
    scope: Scope
    spent: Cost = field(default_factory=Cost)

    async def ask(self, request: ChatRequest, schema: type[R], accept: Callable[[R], T]) -> tuple[T, Cost]:
        """Return what `accept` makes of the reply, and the cost of all attempts.

        Raises ModelError after the last attempt, BudgetSpent or BatchTooCostly before one too many.
        """
        cost = Cost(model=self.model.name, prompt_version=request.prompt_version)
        asked = request
        for attempt in range(1, ATTEMPTS + 1):
            reply, price = await self._call(replace(asked, attempt=attempt))
            cost += price
            try:
                return accept(_parsed(reply, schema)), cost
            except (ReplyUnparsable, ReplyRefused) as exc:
                if attempt == ATTEMPTS:
                    raise
                asked = replace(request, user=f"{request.user}\n\nYour last answer was refused: {exc}\nAnswer again.")
        raise AssertionError("the loop returns or raises")

    async def _call(self, request: ChatRequest) -> tuple[ChatReply, Cost]:
        await self.usage.check(self.scope, self.spent)
        start = time.perf_counter()
        try:
            reply = await self.model.ask(request)
        except ModelError:
            self.spent += await self._enter(request, None, start)
            raise
        price = await self._enter(request, reply, start)
        self.spent += price
        return reply, price

    async def _enter(self, request: ChatRequest, reply: ChatReply | None, start: float) -> Cost:
        spent = time.perf_counter() - start
        return await self.usage.enter(self.scope, request.kind, request.prompt_version, reply, spent)


def _parsed(reply: ChatReply, schema: type[R]) -> R:
    if reply.problem:
        raise ReplyUnparsable(f"it is not whole: {reply.problem}")
    if len(reply.text) > LONGEST_REPLY:
        raise ReplyUnparsable(f"it has {len(reply.text):,} letters; {LONGEST_REPLY:,} are the most")
    return fitting(reply.text, schema)


def fitting(text: str, schema: type[R]) -> R:
    """Return a reply's JSON as its schema has it; raises ReplyUnparsable naming the place that does not fit."""
    try:
        return schema.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ReplyUnparsable(f"it does not fit the schema at {where}: {first['msg']}") from exc
