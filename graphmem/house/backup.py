"""Writing a graph to a file, scope by scope, each as it was at one moment."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neo4j.time import DateTime

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.queries import schema_format
from graphmem.adapters.schema import check_ours, check_schema, read_state
from graphmem.errors import InvalidInput, NotFound, StoreConflict, VectorsForeign
from graphmem.house.archive import Header, Writer
from graphmem.models import Scope
from graphmem.ports import Clock, Row
from graphmem.serial import utc_text
from graphmem.text import digest

LABELS = ("Session", "Entity", "Episode", "Fact", "FactVersion", "Rule", "Change", "Usage")
_PAGE = 500
_TRIES = 5
# Who holds the scope's turn to draw facts, and where it came from, is of this graph only.
_PASSING = {"turn_owner", "turn_until", "restoring", "restored_from", "erasing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """How much a backup holds."""

    file: str
    scopes: int
    nodes: int
    relationships: int


async def backup(
    path: Path,
    store: BoltStore,
    clock: Clock,
    *,
    scopes: Sequence[Scope] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BackedUp:
    """Write all scopes or some to a new file; `progress` is told how many scopes of how many.

    Others may read and write meanwhile. What is written to FILE.part stays there when it is cut short, and the same
    command goes on with it. Raises FileUnwritable, NotFound, StoreOlder, InvalidInput for an empty graph.
    """
    writer = Writer(path, await _header(store, clock, scopes))
    nodes = relationships = 0
    keys = writer.header.scopes
    try:
        for number, key in enumerate(keys, start=1):
            if key not in writer.done:
                counted = await _write_scope(key, writer, store)
                nodes, relationships = nodes + counted[0], relationships + counted[1]
            if progress is not None:
                progress(number, len(keys))
        writer.finish()
    finally:
        writer.close()
    return BackedUp(file=str(path), scopes=len(writer.done), nodes=nodes, relationships=relationships)


async def _header(store: BoltStore, clock: Clock, scopes: Sequence[Scope] | None) -> Header:
    state = await read_state(store)
    check_ours(store, state)
    check_schema(store, state)
    if state.vectors is None:
        raise InvalidInput(f"the graph at {store.address} is empty; there is nothing to write.")
    if state.reembedding is not None:
        raise VectorsForeign(f"the vectors of {store.address} are being written anew; first end it: graphmem reembed.")
    held = {row["scope"]: row for row in await store.read("scope_states")}
    keys = tuple(held) if scopes is None else tuple(dict.fromkeys(s.key for s in scopes))
    for key in keys:
        if key not in held:
            raise NotFound(f"there is no scope {key} in this graph.")
        if held[key]["restoring"] is not None:
            raise StoreConflict(f"{key} is being restored from a backup; where that was cut short, run it again.")
    return Header(
        id=f"ba_{uuid.uuid4().hex[:24]}",
        at=utc_text(clock.now()),
        schema=schema_format(store.dialect),
        embedder=state.vectors.embedder,
        dimension=state.vectors.dimension,
        source=digest(store.address)[:12],
        whole=scopes is None,
        scopes=keys,
    )


async def _write_scope(key: str, writer: Writer, store: BoltStore) -> tuple[int, int]:
    """Write a scope, again where somebody wrote to it meanwhile; one that is erased meanwhile is left out."""
    begin = writer.position()
    for _ in range(_TRIES):
        before = await _version(key, store)
        if before is None:
            return 0, 0
        counts = await _write_lines(key, writer, store)
        if counts is not None and await _version(key, store) == before:
            writer.end(key, *counts)
            return counts
        writer.back_to(begin)
    raise StoreConflict(f"{key} was written to each time that it was read. Stop its writers meanwhile.")


async def _version(key: str, store: BoltStore) -> int | None:
    found = await store.read("scope_version", scope=key)
    return found[0]["version"] if found else None


async def _write_lines(key: str, writer: Writer, store: BoltStore) -> tuple[int, int] | None:
    """Write a scope's lines; none where nodes went away meanwhile."""
    for row in await store.read("export_nodes", names={"LABEL": "Scope"}, scope=key, ids=[key]):
        writer.write({"scope": key, **_held(row["properties"], leave_out=_PASSING | {"id", "scope"})})
    ids = {
        label: [row["id"] for row in await store.read("scope_ids", names={"LABEL": label}, scope=key)]
        for label in LABELS
    }
    nodes = relationships = 0
    for label, page in _pages(ids):
        found = await store.read("export_nodes", names={"LABEL": label}, scope=key, ids=page)
        for row in found:
            writer.write(_node(label, row))
        nodes += len(found)
    for label, page in _pages(ids):
        found = await store.read("export_relationships", names={"LABEL": label}, scope=key, ids=page)
        for line in sorted((_relationship(label, row) for row in found), key=str):
            writer.write(line)
        relationships += len(found)
    return (nodes, relationships) if nodes == sum(map(len, ids.values())) else None


def _pages(ids: Mapping[str, Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    return [(label, found[i : i + _PAGE]) for label, found in ids.items() for i in range(0, len(found), _PAGE)]


def _node(label: str, row: Row) -> dict[str, Any]:
    """Return a node's line; only entities wear labels that say something, the others' are of their store's indexes."""
    labels = sorted(set(row["labels"]) - {label}) if label == "Entity" else []
    return {"node": label, "labels": labels, "id": row["id"], **_held(row["properties"], leave_out={"id", "scope"})}


def _relationship(label: str, row: Row) -> dict[str, Any]:
    (other,) = (known for known in LABELS if known in row["to_labels"])
    ends = {"from": [label, row["from_id"]], "to": [other, row["to_id"]]}
    return {"relationship": row["type"], **ends, **_held(row["properties"], leave_out=set())}


def _held(properties: Mapping[str, Any], leave_out: set[str]) -> dict[str, dict[str, Any]]:
    """Return properties with those that are times apart, as ISO texts, and those that are bytes, in base 64."""
    held = {k: v for k, v in sorted(properties.items()) if v is not None and k not in leave_out}
    times = {k: utc_text(v.to_native()) for k, v in held.items() if isinstance(v, DateTime)}
    raw = {k: b64encode(v).decode() for k, v in held.items() if isinstance(v, bytes)}
    plain = {k: v for k, v in held.items() if k not in times and k not in raw}
    return {"properties": plain, "times": times, **({"bytes": raw} if raw else {})}
