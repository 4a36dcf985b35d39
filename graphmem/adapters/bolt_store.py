"""The graph store: the official driver over Bolt, the same for Neo4j and for the embedded store."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import zip_longest
from typing import Any, LiteralString, Protocol, TypeVar, cast

import httpx
from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    AsyncResult,
    AsyncSession,
    NotificationMinimumSeverity,
)
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from graphmem.adapters.embedded_server import Address, EmbeddedServer
from graphmem.adapters.queries import Migration, Queries, load_migrations, load_purge, load_queries, schema_format
from graphmem.errors import (
    EmbedderError,
    GraphMemError,
    StoreConflict,
    StoreError,
    StoreForbidden,
    StoreForeign,
    StoreNewer,
    StoreUnavailable,
    StoreUnsupported,
)
from graphmem.ports import Clock, Embedder, Row, Transaction
from graphmem.serial import utc_text

T = TypeVar("T")
RETRY_SECONDS = 60.0
RACE_ATTEMPTS = 20
POOL_SIZE = 32
NEO4J_REMAINS = (
    "Neo4j leaves deleted records in its files until it writes over them, and in transaction logs and backups until "
    "those are pruned: `neo4j-admin database copy` writes files without them."
)
# What the embedded store answers to the slower of two writers, though the driver takes neither for a race.
_LOST_RACES = ("ConstraintValidationFailed", "EntityNotFound", "ConcurrentModification")


class Connector(Protocol):
    """Finds the server: at a fixed address, or in a directory where it may have to be started."""

    def ensure(self) -> Address:
        """Return where the server answers now."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep other clients from changing the schema meanwhile, where the server does not see to that itself."""
        ...

    def release(self) -> None:
        """Let go of it."""
        ...


