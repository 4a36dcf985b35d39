"""A chat model whose replies are written down, so that they can be replayed without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from graphmem.adapters.replay_chat import NAMED
from graphmem.errors import FileUnwritable
from graphmem.ports import ChatModel, ChatReply, ChatRequest


class RecordingChat:
    """Passes each question on, and appends the reply to a recording: a line for a kind, messages and attempt.

    Messages and facts stand there under names that outlive a prompt, not under its short ids. A reply that is no JSON
    object is not recorded: it is asked for again.
    """

    def __init__(self, model: ChatModel, path: Path) -> None:
        self.name = model.name
        self._model = model
        self._path = path
        try:
            path.open("a", encoding="utf-8").close()
        except OSError as exc:
            raise FileUnwritable(f"cannot write {path}: {exc}.") from exc

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Ask the model, and write its reply down; raises what the model raises, and FileUnwritable."""
        reply = await self._model.ask(request)
        try:
            said: Any = json.loads(reply.text)
        except ValueError:
            return reply
        if isinstance(said, dict):
            self._write(request, cast("dict[str, Any]", said))
        return reply

    async def close(self) -> None:
        """Let go of the model."""
        await self._model.close()

    def _write(self, request: ChatRequest, said: dict[str, Any]) -> None:
        named = {short: name.partition(":")[2] for name, short in request.names.items()}
        line = {
            "kind": request.kind,
            "messages": list(request.message_ids),
            "attempt": request.attempt,
            "reply": _lengthened(said, named),
        }
        try:
            with self._path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as exc:
            raise FileUnwritable(f"cannot write {self._path}: {exc}.") from exc


def _lengthened(value: Any, named: Mapping[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _lengthened(v, named, k) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_lengthened(v, named, key) for v in cast("list[Any]", value)]
    return named.get(value, value) if key in NAMED and isinstance(value, str) else value
