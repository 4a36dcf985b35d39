"""The client: what a program calls that has its memory behind the service."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx

from graphmem.adapters.queries import Analysis
from graphmem.analytics import ROWS, Answer
from graphmem.base import ScopeLike
from graphmem.checks import check_shape, checked_clocks
from graphmem.client.connection import WAIT_SECONDS, adapter_of, id_of, part_of, query_of, user_of, users_of
from graphmem.client.edits import Edits
from graphmem.client.lists import Lists
from graphmem.client.transport import lines_of
from graphmem.client.upkeep import Upkeep
from graphmem.errors import AnswerLost, InvalidInput
from graphmem.memory import Added
from graphmem.models import (
    AsOf,
    Entity,
    EntityPair,
    Episode,
    Fact,
    Filters,
    Message,
    Rule,
    Sameness,
)
from graphmem.operations import Change
from graphmem.read.context import Template
from graphmem.read.found import SearchResult
from graphmem.read.neighbourhood import Neighbourhood
from graphmem.read.paths import Paths
from graphmem.read.rerank import Mode
from graphmem.read.strategies import MIX, Strategy
from graphmem.serial import load_changes, plain
from graphmem.write.validate import check_messages

KEY_LENGTH = 200
MESSAGE_SECONDS = 0.5
"""So long keeping one message may take: where the processors are busy, the local embedder reads a long one in that."""


class Client(Edits, Lists, Upkeep):
    """A memory behind the service; enter it with `async with Client(url, key) as memory`.

    Methods, arguments, values and errors are those of `Memory`, but for what docs/service.md names. The tenant is the
    key's, so a scope is a user's name.
    Requests are sent again, up to four times, where the service is away or busy and doing it twice does it once.
    """

    async def add(
        self,
        messages: Message | Sequence[Message],
        *,
        scope: ScopeLike,
        wait: bool = True,
        seconds: float = WAIT_SECONDS,
        key: str | None = None,
    ) -> Added:
        """Keep messages, and wait up to `seconds` for their facts; with `wait=False` return once they are kept.

        Sent again with the same `key`, of 1 to 200 ASCII characters, they are kept once. StoreConflict is raised where
        it, or a message's id, is kept with something else; AnswerLost, with the key, where they may have been kept. The
        answer is given half a second more for each message.
        """
        if key is not None and not (0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
            raise InvalidInput(f"a key to send has 1 to {KEY_LENGTH} printable ASCII characters, not {key[:300]!a}.")
        said, user = [messages] if isinstance(messages, Message) else list(messages), user_of(scope)
        if not said:
            return Added(episode_ids=(), new=0, known=0)
        check_messages(said)
        key, seconds = key or uuid.uuid4().hex, seconds if wait else 0
        patience = self._timeout + seconds + MESSAGE_SECONDS * len(said)
        try:
            body = await self._send(
                "POST",
                "/v1/messages",
                repeats=True,
                params={"wait": seconds},
                headers={"Idempotency-Key": key},
                json={"user": user, "messages": [plain(m) for m in said]},
                timeout=httpx.Timeout(self._timeout, read=patience),
            )
        except AnswerLost as exc:
            raise AnswerLost(
                f"{exc} The messages may have been kept all the same: add them again with key={key!r}, which keeps "
                "none twice."
            ) from exc
        told = json.loads(body)
        return Added(
            episode_ids=tuple(told["episode_ids"]),
            new=told["new"],
            known=told["known"],
            changes=load_changes(told["changes"]),
            parked=told["parked"],
            note=told.get("note"),
        )

    async def message(self, episode_id: str, *, scope: ScopeLike) -> Episode:
        """Return a kept message, with how far it has come; raises NotFound."""
        return await self._get(Episode, f"/v1/messages/{part_of(episode_id)}", scope)

    async def search(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        as_of: AsOf | None = None,
        limit: int = 10,
        tokens: int = 1000,
        rerank: Mode | None = None,
        strategy: Strategy = MIX,
        filters: Filters | None = None,
        template: Template = "mixed",
    ) -> SearchResult:
        """Return the facts and messages that answer a question, with a context; see `Memory.search`."""
        asked = {"limit": limit, "rerank": rerank, "strategy": strategy}
        body = _question(query, scope, as_of, filters, tokens=tokens, template=template, **asked)
        return await self._post(SearchResult, "/v1/search", body)

    async def context(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        as_of: AsOf | None = None,
        tokens: int = 1000,
        filters: Filters | None = None,
        template: Template = "mixed",
    ) -> str:
        """Return what is known about a question as text for a prompt."""
        body = _question(query, scope, as_of, filters, tokens=tokens, template=template)
        return json.loads(await self._send("POST", "/v1/context", repeats=True, json=body))["text"]

    async def fact(self, fact_id: str, *, scope: ScopeLike) -> Fact:
        """Return one fact with its sources and versions; raises NotFound."""
        found = await self._send("GET", f"/v1/facts/{part_of(fact_id)}", params={"user": user_of(scope)})
        return adapter_of(Fact).validate_python(json.loads(found)["fact"])

    async def history(
        self, about: str | None = None, *, scope: ScopeLike, limit: int = 1000, after: int = 0
    ) -> tuple[Change, ...]:
        """Return the decisions about a fact or an entity, or all of them, oldest first; raises NotFound."""
        asked = query_of(scope, about=about if about is None else id_of(about), limit=limit, after=after)
        return load_changes(json.loads(await self._send("GET", "/v1/changes", params=asked)))

    async def follow(self, *, scope: ScopeLike, after: int = 0, seconds: float = 3600) -> AsyncIterator[Change]:
        """Yield decisions as they are made, those after the number `after` first."""
        asked = query_of(scope, after=after, seconds=seconds)
        answering = self._transport.stream("GET", "/v1/changes/feed", params=asked, timeout=seconds + self._timeout)
        async with answering as answer:
            async for line in lines_of(answer):
                if line.startswith("data: "):
                    for change in load_changes([json.loads(line[6:])]):
                        yield change

    async def entities_named(self, name: str, *, scope: ScopeLike) -> tuple[Entity, ...]:
        """Return the entities that a name means: those whose name it is, else those that it is another name of."""
        user_of(scope)
        return await self._get(tuple[Entity, ...], "/v1/names", scope, name=name) if name else ()

    async def entity(self, entity_id: str, *, scope: ScopeLike) -> Entity:
        """Return one entity; raises NotFound."""
        return await self._get(Entity, f"/v1/entities/{part_of(entity_id)}", scope)

    async def merges(self, *, scope: ScopeLike, state: Sameness | None = Sameness.PENDING) -> tuple[EntityPair, ...]:
        """Return the entities of like names that may be one."""
        return await self._get(tuple[EntityPair, ...], "/v1/merges", scope, state=state.value if state else None)

    async def rules(self, *, scope: ScopeLike) -> tuple[Rule, ...]:
        """Return the consequences that were stated ahead, and what became of each."""
        return await self._get(tuple[Rule, ...], "/v1/rules", scope)

    async def neighbourhood(
        self, entity_id: str, *, scope: ScopeLike, hops: int = 1, as_of: AsOf | None = None
    ) -> Neighbourhood:
        """Return the entities and facts within some hops of an entity; raises NotFound."""
        path, clocks = f"/v1/entities/{part_of(entity_id)}/neighbourhood", checked_clocks(as_of)
        return await self._get(Neighbourhood, path, scope, hops=hops, as_of=clocks.valid, known=clocks.known)

    async def paths(
        self, from_id: str, to_id: str, *, scope: ScopeLike, hops: int = 4, as_of: AsOf | None = None
    ) -> Paths:
        """Return the shortest chains of facts between two entities; raises NotFound."""
        clocks = checked_clocks(as_of)
        ends = {"from": id_of(from_id), "to": id_of(to_id)}
        return await self._get(Paths, "/v1/paths", scope, **ends, hops=hops, as_of=clocks.valid, known=clocks.known)

    async def analyses(self) -> tuple[Analysis, ...]:
        """Return what can be asked, each with its parameters and columns, by name."""
        return adapter_of(tuple[Analysis, ...]).validate_json(await self._send("GET", "/v1/analytics"))

    async def analyse(
        self, name: str, *, scope: ScopeLike | Sequence[ScopeLike], parameters: Mapping[str, object] | None = None
    ) -> Answer:
        """Answer a named analysis; raises InvalidInput."""
        if not name:
            raise InvalidInput(f"{name!r} is no analysis; see analyses().")
        body = {"user": users_of(scope), "parameters": plain(parameters or {})}
        return await self._post(Answer, f"/v1/analytics/{part_of(name)}", body)

    async def cypher(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        parameters: Mapping[str, Any] | None = None,
        limit: int = ROWS,
    ) -> Answer:
        """Answer a query in Cypher that can only read; raises CypherRefused."""
        body = {"user": users_of(scope), "query": query, "parameters": plain(parameters or {}), "limit": limit}
        return await self._post(Answer, "/v1/cypher", body)


def _question(
    query: str, scope: ScopeLike | Sequence[ScopeLike], as_of: AsOf | None, filters: Filters | None, **asked: Any
) -> dict[str, Any]:
    """Return a question as the service reads it."""
    body = {"user": users_of(scope), "query": query, "as_of": plain(checked_clocks(as_of)), **asked}
    if filters is None:
        return body
    check_shape(filters)
    return {**body, "filters": plain(filters)}