class FixedAddress:
    """A server that others run."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def ensure(self) -> Address:
        """Return the address."""
        return self._address

    def alone(self) -> AbstractContextManager[None]:
        """Neo4j takes the same schema command from many at once."""
        return nullcontext()

    def release(self) -> None:
        """Nothing is held."""


class BoltTransaction:
    """Named queries inside one transaction."""

    def __init__(self, queries: Queries, inner: AsyncManagedTransaction) -> None:
        self._queries = queries
        self._inner = inner

    async def read(self, query: str, **parameters: Any) -> list[Row]:
        """Return the rows of a named query."""
        return await self.write(query, **parameters)

    async def write(self, query: str, /, *, names: Mapping[str, str] | None = None, **parameters: Any) -> list[Row]:
        """Run a named query with checked names in its placeholders."""
        result = await self._inner.run(*self._queries.prepared(query, names, parameters))
        return await _rows(result)


async def _rows(result: AsyncResult) -> list[Row]:
    """Return the records; a lone column `rows` holds them all, since a record costs the driver 0.1 ms."""
    found: list[Row] = [dict(cast("Mapping[str, Any]", record)) async for record in result]
    if len(found) == 1 and list(found[0]) == ["rows"]:
        return cast("list[Row]", found[0]["rows"])
    return found


class BoltStore:
    """A graph reached over Bolt; open it with `open_store`."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self._queries = Queries({})
        self._driver: AsyncDriver | None = None
        self._address: Address | None = None
        self._opening = asyncio.Lock()
        self.dialect = ""

    @property
    def address(self) -> str:
        """The Bolt address, or the embedded store's directory."""
        if isinstance(self.connector, EmbeddedServer):
            return str(self.connector.directory)
        return self._address.uri if self._address else "not connected"

    async def connect(self) -> None:
        """Connect and find the dialect; raises StoreError."""
        driver = await self._connected()
        try:
            info = await driver.get_server_info()
        except (Neo4jError, DriverError) as exc:
            raise self._wrapped(exc) from exc
        self.dialect = "arcadedb" if "ArcadeDB" in info.agent else neo4j_dialect(info.agent)
        self._queries = load_queries(self.dialect)

    async def read(self, query: str, **parameters: Any) -> list[Row]:
        """Return the rows of a named query; nothing is written, so that it needs no transaction around it."""
        text, asked = self._queries.prepared(query, None, parameters)

        async def work(session: AsyncSession) -> list[Row]:
            return await _rows(await session.run(text, asked))

        return await self._run(work, writes=False)

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one write transaction, again from the start when another writer was faster."""

        async def managed(inner: AsyncManagedTransaction) -> T:
            return await work(BoltTransaction(self._queries, inner))

        return await self._run(lambda session: session.execute_write(managed), writes=True)

    async def purge(self) -> str | None:
        """Take erased words out of the store's files; returns in words what is left to the server's administrator."""
        statements = load_purge(self.dialect)
        for statement in statements:
            await self.execute_schema(statement, "sql")
        return None if statements else NEO4J_REMAINS

    async def close(self) -> None:
        """Close the connections and let go of the embedded server."""
        await self._disconnect()
        await asyncio.to_thread(self.connector.release)

    async def _run(self, work: Callable[[AsyncSession], Awaitable[T]], *, writes: bool) -> T:
        deadline = time.monotonic() + RETRY_SECONDS
        attempt = 0
        while True:
            driver = await self._connected()
            try:
                async with driver.session(
                    database=self._address.database if self._address else None,
                    default_access_mode=WRITE_ACCESS if writes else READ_ACCESS,
                    fetch_size=-1,
                ) as session:
                    return await work(session)
            except (Neo4jError, DriverError, OSError) as exc:
                attempt += 1
                if not self._again(exc, attempt, writes=writes) or time.monotonic() > deadline:
                    raise self._wrapped(exc) from exc
                if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
                    await self._disconnect()
                await asyncio.sleep(min(1.0, 0.005 * 2 ** min(attempt, 7)) * random.uniform(0.3, 1))  # noqa: S311

    def _again(self, exc: Exception, attempt: int, *, writes: bool) -> bool:
        """Tell whether another try may succeed; for writes on Neo4j the driver has tried already."""
        if not isinstance(self.connector, EmbeddedServer):
            return not writes and isinstance(exc, (Neo4jError, DriverError)) and exc.is_retryable()
        if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
            return True
        if not isinstance(exc, Neo4jError):
            return False
        # A race is lost a few times; what fails every time is no race.
        return exc.is_retryable() or (attempt < RACE_ATTEMPTS and any(r in (exc.code or "") for r in _LOST_RACES))

    async def _connected(self) -> AsyncDriver:
        async with self._opening:
            if self._driver is None:
                address = await asyncio.to_thread(self.connector.ensure)
                embedded = isinstance(self.connector, EmbeddedServer)
                try:
                    self._driver = AsyncGraphDatabase.driver(
                        address.uri,
                        auth=(address.user, address.password) if address.user else None,
                        max_connection_pool_size=POOL_SIZE,
                        # The embedded server can be started again at once: waiting at a dead port is lost time.
                        max_transaction_retry_time=2.0 if embedded else 30.0,
                        initial_retry_delay=0.02,
                        connection_timeout=5.0,
                        notifications_min_severity=NotificationMinimumSeverity.OFF,
                    )
                except (ConfigurationError, ValueError) as exc:
                    raise StoreUnavailable(
                        f"NEO4J_URI={address.uri!r} is no Bolt address ({exc}). Use bolt:// or neo4j://host:7687."
                    ) from exc
                self._address = address
            return self._driver

    async def _disconnect(self) -> None:
        async with self._opening:
            driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()

    async def execute_schema(self, statement: str, language: str) -> None:
        """Run one statement of a migration; SQL goes to the embedded store's HTTP port."""
        if language == "sql":
            await self._sql(statement)
            return
        driver = await self._connected()

        async def work(inner: AsyncManagedTransaction) -> None:
            # Text from the package's own migration files.
            await (await inner.run(cast("LiteralString", statement))).consume()

        try:
            async with driver.session(database=self._address.database if self._address else None) as session:
                if "IN TRANSACTIONS" in statement:
                    await (await session.run(cast("LiteralString", statement))).consume()
                else:
                    await session.execute_write(work)
        except (Neo4jError, DriverError) as exc:
            # Neo4j checks IF NOT EXISTS before it waits for another client's same command.
            if isinstance(exc, Neo4jError) and "EquivalentSchemaRuleAlreadyExists" in (exc.code or ""):
                return
            raise self._wrapped(exc) from exc

    async def _sql(self, statement: str) -> None:
        address = self._address
        if address is None or address.http is None:
            raise StoreError("SQL is only for the embedded store.")
        async with httpx.AsyncClient(auth=(address.user, address.password), timeout=60, trust_env=False) as client:
            answer = await client.post(
                f"http://127.0.0.1:{address.http}/api/v1/command/{address.database}",
                json={"language": "sql", "command": statement},
            )
        if answer.is_error:
            raise StoreError(f"the embedded store refused {statement!r}: {answer.text[:300]}")

    def _wrapped(self, exc: Exception) -> GraphMemError:
        where = self.address
        if isinstance(exc, AuthError):
            return StoreForbidden(f"{where} refuses the user. Check NEO4J_USER and NEO4J_PASSWORD.")
        if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
            return StoreUnavailable(f"no graph store answers at {where} ({exc}). Is it running? Check NEO4J_URI.")
        if isinstance(exc, Neo4jError) and (
            exc.is_retryable() or any(race in (exc.code or "") for race in _LOST_RACES)
        ):
            return StoreConflict(f"other writers were faster for {RETRY_SECONDS:.0f} s at {where}: {exc}")
        return StoreError(f"the graph store at {where} answers: {exc}")


