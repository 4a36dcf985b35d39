"""Reading messages from JSON and JSON Lines; one unreadable line refuses the whole file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from graphmem.errors import InvalidMessage, UnreadableFile
from graphmem.models import Message, Role, Scalar
from graphmem.write.validate import check_messages


class MessageIn(BaseModel):
    """A message as it comes in from outside."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(description="what was said", examples=["We moved to Oslo last week!"])]
    at: Annotated[AwareDatetime, Field(description="when, with time zone", examples=["2024-06-20T20:15:00Z"])]
    role: Role = Role.USER
    speaker: str | None = None
    id: Annotated[str | None, Field(description="your own id: the same message is kept once")] = None
    session: str | None = None
    agent: str | None = None
    metadata: dict[str, Scalar] = Field(default_factory=dict[str, Scalar])

    def message(self) -> Message:
        """Return it as a value."""
        at: datetime = self.at
        return Message(
            text=self.text,
            at=at,
            role=self.role,
            speaker=self.speaker,
            id=self.id,
            session=self.session,
            agent=self.agent,
            metadata=self.metadata,
        )


def read_messages(path: Path) -> list[Message]:
    """Return a file's messages: a JSON list, an object with `messages`, or a message a line; raises UnreadableFile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise UnreadableFile(f"cannot read {path}: {exc}.") from exc
    items = _lines(path, text) if path.suffix in {".jsonl", ".ndjson"} else _document(path, text)
    messages = [_message(path, where, item) for where, item in items]
    if not messages:
        raise UnreadableFile(f"{path} holds no messages.")
    try:
        check_messages(messages)
    except InvalidMessage as exc:
        raise UnreadableFile(f"{path}: {exc}") from exc
    return messages


def _lines(path: Path, text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                found.append((f"line {number}", json.loads(line)))
            except ValueError as exc:
                raise UnreadableFile(f"{path}, line {number}: not JSON ({exc}). Nothing was stored.") from exc
    return found


def _document(path: Path, text: str) -> Sequence[tuple[str, Any]]:
    try:
        whole: Any = json.loads(text)
    except json.JSONDecodeError as exc:
        raise UnreadableFile(
            f"{path}, line {exc.lineno}: not JSON ({exc.msg}). Nothing was stored. One message a line goes in .jsonl."
        ) from exc
    items: Any = cast("dict[str, Any]", whole).get("messages") if isinstance(whole, dict) else whole
    if not isinstance(items, list):
        raise UnreadableFile(f"{path}: expected a list of messages, or an object with the key 'messages'.")
    return [(f"message {i}", item) for i, item in enumerate(cast("list[Any]", items), start=1)]


def _message(path: Path, where: str, item: Any) -> Message:
    try:
        return MessageIn.model_validate(item).message()
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "the message"
        raise UnreadableFile(f"{path}, {where}: {field}: {first['msg']}. Nothing was stored.") from exc
