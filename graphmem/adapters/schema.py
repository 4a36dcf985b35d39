"""The schema of a graph: whose it is, how far it was brought, and bringing it further."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import zip_longest

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.connection import Connection, Connector
from graphmem.adapters.queries import Migration, load_lock, load_migrations, schema_format
from graphmem.errors import StoreForeign, StoreNewer, StoreOlder
from graphmem.ports import Clock, Embedder, Transaction
from graphmem.serial import utc_text
from graphmem.vectors import check_vectors

_MADE = re.compile(r"CREATE (?:VECTOR |FULLTEXT )?INDEX (\w+)")
_DROPPED = re.compile(r"DROP INDEX (\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Which model a graph's vectors come from, and how many numbers each has."""

    embedder: str
    dimension: int

    @classmethod
    def of(cls, embedder: Embedder) -> Vectors:
        """Return which vectors an embedder makes."""
        return cls(embedder=embedder.name, dimension=embedder.dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a graph says about itself; `format` and `vectors` are none in one that graphmem never opened.

    `reembedding` tells how far its vectors were written anew, none where that is not under way.
    """

    format: int | None
    empty: bool
    vectors: Vectors | None
    reembedding: str | None = None


async def open_store(
    connector: Connector, embedder: Embedder, clock: Clock, how: Connection | None = None
) -> BoltStore:
    """Connect, load the embedder, and check that the graph is ours, of this schema and of the embedder's vectors.

    An empty graph gets its schema, and the embedded store is brought up to date; a server's graph that holds data is
    brought up to date by `graphmem migrate`. Raises StoreError, VectorsForeign.
    """
    store = BoltStore(connector, how)
    # Side by side: a store that has to be started and a model each take a second or more.
    loading = asyncio.create_task(embedder.load())
    try:
        await store.connect()
        await loading
        await _ready(store, embedder, clock)
    except BaseException:
        loading.cancel()
        await store.close()
        raise
    return store


async def _ready(store: BoltStore, embedder: Embedder, clock: Clock) -> None:
    state = await read_state(store)
    check_ours(store, state)
    if state.vectors is not None:
        own = {**asdict(state.vectors), "reembedding": state.reembedding}
        check_vectors(own, embedder, store.address)
    if state.format is None or (store.embedded and missing_steps(store, state)):
        await migrate(store, Vectors.of(embedder), clock)
    else:
        check_schema(store, state)


def check_schema(store: BoltStore, state: State) -> None:
    """Raise StoreOlder for a graph whose schema lacks steps."""
    if state.format is not None and missing_steps(store, state):
        raise StoreOlder(
            f"the graph at {store.address} has schema {state.format}, this graphmem needs "
            f"{schema_format(store.dialect)}. Bring it there: graphmem migrate (--dry-run shows the steps)."
        )


async def read_state(store: BoltStore) -> State:
    """Return what the graph says about itself."""
    row = (await store.read("graph_state"))[0]
    return State(
        format=row["format"],
        empty=not row["nodes"],
        vectors=Vectors(embedder=row["embedder"], dimension=row["dimension"]) if row["embedder"] else None,
        reembedding=row["reembedding"],
    )


def check_ours(store: BoltStore, state: State) -> None:
    """Raise StoreForeign for a graph that somebody else filled, StoreNewer for one of a newer program."""
    known = schema_format(store.dialect)
    if state.format is None and not state.empty:
        raise StoreForeign(
            f"the graph at {store.address} holds data that graphmem did not write; it is left alone. "
            "Name an empty database in NEO4J_URI and NEO4J_DATABASE."
        )
    if state.format is not None and state.format > known:
        raise StoreNewer(
            f"the graph at {store.address} has schema {state.format}; this graphmem knows {known}. Upgrade it."
        )


def missing_steps(store: BoltStore, state: State) -> list[Migration]:
    """Return the steps that a graph lacks, in order."""
    return list(load_migrations(store.dialect, after=state.format or 0))


async def migrate(
    store: BoltStore,
    vectors: Vectors,
    clock: Clock,
    *,
    progress: Callable[[Migration], None] | None = None,
    after: int | None = None,
) -> list[Migration]:
    """Take the steps that the graph lacks, or all past `after` once more, and return them.

    Only one program does so at a time; a second one waits and finds nothing left. What was cut short is taken up again.
    """
    async with alone(store):
        lacking = missing_steps(store, await read_state(store))
        steps = lacking if after is None else list(load_migrations(store.dialect, after=after))
        for step, following in zip_longest(steps, steps[1:]):
            if progress is not None:
                progress(step)
            whole = following is None or following.number > step.number
            await _take(step, step.number if whole else step.number - 1, store, vectors, clock)
    return steps


@asynccontextmanager
async def alone(store: BoltStore) -> AsyncGenerator[None]:
    """Keep other programs from changing the schema meanwhile."""
    if store.embedded:
        with ExitStack() as stack:
            # In a thread, since another client of this very event loop may be the one that has to finish first.
            await asyncio.to_thread(stack.enter_context, store.connector.alone())
            yield
        return
    for statement in load_lock():
        await store.execute_schema(statement, "cypher")
    async with store.holding("hold_schema"):
        yield


async def _take(step: Migration, reached: int, store: BoltStore, vectors: Vectors, clock: Clock) -> None:
    for statement in step.statements:
        await run_step(statement, step.language, vectors, store)

    async def record(transaction: Transaction) -> None:
        await transaction.write(
            "record_migration",
            format=reached,
            name=step.name,
            now=utc_text(clock.now()),
            embedder=vectors.embedder,
            dimension=vectors.dimension,
        )

    await store.transact(record)


def expected_indexes(dialect: str) -> dict[str, tuple[str, str]]:
    """Return the indexes that the whole schema of a dialect has by name: what makes each, and in which language."""
    found: dict[str, tuple[str, str]] = {}
    for step in load_migrations(dialect):
        for statement in step.statements:
            found |= dict.fromkeys(_MADE.findall(statement), (statement, step.language))
            for gone in _DROPPED.findall(statement):
                found.pop(gone, None)
    return found


async def run_step(statement: str, language: str, vectors: Vectors, store: BoltStore) -> None:
    """Run a statement of the schema, with the dimension of a graph's vectors where it asks for that."""
    await store.execute_schema(statement.replace("$dimension", str(vectors.dimension)), language)
