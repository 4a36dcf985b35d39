"""Bringing a backup into a graph, scope by scope; a scope is whole, or marked as being restored."""

from __future__ import annotations

from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.queries import indexed_label, schema_format
from graphmem.adapters.schema import State, Vectors, check_ours, check_schema, migrate, read_state
from graphmem.errors import InvalidInput, NotFound, StoreNewer, UnreadableFile, VectorsForeign
from graphmem.house.archive import Header, Line, read_header, read_lines
from graphmem.house.backup import LABELS
from graphmem.models import Scope
from graphmem.ontology import OWN_LABELS
from graphmem.ports import Clock, Transaction
from graphmem.write.erase import delete_nodes

_AT_ONCE = 1000
_INDEXED = {"Episode", "Fact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How much came from a backup, and how many of its scopes had been restored before."""

    store: str
    scopes: int
    before: int
    nodes: int
    relationships: int


async def restore(
    path: Path,
    store: BoltStore,
    clock: Clock,
    *,
    scopes: Sequence[Scope] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Bring all scopes of a backup, or some, into a graph; `progress` is told how many scopes of how many.

    An empty graph gets its schema, and the vectors' model of the backup. Cut short, the same command goes on: scopes
    that are whole stay, one that was not is taken out and brought in anew. Raises UnreadableFile, StoreNewer,
    NotFound, VectorsForeign for vectors of two models, InvalidInput for scopes that are in the graph already.
    """
    header = read_header(path)
    wanted = _wanted(header, scopes)
    await _prepare(header, store, clock)
    states = {row["scope"]: row for row in await store.read("scope_states")}
    before = {key for key in wanted if key in states and states[key]["restored_from"] == header.id}
    theirs = [k for k in wanted if k in states and states[k]["restoring"] != header.id and k not in before]
    if theirs:
        raise InvalidInput(
            f"{len(theirs)} scopes of the backup are in {store.address} already ({', '.join(theirs[:3])}). Erase them "
            "first, or name others."
        )
    nodes = relationships = scopes_done = 0
    for key, lines in _scopes(path):
        if key not in wanted or key in before:
            continue
        if key in states:
            await delete_nodes(Scope.from_key(key), store)
        counted = await _restore_scope(key, header, lines, path, store)
        nodes, relationships, scopes_done = nodes + counted[0], relationships + counted[1], scopes_done + 1
        if progress is not None:
            progress(scopes_done + len(before), len(wanted))
    if header.schema < schema_format(store.dialect):
        await migrate(store, Vectors(embedder=header.embedder, dimension=header.dimension), clock, after=header.schema)
    return Restored(
        store=store.address, scopes=scopes_done, before=len(before), nodes=nodes, relationships=relationships
    )


def _wanted(header: Header, scopes: Sequence[Scope] | None) -> set[str]:
    if scopes is None:
        return set(header.scopes)
    lacking = [s.key for s in scopes if s.key not in header.scopes]
    if lacking:
        raise NotFound(f"the backup holds no scope {lacking[0]}; it holds {', '.join(header.scopes[:5])}.")
    return {s.key for s in scopes}


async def _prepare(header: Header, store: BoltStore, clock: Clock) -> None:
    """Check that the graph and the backup fit, and give an empty graph its schema."""
    known = schema_format(store.dialect)
    if header.schema > known:
        raise StoreNewer(f"the backup has schema {header.schema}; this graphmem knows {known}. Upgrade it.")
    state = await read_state(store)
    check_ours(store, state)
    vectors = Vectors(embedder=header.embedder, dimension=header.dimension)
    _check_vectors(vectors, state, store)
    if state.format is None or store.embedded:
        await migrate(store, vectors, clock)
    else:
        check_schema(store, state)


def _check_vectors(vectors: Vectors, state: State, store: BoltStore) -> None:
    if state.vectors not in (None, vectors) or state.reembedding is not None:
        raise VectorsForeign(
            f"the backup's vectors come from {vectors.embedder} ({vectors.dimension} numbers), but not those of "
            f"{store.address}. Restore into an empty graph; then graphmem reembed writes them anew."
        )


def _scopes(path: Path) -> Iterator[tuple[str, Iterator[tuple[int, Line]]]]:
    """Yield each scope with its lines, from its own to its end; what is left of them is passed over."""
    lines = read_lines(path)
    for number, line in lines:
        if "done" in line:
            return
        if "scope" not in line:
            raise UnreadableFile(f"{path}, line {number}: a scope was expected. Scopes before it are restored.")
        inside = _until_end(number, line, lines)
        yield str(line["scope"]), inside
        for _ in inside:
            pass


def _until_end(number: int, line: Line, lines: Iterator[tuple[int, Line]]) -> Iterator[tuple[int, Line]]:
    yield number, line
    for place in lines:
        yield place
        if "end" in place[1]:
            return


async def _restore_scope(
    key: str, header: Header, lines: Iterator[tuple[int, Line]], path: Path, store: BoltStore
) -> tuple[int, int]:
    """Bring one scope in; returns how many nodes and relationships."""
    scope = Scope.from_key(key)
    await _transact("begin_restore", store, scope=key, backup=header.id)
    own: Line = {}
    counts = {"node": 0, "relationship": 0}
    held: list[Line] = []
    for number, line in lines:
        if "scope" in line:
            own = line
            continue
        kind = next((k for k in ("node", "relationship", "end") if k in line), None)
        if kind is None or (kind == "end" and (line["nodes"], line["relationships"]) != tuple(counts.values())):
            raise UnreadableFile(f"{path}, line {number}: {key} is not whole. Scopes before it are restored.")
        if held and (kind == "end" or len(held) == _AT_ONCE or kind not in held[0]):
            await _write(held, scope, path, store)
            held = []
        if kind == "end":
            break
        counts[kind] += 1
        held.append(line)
    times = own["times"]
    properties = own["properties"]
    await _transact(
        "finish_restore", store, scope=key, backup=header.id, properties=properties, created_at=times["created_at"]
    )
    return counts["node"], counts["relationship"]


async def _write(lines: Sequence[Line], scope: Scope, path: Path, store: BoltStore) -> None:
    """Write lines of one kind in one transaction."""
    if "node" in lines[0]:
        await _write_nodes(lines, scope, path, store)
    else:
        await _write_relationships(lines, scope, path, store)


async def _write_nodes(lines: Sequence[Line], scope: Scope, path: Path, store: BoltStore) -> None:
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    more: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        label, types = line["node"], line["labels"]
        if label not in LABELS or set(types) & OWN_LABELS:
            raise UnreadableFile(f"{path}: a node of {scope.key} has the labels {[label, *types]}.")
        first = types[0] if types else label
        if label in _INDEXED:
            first = indexed_label(label, scope.key, store.dialect)
        properties = {**line["properties"], **_raw(line, path)}
        groups[label, first].append({"id": line["id"], "properties": properties, "times": line["times"]})
        for other in types[1:]:
            more[other].append(line["id"])

    async def work(tx: Transaction) -> None:
        for (label, other), rows in groups.items():
            names = {"LABEL": label, "OTHER": other}
            await tx.write("restore_nodes", names=names, scope=scope.key, scope_key=scope.digest, rows=rows)
        for label, ids in more.items():
            await tx.write("label_entities", names={"LABEL": label}, scope=scope.key, ids=ids)

    await store.transact(work)


def _raw(line: Line, path: Path) -> dict[str, bytes]:
    try:
        return {k: b64decode(v, validate=True) for k, v in line.get("bytes", {}).items()}
    except (ValueError, TypeError, AttributeError) as exc:
        raise UnreadableFile(f"{path}: the bytes of {line['node']} {line['id']} are not in base 64.") from exc


async def _write_relationships(lines: Sequence[Line], scope: Scope, path: Path, store: BoltStore) -> None:
    groups: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for line in lines:
        (label, from_id), (other, to_id) = line["from"], line["to"]
        row = {"from_id": from_id, "to_id": to_id, "properties": line["properties"], "times": line["times"]}
        groups[line["relationship"], label, other].append(row)

    async def work(tx: Transaction) -> int:
        made = 0
        for (kind, label, other), rows in groups.items():
            names = {"TYPE": kind, "LABEL": label, "OTHER": other}
            found = await tx.write("restore_relationships", names=names, scope=scope.key, rows=rows)
            made += found[0]["made"]
        return made

    if await store.transact(work) != len(lines):
        raise UnreadableFile(f"{path}: relationships of {scope.key} lead to nodes that the backup does not hold.")


async def _transact(query: str, store: BoltStore, **parameters: Any) -> None:
    await store.transact(lambda tx: tx.write(query, **parameters))
