"""What may be stored: messages are checked whole, before any of them is."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from graphmem.errors import InvalidMessage
from graphmem.models import Message, Role

TEXT_BYTES = 100_000
NAME_LENGTH = 200
METADATA_KEYS = 50
METADATA_KEY_LENGTH = 200
METADATA_VALUE_LENGTH = 2000
METADATA_NUMBER = 2**63
_ALLOWED_CONTROLS = {"\n", "\t", "\r"}


def check_messages(messages: Sequence[Message]) -> None:
    """Refuse messages that cannot be kept as they are; raises InvalidMessage naming the first one."""
    for number, message in enumerate(messages, start=1):
        check_message(f"message {number}", message)
    repeated = [i for i, n in Counter(m.id for m in messages if m.id is not None).items() if n > 1]
    if repeated:
        raise InvalidMessage(f"the id {repeated[0]!r} occurs more than once; each message needs its own.")


def check_message(what: str, message: Message) -> None:
    """Refuse a message that cannot be kept as it is; raises InvalidMessage, which calls it `what`."""
    _check_text(what, message.text)
    _check_rest(what, message)


def _check_text(what: str, text: str) -> None:
    if not text.strip():
        raise InvalidMessage(f"{what} is empty. Leave it out, or give it a text.")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as exc:
        raise InvalidMessage(f"{what} has a lone surrogate at character {exc.start}; decode it first.") from exc
    if size > TEXT_BYTES:
        raise InvalidMessage(f"{what} has {size:,} bytes; at most {TEXT_BYTES:,} are kept. Split it.")
    _refuse_controls(what, text)


def _refuse_controls(what: str, text: str) -> None:
    found = next((c for c in text if unicodedata.category(c) == "Cc" and c not in _ALLOWED_CONTROLS), None)
    if found is not None:
        raise InvalidMessage(f"{what} has the control character {found!a}. Remove it.")


def _check_rest(what: str, message: Message) -> None:
    try:
        Role(message.role)
    except ValueError as exc:
        roles = ", ".join(Role)
        raise InvalidMessage(f"{what} has the role {message.role!r}; known are {roles}.") from exc
    if message.at.tzinfo is None:
        raise InvalidMessage(f"{what} has a time without zone ({message.at}); write 2024-05-01T09:00:00Z.")
    if not 1 < message.at.year < 9998:
        raise InvalidMessage(f"{what} is dated {message.at}; the years 2 to 9997 are kept.")
    for name in ("speaker", "id", "session", "agent"):
        value = getattr(message, name)
        if value is not None:
            _check_name(what, name, value)
    _check_metadata(what, message)


def _check_name(what: str, name: str, value: str) -> None:
    if not value.strip() or len(value) > NAME_LENGTH:
        raise InvalidMessage(f"{what}: {name} must have 1 to {NAME_LENGTH} characters.")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        raise InvalidMessage(f"{what}: {name} has control characters or lone surrogates: {value!a}.")


def _check_metadata(what: str, message: Message) -> None:
    if len(message.metadata) > METADATA_KEYS:
        raise InvalidMessage(f"{what} has {len(message.metadata)} metadata keys; at most {METADATA_KEYS}.")
    for key, value in message.metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise InvalidMessage(
                f"{what}: the metadata key {key[:40]!a}... has {len(key):,} characters; at most {METADATA_KEY_LENGTH}."
            )
        _check_value(f"{what}: metadata {key!a}", value)
        for text in (key, value):
            if isinstance(text, str) and any(unicodedata.category(c) == "Cs" for c in text):
                raise InvalidMessage(f"{what}: metadata {key!a} has lone surrogates.")


def _check_value(what: str, value: Any) -> None:
    if not isinstance(value, (str, int, float, bool, type(None))):
        raise InvalidMessage(
            f"{what} is a {type(value).__name__}; metadata is flat: text, numbers, true, false or null."
        )
    if isinstance(value, str) and len(value) > METADATA_VALUE_LENGTH:
        raise InvalidMessage(
            f"{what} has {len(value):,} characters; at most {METADATA_VALUE_LENGTH:,}. What is longer belongs into the "
            "message's text, or elsewhere."
        )
    if isinstance(value, int) and not -METADATA_NUMBER <= value < METADATA_NUMBER:
        raise InvalidMessage(f"{what} is a whole number beyond 64 bits; send a text.")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidMessage(f"{what} is {value}, which JSON has no number for; send a text.")
