"""The second fence around queries of users: they run where nothing can be written, for some seconds, rows and bytes."""

from __future__ import annotations

import asyncio
import json
import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, LiteralString, cast

import httpx
from neo4j import AsyncTransaction, Record
from neo4j.exceptions import BrokenRecordError, Neo4jError
from neo4j.graph import Node, Path, Relationship
from neo4j.time import Date, DateTime, Duration, Time

from graphmem.adapters.embedded_server import Address, http_client
from graphmem.adapters.kept_rows import JsonRows, KeptRows
from graphmem.adapters.queries import BUCKETS
from graphmem.errors import CypherRefused, QueryFailed, StoreError, StoreExhausted, StoreTimeout, StoreUnavailable
from graphmem.guard.rewrite import Guarded
from graphmem.ports import Answered
from graphmem.serial import utc_text

FETCHED = 20
"""So many records are asked of a server at a time: what was asked for is sent, also where the result is full."""
_READS = "r"
_EXPLAIN = "EXPLAIN "
_UNSAID = {"embedding", "tokens", "tokens_due"}
_BUCKET_LABEL = re.compile(rf"(?:Fact|Episode)(?:{'|'.join(BUCKETS)})")
# The embedded store writes a time without seconds where they are zero.
_SHORT_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-]\d\d:\d\d)?")


async def ask_bolt(transaction: AsyncTransaction, query: Guarded, kept: KeptRows) -> Answered:
    """Run a query in a transaction that reads, once the server has said that it only reads."""
    text = cast("LiteralString", query.text)  # written by the guard from its tree
    explained = await (await transaction.run(_EXPLAIN + text, dict(query.parameters))).consume()
    if explained.query_type != _READS:
        raise CypherRefused("the server says that this query does more than read.")
    result = await transaction.run(text, dict(query.parameters))
    while not kept.full and (records := await result.fetch(FETCHED)):
        await asyncio.to_thread(_keep_records, records, kept)
    return kept.answered()


def _keep_records(records: Iterable[Record], kept: KeptRows) -> None:
    for record in records:
        try:
            kept.add(tuple(_plain(value) for value in record.values()))
        except BrokenRecordError as exc:
            raise QueryFailed("a time lies outside of the years 1 to 9999; return toString() of it.") from exc


def failed(exc: Neo4jError) -> StoreError:
    """Return an error of a query without the server's words, since those quote data."""
    kind = (exc.code or "").rpartition(".")[2]
    if any(sign in kind for sign in ("TransactionTimedOut", "LockClientStopped", "Terminated")):
        return too_slow()
    return _went_wrong(kind)


def too_slow() -> StoreTimeout:
    """Return an error for a query that took too long."""
    return StoreTimeout(
        "the query took longer than a user's query may (GRAPHMEM_CYPHER_TIMEOUT). Ask for less: a label or a limit."
    )


def _went_wrong(kind: str) -> StoreError:
    if "OutOfMemory" in kind:
        return StoreExhausted("the query needs more memory than the server gives. Ask for less: a label or a limit.")
    return QueryFailed(f"the query went wrong in the store ({kind}): a value in it is not of the kind that is needed.")


async def ask_http(address: Address, query: Guarded, limit: int, kept: KeptRows, seconds: float) -> Answered:
    """Run a query over the embedded store's port that refuses whatever writes."""
    asked = {"language": "opencypher", "command": query.text, "params": dict(query.parameters), "limit": limit + 1}
    try:
        async with (
            # The client's own time-out is for each piece of an answer.
            asyncio.timeout(seconds),
            http_client(address, seconds) as client,
            client.stream("POST", f"/api/v1/query/{address.database}", json=asked) as answer,
        ):
            if answer.is_error:
                raise _refusal(answer.status_code, await answer.aread())
            return await _read(answer, query.written, kept)
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise too_slow() from exc
    except httpx.HTTPError as exc:
        raise StoreUnavailable(f"the embedded store does not answer ({type(exc).__name__}); try again.") from exc


