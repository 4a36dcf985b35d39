"""A recording of replies in place of a chat model: JSON Lines, keyed by kind of call, message ids and attempt.

Replies name messages by their ids and facts as "subject | PREDICATE | object"; both become the short ids of the
prompt at hand, so that a prompt can be edited without losing its recording.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphmem.errors import ReplyNotRecorded, UnreadableFile
from graphmem.ports import ChatReply, ChatRequest

NAMED = {"message": "message", "triple": "triple", "fact": "fact", "pair": "pair", "rests_on": "fact"}
"""Which values of a reply are short ids, by their key, and of what."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str
    messages: list[str]
    attempt: Annotated[int, Field(ge=1)] = 1
    reply: dict[str, Any]


class ReplayChat:
    """Answers from a recording only; what is not in it is an error that says so."""

    def __init__(self, path: Path) -> None:
        self.name = f"recording {path.name}"
        self._path = path
        self._replies = _load(path)

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the recorded reply; raises ReplyNotRecorded."""
        key = (request.kind, request.message_ids, request.attempt)
        if key not in self._replies:
            first = request.message_ids[0] if request.message_ids else "none"
            raise ReplyNotRecorded(
                f"{self._path.name} holds no reply of kind {request.kind!r}, attempt {request.attempt}, for the "
                f"{len(request.message_ids)} messages from {first!r}. Ask a real model: unset GRAPHMEM_REPLAY."
            )
        return ChatReply(text=json.dumps(_shortened(self._replies[key], request.names)), model=self.name)

    async def close(self) -> None:
        """Nothing is open."""


def _load(path: Path) -> dict[tuple[str, tuple[str, ...], int], dict[str, Any]]:
    replies: dict[tuple[str, tuple[str, ...], int], dict[str, Any]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                read = _Line.model_validate_json(line)
            except ValidationError as exc:
                raise UnreadableFile(f"{path}, line {number}: no recorded reply ({exc.errors()[0]['msg']}).") from exc
            replies[read.kind, tuple(read.messages), read.attempt] = read.reply
    return replies


def _shortened(value: Any, names: Mapping[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _shortened(v, names, k) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_shortened(v, names, key) for v in cast("list[Any]", value)]
    return names.get(f"{NAMED[key]}:{value}", value) if key in NAMED and isinstance(value, str) else value
