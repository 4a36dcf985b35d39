"""What graphmem needs from outside, each a Protocol of a few methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from graphmem.guard.rewrite import Guarded
from graphmem.models import Episode, Mention, Scope, Triple

Row: TypeAlias = Mapping[str, Any]
Vector: TypeAlias = Sequence[float]
Request: TypeAlias = tuple[str, Mapping[str, Any]]
"""A named query with parameters."""
T = TypeVar("T")


class Reader(Protocol):
    """Somewhere that answers named queries: the store, or a transaction of it."""

    async def read(self, query: str, **parameters: Any) -> list[Row]:
        """Return the rows of a named query; raises StoreError."""
        ...

    async def read_all(self, asked: Sequence[Request]) -> list[list[Row]]:
        """Return the rows of several named queries, each with its parameters; at once where that can be."""
        ...

    async def read_joined(self, asked: Sequence[Request], **shared: Any) -> list[list[Row]]:
        """Return the rows of several named queries that collect theirs; one round trip where the store can.

        Each has its own parameters beside those `shared` by all.
        """
        ...


class Transaction(Reader, Protocol):
    """A transaction: named queries that write, with checked names in their placeholders."""

    async def write(self, query: str, /, *, names: Mapping[str, str] | None = None, **parameters: Any) -> list[Row]:
        """Run a named query; `names` fills its placeholders with names of the ontology or of this program."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The rows of a user's query; `truncated` where there were more than were asked for, or than may be in bytes."""

    rows: tuple[tuple[Any, ...], ...]
    truncated: bool


class Store(Reader, Protocol):
    """The graph, asked in named Cypher queries."""

    @property
    def address(self) -> str:
        """Where it is, as people read it."""
        ...

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction, again from the start when another writer was faster; it must be pure."""
        ...

    async def ask(self, query: Guarded, limit: int) -> Answered:
        """Run a user's query, where it cannot write; raises QueryFailed, StoreTimeout, CypherRefused."""
        ...

    @property
    def finds_shortest(self) -> bool:
        """Whether it looks for the shortest of the paths that fit a condition."""
        ...

    def compared(self, nearest: int) -> int:
        """Return up to how many vectors it compares one by one no later than its index finds the nearest."""
        ...

    async def purge(self) -> str | None:
        """Take erased words out of the store's files; returns in words what remains there, None for nothing."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to a chat model.

    `kind`, `message_ids` and `attempt` say which call it is; `names` maps stable names (message ids, facts as
    "subject | PREDICATE | object") to the short ids that the prompt shows.
    """

    kind: str
    prompt_version: str
    system: str
    user: str
    schema: type[BaseModel]
    message_ids: tuple[str, ...]
    attempt: int = 1
    names: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """A model's answer as text, the model that gave it, and its tokens, `tokens_in` with those that were cached.

    `problem` says why it is not a whole answer: cut off, refused, filtered.
    """

    text: str
    model: str
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message to a chat model that answers in words."""

    role: Literal["system", "user", "assistant"]
    text: str


@runtime_checkable
class Talker(Protocol):
    """A language model that answers in words."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    async def talk(self, turns: Sequence[Turn]) -> ChatReply:
        """Answer a conversation; raises ModelError."""
        ...

    def stream(self, turns: Sequence[Turn]) -> AsyncIterator[str]:
        """Answer a conversation piece by piece; raises ModelError."""
        ...


class ChatModel(Protocol):
    """A language model that answers in JSON."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one request; raises ModelError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """What patterns find in an exchange: entities, and triples of low confidence."""

    mentions: tuple[Mention, ...]
    triples: tuple[Triple, ...]


class Finder(Protocol):
    """Finds entities and some plain statements in texts without a language model."""

    def find(self, exchange: Sequence[Episode]) -> FoundText:
        """Return what an exchange names and plainly says."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of one dimension, normalised."""

    @property
    def name(self) -> str:
        """The model's name, kept with the data."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has, once it is loaded."""
        ...

    @property
    def remote(self) -> bool:
        """Whether texts are sent elsewhere, where computing them takes money or a network."""
        ...

    @property
    def truncated(self) -> int:
        """How many texts were longer than the model's window so far, so that only their beginning was read."""
        ...

    async def load(self) -> None:
        """Get ready, so that the first question need not wait; raises EmbedderError."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises EmbedderError."""
        ...

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model's tokenizer makes of a text."""
        ...

    async def forget(self) -> None:
        """Let go of all that is kept about texts, since some were erased, deleted or asked to be forgotten."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


TOKEN_NUMBERS = 64
"""How many numbers a stored token has, one byte each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Texts that follow one another, and those before them in whose light they are read, oldest first."""

    texts: tuple[str, ...]
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTokens:
    """A question's tokens: the pieces of words, a vector of length 1 for each, and how much each counts."""

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]


class TokenEmbedder(Protocol):
    """Turns texts into one vector a token, for late interaction."""

    @property
    def name(self) -> str:
        """The model's name and how it is stored."""
        ...

    async def load(self) -> None:
        """Get ready; raises EmbedderError."""
        ...

    async def embed(self, passages: Sequence[Passage]) -> list[list[bytes]]:
        """Return for each text of each passage its tokens' vectors as int8, in a row; raises EmbedderError."""
        ...

    async def embed_query(self, text: str) -> QueryTokens:
        """Return the tokens of a question."""
        ...


class Reranker(Protocol):
    """Reads a question together with each text, and says how well the text answers it."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def weight(self) -> float:
        """How much its scores count beside those by which the texts came, both scaled to 0-1."""
        ...

    async def load(self) -> None:
        """Get ready; raises RerankerError."""
        ...

    async def score(self, question: str, texts: Sequence[str], scope: Scope, /) -> list[float]:
        """Return a number for each text, higher for a better answer, asked on behalf of a scope; raises RerankerError.

        One that asks a chat model raises ModelError and BudgetSpent too.
        """
        ...


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        ...
