"""What is compared: a system that indexes a conversation and answers a question with passages and a context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from graphmem.bench.locomo import Conversation
from graphmem.models import Message

Ranking: TypeAlias = Literal["turns", "passages", "none"]
"""What a system puts in order: single turns, longer passages, or nothing, since it always gives all."""
Way: TypeAlias = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of what is found, with the ids of the turns that it holds or rests on."""

    text: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages, best first, and the context that a model would be given, with the turns that it holds."""

    passages: tuple[Passage, ...]
    context: str
    turns: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What indexing a conversation took: seconds, calls of a chat model and their tokens, in and out."""

    seconds: float
    calls: int = 0
    tokens: int = 0


class System(Protocol):
    """A memory or a baseline of one."""

    @property
    def name(self) -> str:
        """Which system it is."""
        ...

    @property
    def ways(self) -> Mapping[str, Way]:
        """What sets it apart from others of its name."""
        ...

    @property
    def ranking(self) -> Ranking:
        """What it puts in order."""
        ...

    @property
    def remarks(self) -> Mapping[str, Way]:
        """What the figures should be read with, once everything is indexed."""
        ...

    async def index(self, conversation: Conversation) -> Indexed:
        """Take a conversation in; a second time changes nothing."""
        ...

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Answer a question about a conversation that was taken in."""
        ...


def day_of(message: Message) -> str:
    """Return the day on which something was said, as every system writes it."""
    return f"{message.at.day} {message.at:%b} {message.at.year}"


def turn_line(message: Message) -> str:
    """Return a turn with its day and speaker."""
    return f"{day_of(message)} {message.speaker}: {message.text}"


def as_context(passages: tuple[Passage, ...]) -> Found:
    """Return an answer whose context is all of its passages, one after the other."""
    return Found(
        passages=passages,
        context="\n".join(p.text for p in passages),
        turns=frozenset(t for p in passages for t in p.turns),
    )
