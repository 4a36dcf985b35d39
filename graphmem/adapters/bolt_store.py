"""The graph store: the official driver over Bolt, the same for Neo4j and for the embedded store."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar, cast

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    AsyncResult,
    AsyncSession,
    Query,
    unit_of_work,
)
from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from graphmem.adapters.connection import Connection, Connector, in_words, lost_race, open_driver, out_of_means
from graphmem.adapters.embedded_server import Address, EmbeddedServer, http_client
from graphmem.adapters.guarded import FETCHED, ask_bolt, ask_http, failed, too_deep, too_slow
from graphmem.adapters.kept_rows import KeptRows
from graphmem.adapters.queries import Queries, load_purge, load_queries
from graphmem.errors import GraphMemError, StoreError, StoreExhausted, StoreUnavailable, StoreUnsupported
from graphmem.guard.rewrite import Guarded
from graphmem.ports import Answered, Request, Row, Transaction

T = TypeVar("T")
RETRY_SECONDS = 60.0
_LOST = "ConcurrentModificationException"
"""How the embedded store says that a writer was faster than a statement of SQL, such as one that packs its files."""
RACE_ATTEMPTS = 20
COMPARED = 500
"""Each takes Neo4j 19 microseconds, and its index 9 ms for the nearest of any scope."""
INDEXED_TIMES = 24
"""The embedded store's index finds 4 times as many as are wanted, then 20 times, each in the time of comparing it."""
SCHEMA_SECONDS = 600.0
ASK_GRACE_SECONDS = 2.0
NEO4J_REMAINS = (
    "Neo4j leaves deleted records in its files until it writes over them, and in transaction logs and backups until "
    "those are pruned: `neo4j-admin database copy` writes files without them."
)


class BoltTransaction:
    """Named queries inside one transaction."""

    def __init__(self, queries: Queries, inner: AsyncManagedTransaction) -> None:
        self._queries = queries
        self._inner = inner

    async def read(self, query: str, **parameters: Any) -> list[Row]:
        """Return the rows of a named query."""
        return await self.write(query, **parameters)

    async def read_all(self, asked: Sequence[Request]) -> list[list[Row]]:
        """Return the rows of several named queries, one after the other."""
        return [await self.read(query, **parameters) for query, parameters in asked]

    async def read_joined(self, asked: Sequence[Request], **shared: Any) -> list[list[Row]]:
        """Return the rows of several named queries, one after the other."""
        return await self.read_all([(query, {**shared, **own}) for query, own in asked])

    async def write(self, query: str, /, *, names: Mapping[str, str] | None = None, **parameters: Any) -> list[Row]:
        """Run a named query with checked names in its placeholders."""
        return await _rows(await self._inner.run(*self._queries.prepared(query, names, parameters)))


async def _rows(result: AsyncResult) -> list[Row]:
    """Return the records; a lone column `rows` holds them all, since a record costs the driver 0.1 ms."""
    found: list[Row] = [dict(cast("Mapping[str, Any]", record)) async for record in result]
    if len(found) == 1 and list(found[0]) == ["rows"]:
        return cast("list[Row]", found[0]["rows"])
    return found


