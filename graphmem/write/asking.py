"""Asking the chat model for JSON: a reply that does not fit is told why and asked once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from graphmem.errors import ReplyRefused, ReplyUnparsable
from graphmem.operations import Cost
from graphmem.ports import ChatModel, ChatRequest

ATTEMPTS = 2
R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


async def ask(model: ChatModel, request: ChatRequest, schema: type[R], accept: Callable[[R], T]) -> tuple[T, Cost]:
    """Return what `accept` makes of the reply, and the cost of all attempts; raises ModelError after the last one."""
    cost = Cost(model=model.name, prompt_version=request.prompt_version)
    asked = request
    for attempt in range(1, ATTEMPTS + 1):
        reply = await model.ask(replace(asked, attempt=attempt))
        cost = replace(
            cost,
            model=reply.model,
            tokens_in=cost.tokens_in + reply.tokens_in,
            tokens_out=cost.tokens_out + reply.tokens_out,
        )
        try:
            return accept(_parsed(reply.text, schema)), cost
        except (ReplyUnparsable, ReplyRefused) as exc:
            if attempt == ATTEMPTS:
                raise
            asked = replace(request, user=f"{request.user}\n\nYour last answer was refused: {exc}\nAnswer again.")
    raise AssertionError("the loop returns or raises")


def _parsed(text: str, schema: type[R]) -> R:
    try:
        return schema.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ReplyUnparsable(f"it does not fit the schema at {where}: {first['msg']}") from exc
