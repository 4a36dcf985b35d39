"""Messages as JSON: a list, an object with `messages`, or a message a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graphmem.errors import InvalidMessage, UnreadableFile
from graphmem.intake.items import Bad, Found, Item, Options, Reader, Timing
from graphmem.intake.lines import document, json_lines
from graphmem.models import Message, Role, Scalar
from graphmem.write.validate import check_messages

_TIME = TypeAdapter(datetime)


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
    metadata: dict[str, Scalar] = Field(
        default_factory=dict[str, Scalar],
        description="at most 50 values, texts of up to 2,000 characters, under keys of up to 200",
    )

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


def messages_document(path: Path, options: Options) -> Reader:
    """Return what reads a JSON document of messages, which raises UnreadableFile for one that is no list of them."""
    return partial(_read_document, path, options)


def messages_lines(path: Path, options: Options) -> Reader:
    """Return what reads a file with a message a line."""
    return partial(_read_lines, path, options)


def read_messages(path: Path) -> list[Message]:
    """Return the messages of a small JSON document, each with its zone; raises UnreadableFile."""
    read = (_item(where, item, None) for where, item in document_items(path, document(path, Options().document_bytes)))
    messages: list[Message] = []
    for item in read:
        if isinstance(item, Bad):
            raise UnreadableFile(f"{path}, {item.where}: {item.why}. Nothing was stored.")
        messages.append(item.message)
    if not messages:
        raise UnreadableFile(f"{path} holds no messages.")
    try:
        check_messages(messages)
    except InvalidMessage as exc:
        raise UnreadableFile(f"{path}: {exc}") from exc
    return messages


def document_items(path: Path, whole: Any) -> list[tuple[str, Any]]:
    """Return the messages of a document with their places, not looked at yet; raises UnreadableFile for no list."""
    items: Any = cast("dict[str, Any]", whole).get("messages") if isinstance(whole, dict) else whole
    if not isinstance(items, list):
        raise UnreadableFile(f"{path}: expected a list of messages, or an object with the key 'messages'.")
    return [(f"message {i}", item) for i, item in enumerate(cast("list[Any]", items), start=1)]


def _read_document(path: Path, options: Options) -> Iterator[Item]:
    for where, item in document_items(path, document(path, options.document_bytes)):
        yield _item(where, item, options.zone)


def _read_lines(path: Path, options: Options) -> Iterator[Item]:
    for read in json_lines(path):
        yield read if isinstance(read, Bad) else _item(*read, options.zone)


def _item(where: str, item: Any, zone: tzinfo | None) -> Found | Bad:
    """Read one message; a time without zone is read in `zone`, or refused where there is none."""
    try:
        naive = _naive_time(item) if zone else None
        given = {**item, "at": naive.replace(tzinfo=zone)} if naive else item
        message = MessageIn.model_validate(given).message()
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "the message"
        return Bad(where=where, why=f"{field}: {first['msg']}")
    return Found(where=where, message=message, timing=Timing.NAIVE if naive else Timing.STATED)


def _naive_time(item: Any) -> datetime | None:
    at = cast("Mapping[str, Any]", item).get("at") if isinstance(item, dict) else None
    if not isinstance(at, str):
        return None
    try:
        read = _TIME.validate_python(at)
    except ValidationError:
        # Said by the message's own check, with the field's name.
        return None
    return read if read.tzinfo is None else None
