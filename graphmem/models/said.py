"""What was said, when, by whom, and whose memory it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import quote, unquote

from graphmem.errors import ScopeMissing
from graphmem.text import digest

Scalar: TypeAlias = str | int | float | bool | None


SCOPE_LIMIT = 200
EDITS = "edits"
"""The session of what an editor says by hand, which is kept as a source and is no talk."""


class Role(StrEnum):
    """Who speaks in a message."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


class EpisodeState(StrEnum):
    """How far a message has come on its way to facts."""

    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose memory: one user of one tenant."""

    user: str
    tenant: str = "default"

    def __post_init__(self) -> None:
        for name, part in (("user", self.user), ("tenant", self.tenant)):
            _check_scope_part(name, part)

    @property
    def key(self) -> str:
        """The injective text form, ``tenant/user`` with both parts percent-encoded."""
        return f"{tenant_prefix(self.tenant)}{quote(self.user, safe='')}"

    @property
    def digest(self) -> str:
        """The alphanumeric form for text indexes, 24 hexadecimal digits."""
        return digest(self.key)[:24]

    @classmethod
    def from_key(cls, key: str) -> Scope:
        """Read back what `key` wrote."""
        tenant, _, user = key.partition("/")
        return cls(tenant=unquote(tenant), user=unquote(user))


def tenant_prefix(tenant: str) -> str:
    """Return how the keys of all scopes of a tenant begin, and no others."""
    return f"{quote(tenant, safe='')}/"


def _check_scope_part(name: str, part: str) -> None:
    if not part.strip():
        raise ScopeMissing(
            f"the scope's {name} is empty. Pass scope='ada' or Scope(user='ada', tenant='acme'); there is no default, "
            "so that one person's memory never answers for another's."
        )
    if len(part) > SCOPE_LIMIT:
        raise ScopeMissing(f"the scope's {name} has {len(part)} characters; at most {SCOPE_LIMIT} are taken.")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in part):
        raise ScopeMissing(f"the scope's {name} has control characters or lone surrogates: {part!a}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something said at a time; `at` is aware, `metadata` is flat."""

    text: str
    at: datetime
    role: Role = Role.USER
    speaker: str | None = None
    id: str | None = None
    session: str | None = None
    agent: str | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A message as it is kept: never rewritten, with its place in the scope's order."""

    id: str
    scope: str
    message_id: str
    session: str
    seq: int
    role: Role
    speaker: str
    text: str
    at: datetime
    agent: str | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    state: EpisodeState = EpisodeState.PENDING
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A free statement about somebody, with the ids of the messages that say it."""

    about: str
    text: str
    message_ids: tuple[str, ...]
