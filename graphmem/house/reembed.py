"""Writing all vectors of a graph anew with another model; cut short, it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.queries import load_drop
from graphmem.adapters.schema import (
    Vectors,
    alone,
    check_ours,
    check_schema,
    expected_indexes,
    read_state,
    run_step,
)
from graphmem.ports import Embedder, Row, Transaction
from graphmem.serial import load_rule
from graphmem.text import embedded_text

_LABELS = ("Episode", "Fact", "Rule")
_PAGE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Reembedded:
    """How many vectors this run wrote, and of which model they all are now."""

    store: str
    embedder: str
    written: int


async def reembed(
    store: BoltStore, embedder: Embedder, *, progress: Callable[[int, int], None] | None = None
) -> Reembedded:
    """Write every vector anew with the embedder, and the indexes over them; `progress` is told how many of how many.

    Programs that have the graph open are refused from the beginning on, whether they read or write. Raises StoreOlder.
    """
    vectors = Vectors.of(embedder)
    async with alone(store):
        state = await read_state(store)
        check_ours(store, state)
        check_schema(store, state)
        started = state.reembedding if state.vectors == vectors else None
        if state.vectors in (None, vectors) and started is None:
            return Reembedded(store=store.address, embedder=embedder.name, written=0)
        written = await _write_all(started or "", vectors, embedder, store, progress)
    return Reembedded(store=store.address, embedder=embedder.name, written=written)


async def _write_all(
    reached: str, vectors: Vectors, embedder: Embedder, store: BoltStore, progress: Callable[[int, int], None] | None
) -> int:
    """Write the vectors past `reached` ("Label:id", empty at the beginning); returns how many."""
    await _note(reached, vectors, store)
    await store.transact(lambda tx: tx.write("await_writers"))
    indexes = {n: made for n, made in expected_indexes(store.dialect).items() if "$dimension" in made[0]}
    for name in indexes:
        for statement in load_drop(name):
            await store.execute_schema(statement, "sql" if store.embedded else "cypher")
    total = (await store.read("embedded_total"))[0]["total"]
    first, _, after = reached.partition(":")
    written = 0
    for label in _LABELS[_LABELS.index(first or _LABELS[0]) :]:
        while page := await _page(label, after, store):
            after = page[-1]["id"]
            await _write(page, label, vectors, embedder, store)
            written += len(page)
            if progress is not None:
                progress(written, total)
        after = ""
    for statement, language in indexes.values():
        await run_step(statement, language, vectors, store)
    await _note(None, vectors, store)
    return written


async def _page(label: str, after: str, store: BoltStore) -> list[Row]:
    return await store.read("embedded_page", names={"LABEL": label}, after=after, limit=_PAGE)


async def _write(page: Sequence[Row], label: str, vectors: Vectors, embedder: Embedder, store: BoltStore) -> None:
    made = await embedder.embed([_text(row) for row in page])
    rows = [{"id": row["id"], "embedding": list(vector)} for row, vector in zip(page, made, strict=True)]

    async def work(tx: Transaction) -> None:
        await tx.write("write_vectors", names={"LABEL": label}, rows=rows)
        await _note_in(f"{label}:{page[-1]['id']}", vectors, tx)

    await store.transact(work)


async def _note(reached: str | None, vectors: Vectors, store: BoltStore) -> None:
    await store.transact(lambda tx: _note_in(reached, vectors, tx))


async def _note_in(reached: str | None, vectors: Vectors, tx: Transaction) -> None:
    await tx.write("note_reembedding", embedder=vectors.embedder, dimension=vectors.dimension, reached=reached)


def _text(row: Row) -> str:
    """Return what a node's vector is made from: a fact's text, a message with its speaker, what a rule leads to."""
    if row["rule"] is not None:
        return load_rule(row["rule"]).fact.text
    return embedded_text(row["speaker"], row["text"]) if row["speaker"] is not None else row["text"]