async def open_store(connector: Connector, embedder: Embedder, clock: Clock) -> BoltStore:
    """Connect, check that the graph is ours and not newer, and bring its schema up to date; raises StoreError."""
    store = BoltStore(connector)
    driver_log = logging.getLogger("neo4j")
    if not driver_log.hasHandlers():
        # Else Python prints the driver's notes about retries on the user's terminal.
        driver_log.addHandler(logging.NullHandler())
    try:
        await store.connect()
        await _migrate(store, embedder, clock)
    except BaseException:
        await store.close()
        raise
    return store


async def _migrate(store: BoltStore, embedder: Embedder, clock: Clock) -> None:
    state = (await store.read("graph_state"))[0]
    known = schema_format(store.dialect)
    at = state["format"]
    if at is None and state["nodes"]:
        raise StoreForeign(
            f"the graph at {store.address} holds data that graphmem did not write; it is left alone. "
            "Name an empty database in NEO4J_URI and NEO4J_DATABASE."
        )
    if at is not None and at > known:
        raise StoreNewer(f"the graph at {store.address} has schema {at}; this graphmem knows {known}. Upgrade it.")
    if at is not None and (state["embedder"], state["dimension"]) != (embedder.name, embedder.dimension):
        raise EmbedderError(
            f"the vectors at {store.address} come from {state['embedder']} ({state['dimension']} numbers), but the "
            f"embedder is {embedder.name} ({embedder.dimension}). Use that model again, or write them anew: "
            "graphmem reembed."
        )
    if at == known:
        return
    with ExitStack() as stack:
        # In a thread, since another client of this very event loop may be the one that has to finish first.
        await asyncio.to_thread(stack.enter_context, store.connector.alone())
        at = (await store.read("graph_state"))[0]["format"]
        missing = list(load_migrations(store.dialect, after=at or 0))
        for migration, following in zip_longest(missing, missing[1:]):
            whole = following is None or following.number > migration.number
            await _apply(migration, migration.number if whole else migration.number - 1, store, embedder, clock)


async def _apply(migration: Migration, reached: int, store: BoltStore, embedder: Embedder, clock: Clock) -> None:
    for statement in migration.statements:
        await store.execute_schema(statement.replace("$dimension", str(embedder.dimension)), migration.language)

    async def record(transaction: Transaction) -> None:
        await transaction.write(
            "record_migration",
            format=reached,
            name=migration.name,
            now=utc_text(clock.now()),
            embedder=embedder.name,
            dimension=embedder.dimension,
        )

    await store.transact(record)


def neo4j_dialect(agent: str) -> str:
    """Return the dialect of a Neo4j server by what it calls itself; raises StoreUnsupported naming those that are."""
    version = agent.partition("/")[2]
    if version.startswith("5.26."):
        return "neo4j526"
    if version.startswith("2026."):
        return "neo4j2026"
    raise StoreUnsupported(
        f"the server says {agent}; graphmem speaks to Neo4j 5.26 (LTS), to Neo4j 2026.x, and to its embedded store."
    )