async def _read(answer: httpx.Response, columns: tuple[str, ...], kept: KeptRows) -> Answered:
    """Read an answer until it ends or is too large; what takes long of that is done beside the event loop."""
    rows = JsonRows(kept.most_bytes)

    def keep(found: Iterable[Mapping[str, Any]]) -> None:
        for row in found:
            kept.add(_row(row, columns))
        if rows.overflows:
            kept.overflow()

    async for text in answer.aiter_text():
        # A generator: it runs where it is read, in the thread.
        await asyncio.to_thread(keep, rows.more(text))
        if kept.full:
            return kept.answered()
    await asyncio.to_thread(keep, rows.last())
    return kept.answered()


def _refusal(status: int, body: bytes) -> StoreError | CypherRefused:
    try:
        kind = str(json.loads(body).get("exception", "")).rpartition(".")[2]
    except (ValueError, AttributeError):
        kind = f"HTTP {status}"
    if "Timeout" in kind:
        return too_slow()
    if "NotIdempotent" in kind:
        return CypherRefused("the store says that this query does more than read.")
    return _went_wrong(kind)


def too_deep() -> StoreError:
    """Return an error for values nested so deep that they cannot be read."""
    return _went_wrong("NestedTooDeep")


def _row(row: Mapping[str, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    """Return a row's values; a lone column of nodes or paths comes without its name."""
    if len(columns) == 1 and columns[0] not in row and row:
        return (_from_json(row),)
    return tuple(_from_json(row.get(column)) for column in columns)


def _plain(value: Any) -> Any:
    """Return a value of the driver as JSON has it."""
    match value:
        case Node():
            return _node(value.labels, value)
        case Relationship():
            return {"type": value.type, "properties": _shown(value)}
        case Path():
            return {
                "nodes": [_node(n.labels, n) for n in value.nodes],
                "relationships": [{"type": r.type, "properties": _shown(r)} for r in value.relationships],
            }
        case DateTime() | Date() | Time() | Duration():
            return _time(value)
        case float() | bytes():
            return _scalar(value)
        case list():
            return [_plain(v) for v in cast("list[Any]", value)]
        case dict():
            return {str(k): _plain(v) for k, v in cast("dict[Any, Any]", value).items()}
        case _:
            return value


def _scalar(value: float | bytes) -> float | str:
    """Return what JSON has no form for as text, numbers in the embedded store's words."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "PosInfinity" if value > 0 else "NegInfinity"


def _time(value: Any) -> str:
    match value:
        case DateTime() if value.tzinfo is not None:
            return utc_text(value.to_native())
        case _:
            return value.iso_format()


def _node(labels: Any, properties: Any) -> dict[str, Any]:
    return {
        "labels": sorted(label for label in labels if not _BUCKET_LABEL.fullmatch(label)),
        "properties": _shown(properties),
    }


def _shown(properties: Any) -> dict[str, Any]:
    """Return what a node holds but its vectors."""
    return {str(k): _plain(v) for k, v in sorted(properties.items()) if k not in _UNSAID}


def _from_json(value: Any) -> Any:
    """Return a value of the embedded store's JSON in the same form."""
    if isinstance(value, str):
        short = _SHORT_TIME.fullmatch(value)
        return f"{short[1]}:00{short[2] or ''}" if short else value
    if isinstance(value, list):
        return [_from_json(v) for v in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    held = cast("Mapping[str, Any]", value)
    if held.get("_type") == "path":
        return {k: _from_json(held[k]) for k in ("nodes", "relationships")}
    if "@type" in held:
        shown = {k: _from_json(v) for k, v in sorted(held.items()) if not k.startswith("@") and k not in _UNSAID}
        if held.get("@cat") == "e":
            return {"type": held["@type"], "properties": shown}
        return {"labels": sorted(str(held["@type"]).split("~")), "properties": shown}
    return {k: _from_json(v) for k, v in held.items()}
