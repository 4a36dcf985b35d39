"""The client: what a program calls that has its memory behind the service."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from graphmem.analytics import ROWS, Answer
from graphmem.base import ScopeLike
from graphmem.checks import check_shape, checked_clocks
from graphmem.client.transport import Transport, lines_of
from graphmem.edits import EDITOR, Day
from graphmem.errors import InvalidInput
from graphmem.lists import FactPage, Session, User
from graphmem.memory import Added
from graphmem.models import (
    AsOf,
    Entity,
    EntityPair,
    Episode,
    Fact,
    Filters,
    FilterValue,
    Message,
    Rule,
    Sameness,
    Scope,
)
from graphmem.operations import Change
from graphmem.read.context import Template
from graphmem.read.found import SearchResult
from graphmem.read.neighbourhood import Neighbourhood
from graphmem.read.paths import Paths
from graphmem.read.rerank import Mode
from graphmem.read.strategies import MIX, Strategy
from graphmem.serial import load_changes, plain
from graphmem.work import Used
from graphmem.write.delete import Receipt
from graphmem.write.erase import Erased
from graphmem.write.validate import check_messages

T = TypeVar("T")
WAIT_SECONDS = 120.0
TIMEOUT_SECONDS = 30.0


class Client:
    """A memory behind the service; enter it with `async with Client(url, key) as memory`.

    Methods, arguments, values and errors are those of `Memory`. The tenant is the key's, so a scope is a user's name.
    Requests are sent again, up to four times, where the service is away or busy and doing it twice does it once.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = http or httpx.AsyncClient(base_url=url, timeout=timeout, headers=headers)
        self._owns = http is None
        self._transport = Transport(http=self._http)
        self._timeout = timeout

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        if self._owns:
            await self._http.aclose()

    async def add(
        self,
        messages: Message | Sequence[Message],
        *,
        scope: ScopeLike,
        wait: bool = True,
        seconds: float = WAIT_SECONDS,
    ) -> Added:
        """Keep messages, and wait up to `seconds` for their facts; with `wait=False` return once they are kept."""
        said = [messages] if isinstance(messages, Message) else list(messages)
        check_messages(said)
        body = await self._send(
            "POST",
            "/v1/messages",
            repeats=True,
            params={"wait": seconds if wait else 0},
            headers={"Idempotency-Key": uuid.uuid4().hex},
            json={"user": user_of(scope), "messages": [plain(m) for m in said]},
            timeout=self._timeout + (seconds if wait else 0),
        )
        told = json.loads(body)
        return Added(
            episode_ids=tuple(told["episode_ids"]),
            new=told["new"],
            known=told["known"],
            changes=load_changes(told["changes"]),
            parked=told["parked"],
        )

    async def message(self, episode_id: str, *, scope: ScopeLike) -> Episode:
        """Return a kept message, with how far it has come; raises NotFound."""
        return await self._get(Episode, f"/v1/messages/{_part(episode_id)}", scope)

    async def sessions(self, *, scope: ScopeLike, limit: int = 100, after: str = "") -> tuple[Session, ...]:
        """Return the sessions of a scope by name."""
        return await self._get(tuple[Session, ...], "/v1/sessions", scope, limit=limit, after=after)

    async def messages(self, *, scope: ScopeLike, session: str, limit: int = 100) -> tuple[Episode, ...]:
        """Return the last messages of a session, oldest first; raises NotFound."""
        return await self._get(tuple[Episode, ...], f"/v1/sessions/{_part(session)}/messages", scope, limit=limit)

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

    async def facts_page(
        self,
        *,
        scope: ScopeLike,
        as_of: AsOf | None = None,
        predicate: str | None = None,
        limit: int = 100,
        after: str | None = None,
        filters: Filters | None = None,
    ) -> FactPage:
        """Return one page of the facts that hold, newest first; filters are as in `search`."""
        given = _listed(filters)
        if predicate is not None:
            given["predicate"] = [predicate]
        clocks = checked_clocks(as_of)
        return await self._get(
            FactPage, "/v1/facts", scope, as_of=clocks.valid, known=clocks.known, limit=limit, after=after, **given
        )

    async def facts(
        self,
        *,
        scope: ScopeLike,
        as_of: AsOf | None = None,
        predicate: str | None = None,
        limit: int = 100,
        after: str | None = None,
        filters: Filters | None = None,
    ) -> tuple[Fact, ...]:
        """Return the facts that hold, newest first."""
        page = await self.facts_page(
            scope=scope, as_of=as_of, predicate=predicate, limit=limit, after=after, filters=filters
        )
        return page.facts

    async def fact(self, fact_id: str, *, scope: ScopeLike) -> Fact:
        """Return one fact with its sources and versions; raises NotFound."""
        found = await self._send("GET", f"/v1/facts/{_part(fact_id)}", params={"user": user_of(scope)})
        return _adapter(Fact).validate_python(json.loads(found)["fact"])

    async def history(
        self, about: str | None = None, *, scope: ScopeLike, limit: int = 1000, after: int = 0
    ) -> tuple[Change, ...]:
        """Return the decisions about a fact or an entity, or all of them, oldest first; raises NotFound."""
        asked = _query(scope, about=about, limit=limit, after=after)
        return load_changes(json.loads(await self._send("GET", "/v1/changes", params=asked)))

    async def follow(self, *, scope: ScopeLike, after: int = 0, seconds: float = 3600) -> AsyncIterator[Change]:
        """Yield decisions as they are made, those after the number `after` first."""
        asked = _query(scope, after=after, seconds=seconds)
        answering = self._transport.stream("GET", "/v1/changes/feed", params=asked, timeout=seconds + self._timeout)
        async with answering as answer:
            async for line in lines_of(answer):
                if line.startswith("data: "):
                    for change in load_changes([json.loads(line[6:])]):
                        yield change

    async def assert_fact(
        self,
        subject: str,
        predicate: str,
        value: str,
        *,
        scope: ScopeLike,
        valid_from: Day = None,
        valid_to: Day = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Believe a statement because a person says so."""
        said = {"subject": subject, "predicate": predicate, "value": value, "editor": editor}
        return await self._edit(
            "POST", "/v1/facts", scope, **said, valid_from=_day(valid_from), valid_to=_day(valid_to)
        )

    async def correct(
        self,
        fact_id: str,
        *,
        scope: ScopeLike,
        value: str | None = None,
        valid_from: Day = None,
        valid_to: Day = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Put right what was believed by mistake; raises NotFound."""
        dates = {"valid_from": _day(valid_from), "valid_to": _day(valid_to)}
        return await self._edit("PATCH", f"/v1/facts/{_part(fact_id)}", scope, value=value, **dates, editor=editor)

    async def forget(self, fact_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Believe a fact no more; raises NotFound, also when it is sent again."""
        asked = _query(scope, editor=editor)
        return load_changes(json.loads(await self._send("DELETE", f"/v1/facts/{_part(fact_id)}", params=asked)))

    async def entities(self, *, scope: ScopeLike, limit: int = 1000) -> tuple[Entity, ...]:
        """Return the entities of a scope by name."""
        return await self._get(tuple[Entity, ...], "/v1/entities", scope, limit=limit)

    async def entity(self, entity_id: str, *, scope: ScopeLike) -> Entity:
        """Return one entity; raises NotFound."""
        return await self._get(Entity, f"/v1/entities/{_part(entity_id)}", scope)

    async def change_entity(
        self,
        entity_id: str,
        *,
        scope: ScopeLike,
        name: str | None = None,
        type: str | None = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Give an entity another name or type; raises NotFound."""
        return await self._edit("PATCH", f"/v1/entities/{_part(entity_id)}", scope, name=name, type=type, editor=editor)

    async def merge_entities(
        self, winner_id: str, loser_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Make two entities one, under the name of the first; raises NotFound."""
        path = f"/v1/entities/{_part(winner_id)}/merge"
        return await self._edit("POST", path, scope, other_id=loser_id, editor=editor)

    async def split_entity(self, entity_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Make an entity itself again; raises NotFound."""
        return await self._edit("POST", f"/v1/entities/{_part(entity_id)}/split", scope, editor=editor)

    async def never_the_same(
        self, one_id: str, other_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Note that two entities are two; raises NotFound."""
        path = f"/v1/entities/{_part(one_id)}/distinct"
        return await self._edit("POST", path, scope, other_id=other_id, editor=editor)

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
        path, clocks = f"/v1/entities/{_part(entity_id)}/neighbourhood", checked_clocks(as_of)
        return await self._get(Neighbourhood, path, scope, hops=hops, as_of=clocks.valid, known=clocks.known)

    async def paths(
        self, from_id: str, to_id: str, *, scope: ScopeLike, hops: int = 4, as_of: AsOf | None = None
    ) -> Paths:
        """Return the shortest chains of facts between two entities; raises NotFound."""
        clocks = checked_clocks(as_of)
        ends = {"from": from_id, "to": to_id}
        return await self._get(Paths, "/v1/paths", scope, **ends, hops=hops, as_of=clocks.valid, known=clocks.known)

    async def undo(
        self, change_id: str, *, scope: ScopeLike, cascade: bool = False, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Take a decision back; raises NotFound, UndoRefused."""
        return await self._edit("POST", f"/v1/changes/{_part(change_id)}/undo", scope, cascade=cascade, editor=editor)

    async def delete(self, episode_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> Receipt:
        """Delete a message for good; raises NotFound."""
        asked = _query(scope, editor=editor)
        found = await self._send("DELETE", f"/v1/messages/{_part(episode_id)}", params=asked)
        return _adapter(Receipt).validate_json(found)

    async def users(self, *, limit: int = 100, after: str | None = None) -> tuple[User, ...]:
        """Return the users of the key's tenant, by name."""
        asked = {"limit": limit, **({"after": after} if after is not None else {})}
        return _adapter(tuple[User, ...]).validate_json(await self._send("GET", "/v1/users", params=asked))

    async def erase(self, *, scope: ScopeLike) -> Erased:
        """Delete all that a scope holds, for good."""
        return _adapter(Erased).validate_json(await self._send("DELETE", f"/v1/users/{_part(user_of(scope))}"))

    async def usage(self, *, scope: ScopeLike, days: int | None = None) -> tuple[Used, ...]:
        """Return what asking models took for a scope."""
        return await self._get(tuple[Used, ...], "/v1/usage", scope, days=days)

    async def summary(self, *, scope: ScopeLike) -> str:
        """Return the rolling summary of what was said."""
        return json.loads(await self._send("GET", "/v1/summary", params=_query(scope)))["summary"]

    async def analyse(
        self, name: str, *, scope: ScopeLike | Sequence[ScopeLike], parameters: Mapping[str, object] | None = None
    ) -> Answer:
        """Answer a named analysis; raises InvalidInput."""
        body = {"user": users_of(scope), "parameters": plain(parameters or {})}
        return await self._post(Answer, f"/v1/analytics/{_part(name)}", body)

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

    async def _send(self, method: str, path: str, *, repeats: bool = False, **parts: Any) -> bytes:
        return await self._transport.send(method, path, repeats=repeats, **parts)

    async def _get(self, kind: type[T], path: str, scope: ScopeLike, **asked: Any) -> T:
        return _adapter(kind).validate_json(await self._send("GET", path, params=_query(scope, **asked)))

    async def _post(self, kind: type[T], path: str, body: Mapping[str, Any]) -> T:
        """Ask by POST what changes nothing."""
        return _adapter(kind).validate_json(await self._send("POST", path, repeats=True, json=body))

    async def _edit(self, method: str, path: str, scope: ScopeLike, **said: Any) -> tuple[Change, ...]:
        body = {"user": user_of(scope), **{k: v for k, v in said.items() if v is not None}}
        return load_changes(json.loads(await self._send(method, path, json=body)))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def user_of(scope: ScopeLike) -> str:
    """Return the user that a scope names."""
    return scope.user if isinstance(scope, Scope) else scope


def users_of(scope: ScopeLike | Sequence[ScopeLike]) -> str | list[str]:
    """Return the user or users that are named."""
    return user_of(scope) if isinstance(scope, (Scope, str)) else [user_of(s) for s in scope]


def _question(
    query: str, scope: ScopeLike | Sequence[ScopeLike], as_of: AsOf | None, filters: Filters | None, **asked: Any
) -> dict[str, Any]:
    """Return a question as the service reads it."""
    body = {"user": users_of(scope), "query": query, "as_of": plain(checked_clocks(as_of)), **asked}
    if filters is None:
        return body
    check_shape(filters)
    return {**body, "filters": plain(filters)}


def _part(text: str) -> str:
    if text in {"", ".", ".."}:
        raise InvalidInput(f"{text!r} is no id.")
    return quote(text, safe="")


def _query(scope: ScopeLike, **asked: Any) -> dict[str, Any]:
    return {"user": user_of(scope), **{k: plain(v) for k, v in asked.items() if v is not None}}


def _day(day: Day) -> str | None:
    """Return a date as the service reads it, which refuses one without zone."""
    return day.isoformat() if isinstance(day, datetime) else day


def _listed(filters: Filters | None) -> dict[str, Any]:
    """Return filters as a list takes them."""
    if filters is None:
        return {}
    check_shape(filters)
    names = {"predicate": "predicates", "type": "types", "session": "sessions", "agent": "agents", "source": "sources"}
    lists = {name: list(getattr(filters, field)) for name, field in names.items() if getattr(filters, field)}
    if filters.metadata is not None:
        lists["metadata"] = [f"{key}={_metadata(value)}" for key, value in filters.metadata.items()]
    return {**lists, "since": filters.since, "until": filters.until, "confidence": filters.confidence}


def _metadata(value: FilterValue) -> str:
    """Return a value as the service reads it: texts quoted, so that "true" stays one."""
    return json.dumps(value) if isinstance(value, (bool, str)) else str(value)