class BoltStore:
    """A graph reached over Bolt; `schema.open_store` opens one whose schema is checked."""

    def __init__(self, connector: Connector, how: Connection | None = None) -> None:
        self.connector = connector
        self._how = how or Connection()
        self._queries = Queries({})
        self._driver: AsyncDriver | None = None
        self._users = Counter[AsyncDriver]()
        self._closed = False
        self._address: Address | None = None
        self._opening = asyncio.Lock()
        # One at a time where the server goes on with what nobody waits for any more.
        self._asking = asyncio.Lock()
        # Kept beyond the driver: what this memory wrote, it reads, whichever member of a cluster answers.
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()
        self.dialect = ""
        self.agent = ""

    @property
    def address(self) -> str:
        """The Bolt address, or the embedded store's directory."""
        if isinstance(self.connector, EmbeddedServer):
            return str(self.connector.directory)
        return self._address.uri if self._address else "not connected"

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded store of a directory."""
        return isinstance(self.connector, EmbeddedServer)

    async def connect(self) -> None:
        """Connect and find the dialect; raises StoreError."""
        driver = await self._connected()
        try:
            async with self._using(driver):
                info = await driver.get_server_info()
        except (Neo4jError, DriverError) as exc:
            raise self._words(exc) from exc
        self.agent = info.agent
        self.dialect = "arcadedb" if "ArcadeDB" in info.agent else neo4j_dialect(info.agent)
        self._queries = load_queries(self.dialect)

    async def read(self, query: str, *, names: Mapping[str, str] | None = None, **parameters: Any) -> list[Row]:
        """Return the rows of a named query; nothing is written, so that it needs no transaction around it."""
        return await self._read(*self._queries.prepared(query, names, parameters))

    async def read_all(self, asked: Sequence[Request]) -> list[list[Row]]:
        """Return the rows of several named queries, each over a connection of its own."""
        return await asyncio.gather(*(self.read(query, **parameters) for query, parameters in asked))

    async def read_joined(self, asked: Sequence[Request], **shared: Any) -> list[list[Row]]:
        """Return the rows of several named queries: as one on Neo4j; the embedded store works at several at once.

        A read costs the driver 1 ms of this processor, whatever it reads.
        """
        if self.embedded:
            return await self.read_all([(query, {**shared, **own}) for query, own in asked])
        return cast("list[list[Row]]", await self._read(*self._queries.joined(asked, shared)))

    async def _read(self, text: LiteralString, parameters: dict[str, Any]) -> list[Row]:
        async def work(session: AsyncSession) -> list[Row]:
            return await _rows(await session.run(Query(text, timeout=self._how.query_seconds), parameters))

        return await self._run(work, writes=False)

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one write transaction, again from the start when another writer was faster."""

        @unit_of_work(timeout=self._how.query_seconds)
        async def managed(inner: AsyncManagedTransaction) -> T:
            try:
                return await work(BoltTransaction(self._queries, inner))
            except Neo4jError as exc:
                # The driver takes this for passing, and would try again for as long as it may.
                if out_of_means(exc):
                    raise self._words(exc) from exc
                raise

        return await self._run(lambda session: session.execute_write(managed), writes=True)

    @property
    def finds_shortest(self) -> bool:
        """Whether it looks for the shortest of the paths that fit a condition: the embedded store asks afterwards."""
        return not self.embedded

    def compared(self, nearest: int) -> int:
        """Return up to how many vectors it compares one by one no later than its index finds the nearest."""
        return INDEXED_TIMES * nearest if self.embedded else COMPARED

    async def ask(self, query: Guarded, limit: int) -> Answered:
        """Run a user's query where it cannot write: over HTTP on the embedded store, else in a reading transaction."""
        driver = await self._connected()
        kept = KeptRows(limit=limit, most_bytes=self._how.result_bytes)
        if self._address is not None and self._address.http is not None:
            async with self._asking:
                try:
                    return await ask_http(self._address, query, limit, kept, self._how.cypher_seconds)
                except RecursionError as exc:
                    raise too_deep() from exc

        try:
            # The server looks at its clock between rows only; a caller is not kept waiting by one expression.
            async with (
                asyncio.timeout(self._how.cypher_seconds + ASK_GRACE_SECONDS),
                self._session(driver, READ_ACCESS, fetch=FETCHED) as session,
                await session.begin_transaction(timeout=self._how.cypher_seconds) as transaction,
            ):
                return await ask_bolt(transaction, query, kept)
        except Neo4jError as exc:
            raise failed(exc) from exc
        except RecursionError as exc:
            raise too_deep() from exc
        except TimeoutError as exc:
            raise too_slow() from exc
        except (DriverError, OSError) as exc:
            raise self._words(exc) from exc

    async def purge(self) -> str | None:
        """Take erased words out of the store's files; returns in words what is left to the server's administrator."""
        statements = load_purge(self.dialect)
        for statement in statements:
            await self.execute_schema(statement, "sql")
        return None if statements else NEO4J_REMAINS

    async def close(self) -> None:
        """Close the connections, each when what it reads or writes has ended, and let go of the embedded server."""
        async with self._opening:
            # Not before: a driver that is just being opened would stay open.
            self._closed, driver = True, self._driver
        await self._retire(driver)
        await asyncio.to_thread(self.connector.release)

    @asynccontextmanager
    async def holding(self, query: str) -> AsyncGenerator[None]:
        """Hold the locks that a named query takes until the block ends; nothing that it writes stays."""
        async with self._session(await self._connected(), WRITE_ACCESS) as session:
            try:
                transaction = await session.begin_transaction()
                try:
                    await (await transaction.run(self._queries.text(query))).consume()
                    yield
                finally:
                    await transaction.close()
            except (Neo4jError, DriverError, OSError) as exc:
                raise self._words(exc) from exc

    @asynccontextmanager
    async def _session(self, driver: AsyncDriver, access: str, fetch: int = -1) -> AsyncGenerator[AsyncSession]:
        async with (
            self._using(driver),
            driver.session(
                database=self._address.database if self._address else None,
                default_access_mode=access,
                fetch_size=fetch,
                bookmark_manager=None if self.embedded else self._bookmarks,
            ) as session,
        ):
            yield session

    async def _run(self, work: Callable[[AsyncSession], Awaitable[T]], *, writes: bool) -> T:
        deadline = time.monotonic() + (RETRY_SECONDS if self.embedded else self._how.retry_seconds)
        attempt = 0
        while True:
            driver = await self._connected()
            try:
                async with self._session(driver, WRITE_ACCESS if writes else READ_ACCESS) as session:
                    return await work(session)
            except (Neo4jError, DriverError, OSError) as exc:
                attempt += 1
                if not self._again(exc, attempt, writes=writes) or time.monotonic() > deadline:
                    raise self._words(exc) from exc
                if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
                    await self._retire(driver)
                await asyncio.sleep(min(1.0, 0.005 * 2 ** min(attempt, 7)) * random.uniform(0.3, 1))  # noqa: S311

    def _again(self, exc: Exception, attempt: int, *, writes: bool) -> bool:
        """Tell whether another try may succeed; for writes on Neo4j the driver has tried already."""
        if out_of_means(exc):
            return False
        if not self.embedded:
            return not writes and isinstance(exc, (Neo4jError, DriverError)) and exc.is_retryable()
        if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
            return True
        if not isinstance(exc, Neo4jError):
            return False
        # A race is lost a few times; what fails every time is no race.
        return exc.is_retryable() or (attempt < RACE_ATTEMPTS and lost_race(exc))

    def _words(self, exc: Exception) -> GraphMemError:
        if self.connector.full():
            return StoreExhausted(f"the disk of {self.address} is full: make room there, and do it again ({exc}).")
        return in_words(exc, self.address, self._how)

    async def _connected(self) -> AsyncDriver:
        async with self._opening:
            if self._closed:
                raise StoreUnavailable(f"the memory at {self.address} was closed: open it again to go on.")
            if self._driver is None:
                address = await asyncio.to_thread(self.connector.ensure)
                self._driver = open_driver(address, self._how, embedded=self.embedded)
                self._address = address
            return self._driver

    @asynccontextmanager
    async def _using(self, driver: AsyncDriver) -> AsyncGenerator[None]:
        """Keep a driver from being closed meanwhile: a connection that it opens after that, nothing would close."""
        self._users[driver] += 1
        try:
            yield
        finally:
            self._users[driver] -= 1
            await self._close_unused(driver)

    async def _retire(self, driver: AsyncDriver | None) -> None:
        """Use a driver no more, and close it as soon as what is under way has ended."""
        async with self._opening:
            if driver is self._driver:
                self._driver = None
        if driver is not None:
            await self._close_unused(driver)

    async def _close_unused(self, driver: AsyncDriver) -> None:
        if driver is not self._driver and not self._users[driver]:
            del self._users[driver]
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
            async with self._session(driver, WRITE_ACCESS) as session:
                if "IN TRANSACTIONS" in statement:
                    await (await session.run(cast("LiteralString", statement))).consume()
                else:
                    await session.execute_write(work)
        except (Neo4jError, DriverError) as exc:
            # Neo4j checks IF NOT EXISTS before it waits for another client's same command.
            if isinstance(exc, Neo4jError) and "EquivalentSchemaRuleAlreadyExists" in (exc.code or ""):
                return
            raise self._words(exc) from exc

    async def _sql(self, statement: str) -> None:
        address = self._address
        if address is None or address.http is None:
            raise StoreError("SQL is only for the embedded store.")
        command, deadline = {"language": "sql", "command": statement}, time.monotonic() + RETRY_SECONDS
        async with http_client(address, SCHEMA_SECONDS) as client:
            while (answer := await client.post(f"/api/v1/command/{address.database}", json=command)).is_error:
                if _LOST not in answer.text or time.monotonic() > deadline:
                    raise StoreError(f"the embedded store refused {statement!r}: {answer.text[:300]}")
                await asyncio.sleep(0.1)


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
