"""What becomes of a memory when its server misbehaves: each server here is a real one, and this module's own."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import pytest
import trustme
from neo4j.exceptions import ServiceUnavailable, SessionExpired

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import StoreError, StoreExhausted, StoreForbidden, StoreTimeout, StoreUnavailable
from graphmem.memory import Added
from scripts import neo4j_local
from tests.scripted import ScriptedChat
from tests.servers import OwnServer, free_port

PASSWORD = "first-words-of-neo4j"
WRONG = "words-of-somebody-else"
AS_IT_IS = {"db.memory.transaction.max": "6m"}
READS_ONLY = {"server.databases.read_only": "neo4j"}


@pytest.fixture(scope="module", autouse=True)
def neo4j() -> None:
    try:
        neo4j_local.prepare()
        neo4j_local.java_of(neo4j_local.DEFAULT_VERSION)
    except neo4j_local.Missing as missing:
        if os.environ.get("REQUIRE_NEO4J"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server without passwords, with little memory for a transaction; `runs` starts it where it does not run."""
    own = OwnServer(tmp_path_factory.mktemp("server"), AS_IT_IS, port=free_port())
    yield own
    own.kill()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, authorities: trustme.CA) -> Iterator[OwnServer]:
    """A server that asks for a password, and for TLS."""
    home = tmp_path_factory.mktemp("closed")
    folder = home / "certificates" / "bolt"
    folder.mkdir(parents=True)
    certificate = authorities.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(folder / "private.key"))
    (folder / "public.crt").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    options = {
        "server.bolt.tls_level": "REQUIRED",
        "dbms.ssl.policy.bolt.enabled": "true",
        "dbms.ssl.policy.bolt.base_directory": str(folder),
        "dbms.ssl.policy.bolt.client_auth": "NONE",
        "dbms.security.auth_lock_time": "1s",
    }
    own = OwnServer(home, options, password=PASSWORD, port=free_port())
    own.start()
    yield own
    own.kill()


@dataclass
class Teller:
    """Opens memories of one scope, and looks at what is in it."""

    settings: Settings
    model: ScriptedChat
    embedder: LocalEmbedder
    scope: str

    @property
    def key(self) -> str:
        return f"test/{self.scope}"

    @asynccontextmanager
    async def memory(self, **changed: Any) -> AsyncIterator[Memory]:
        how = replace(self.settings, **changed)
        async with Memory.open(how, model=self.model, embedder=self.embedder) as opened:
            yield opened

    async def whole(self, memory: Memory) -> int:
        """Check the ledger's promises, and return how many messages are kept."""
        assert await memory.verify(scope=self.scope) == ()
        return (await memory.status(scope=self.scope)).episodes


@pytest.fixture
def teller(server: OwnServer, model: ScriptedChat, embedder: LocalEmbedder, scope: str, tmp_path: Path) -> Teller:
    settings = Settings(home=tmp_path, neo4j_uri=server.uri(), tenant="test")
    return Teller(settings, model, embedder, scope)


@pytest.fixture
def secret(
    closed: OwnServer,
    authorities: trustme.CA,
    model: ScriptedChat,
    embedder: LocalEmbedder,
    scope: str,
    tmp_path: Path,
) -> Teller:
    trusted = tmp_path / "ca.pem"
    authorities.cert_pem.write_to_path(str(trusted))
    settings = Settings(
        home=tmp_path, neo4j_uri=closed.uri("bolt+s"), neo4j_password=PASSWORD, neo4j_ca=trusted, tenant="test"
    )
    return Teller(settings, model, embedder, scope)


def said(text: str, identity: str | None = None) -> Message:
    return Message(text=text, at=datetime(2024, 6, 1, 12, tzinfo=UTC), speaker="Ada", id=identity)


def bears(error: StoreError, *words: str) -> None:
    """Check that an error says what to do, and no password."""
    for word in words:
        assert word in str(error), error
    assert PASSWORD not in str(error)
    assert WRONG not in str(error)


async def test_a_server_that_still_starts_is_said_to_be_unavailable(server: OwnServer, teller: Teller) -> None:
    server.stop()
    starting = asyncio.create_task(server.runs())
    refused: list[StoreError] = []
    while True:
        began = time.monotonic()
        try:
            async with teller.memory() as memory:
                await memory.add(said("I live in Turin."), scope=teller.scope)
                assert await teller.whole(memory) == 1
                break
        except StoreUnavailable as exc:
            refused.append(exc)
            assert time.monotonic() - began < 15, "a closed port is said at once"
            assert len(refused) < 1000
        await asyncio.sleep(0.5)
    await starting

    assert refused
    for error in refused:
        bears(error, "NEO4J_URI", server.uri(), "running")


@contextmanager
def held(server: OwnServer, statement: LiteralString, **parameters: Any) -> Iterator[None]:
    """Hold the locks that a statement takes; the server may be gone before they are let go."""
    with suppress(ServiceUnavailable, SessionExpired), server.driver() as driver, driver.session() as session:
        transaction = session.begin_transaction()
        transaction.run(statement, parameters).consume()
        yield
        transaction.close()


async def test_a_server_killed_in_the_middle_of_transactions_leaves_nothing_half_written(
    server: OwnServer, teller: Teller
) -> None:
    await server.runs()
    flood = [said(f"Line {number}.", f"line-{number}") for number in range(10)]
    begun, committing = teller.scope, f"{teller.scope}-2"
    async with teller.memory() as memory, teller.memory(neo4j_retry_timeout=1.0) as hasty:
        for scope in (begun, committing):
            await memory.add(said("I live in Turin.", "first"), scope=scope)
        # One writer waits for its session, having counted its write; one has written all, and waits to link the first.
        with held(server, HELD, begun=f"test/{begun}", committing=f"test/{committing}"):
            writing = [asyncio.create_task(memory.add(flood, scope=scope)) for scope in (begun, committing)]
            await until_waiting(server)
            await asyncio.to_thread(server.kill)
        with pytest.raises(StoreUnavailable, match="NEO4J_URI"):
            await asyncio.wait_for(hasty.status(scope=begun), 15)
        await server.runs()
        outcomes = await asyncio.gather(*writing, return_exceptions=True)
        assert {type(o) for o in outcomes} <= {Added, StoreUnavailable}, outcomes

        for scope, outcome in zip((begun, committing), outcomes, strict=True):
            assert await memory.verify(scope=scope) == ()
            kept = (await memory.status(scope=scope)).episodes
            assert kept in ({11} if isinstance(outcome, Added) else {1, 11}), "all of a batch, or nothing"
            again = await memory.add(flood, scope=scope)
            assert (again.new, again.known) == (11 - kept, kept - 1)
            assert (await memory.add(flood, scope=scope)).known == 10
            assert await memory.verify(scope=scope) == ()
            status = await memory.status(scope=scope)
            assert (status.episodes, status.pending, status.facts) == (11, 0, 1)


HELD: LiteralString = """
MATCH (e:Episode {message_id: 'first', scope: $committing}) SET e.seq = e.seq
WITH e MATCH (s:Session {scope: $begun}) SET s.last = s.last
"""


async def until_waiting(server: OwnServer) -> None:
    """Wait until two writers have locks and get no further."""
    seen: list[Any] = []
    for _ in range(200):
        shown = await asyncio.to_thread(server.ask, OPEN)
        seen.append(shown)
        if len(shown) == 3 and seen[-5:] == [shown] * 5:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"two writers and a holder of locks are not what is open: {seen[-1]}")


OPEN: LiteralString = """
SHOW TRANSACTIONS YIELD transactionId, activeLockCount, currentQueryId
WHERE activeLockCount > 0
RETURN transactionId, activeLockCount, currentQueryId ORDER BY transactionId
"""


TOLD = ("I have a cat, Miso.", "And a dog, Rex.", "My boss is Ingrid.", "Her brother is Lars.")


async def test_a_server_restarted_under_load_keeps_every_acknowledged_message_once(
    server: OwnServer, teller: Teller
) -> None:
    await server.runs()
    acknowledged: list[str] = []
    failures: list[StoreError] = []
    back = asyncio.Event()

    async def write(memory: Memory, name: str) -> None:
        number, after = 0, 0
        while after < 2:
            after += back.is_set()
            identity = f"{name}-{number}"
            try:
                added = await memory.add(said(TOLD[number % 4], identity), scope=teller.scope)
            except StoreError as exc:
                failures.append(exc)
                await asyncio.sleep(0.2)
                continue
            assert added.parked == {}
            acknowledged.append(identity)
            number += 1

    async with teller.memory(neo4j_retry_timeout=2.0) as one, teller.memory(neo4j_retry_timeout=10.0) as other:
        writers = [
            asyncio.create_task(write(memory, f"{name}{number}"))
            for memory, name in ((one, "hasty"), (other, "patient"))
            for number in range(2)
        ]
        while len(acknowledged) < 4:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(server.stop)
        await server.runs()
        back.set()
        await asyncio.gather(*writers)

        assert {type(error) for error in failures} <= {StoreUnavailable}, failures
        for error in failures:
            bears(error, "NEO4J_URI")
        kept = [row["id"] for row in server.ask(KEPT, scope=teller.key)]
        assert sorted(kept) == sorted(acknowledged), "each once, and each that was acknowledged"
        assert await teller.whole(one) == len(acknowledged)
        status = await one.status(scope=teller.scope)
        assert (status.pending, status.parked) == (0, 0)
        assert len(await one.facts(scope=teller.scope)) == 4


KEPT: LiteralString = "MATCH (e:Episode {scope: $scope}) RETURN e.message_id AS id"


async def test_a_batch_too_big_for_the_servers_memory_is_refused_whole(server: OwnServer, teller: Teller) -> None:
    await server.runs()
    flood = [said("x" * 90_000, f"line-{number}") for number in range(40)]
    async with teller.memory() as memory:
        await memory.add(said("I live in Turin."), scope=teller.scope)
        began = time.monotonic()
        with pytest.raises(StoreExhausted) as refused:
            await memory.add(flood, scope=teller.scope, wait=False)
        assert time.monotonic() - began < 20, "asking again does not help"
        bears(refused.value, "memory", server.uri())
        assert await teller.whole(memory) == 1
        await memory.add(flood[0], scope=teller.scope)
        assert await teller.whole(memory) == 2


async def test_what_takes_longer_than_the_settings_allow_is_ended(server: OwnServer, teller: Teller) -> None:
    await server.runs()
    async with teller.memory() as memory:
        await memory.add(said("I live in Turin."), scope=teller.scope)
    async with teller.memory(neo4j_query_timeout=0.2) as hasty:
        with held(server, "MATCH (s:Scope {id: $scope}) SET s.seq = s.seq", scope=teller.key):
            began = time.monotonic()
            with pytest.raises(StoreTimeout) as late:
                await hasty.add(said("I have a cat, Miso."), scope=teller.scope)
            assert time.monotonic() - began < 15
        bears(late.value, "0.2 s", "NEO4J_QUERY_TIMEOUT")
    async with teller.memory() as memory:
        assert await teller.whole(memory) == 1


async def test_what_a_memory_wrote_it_reads_through_routes(server: OwnServer, teller: Teller) -> None:
    await server.runs()
    asked, answered = bytearray(), bytearray()
    async with (
        relay(server.port, asked, answered) as port,
        teller.memory(neo4j_uri=f"neo4j://127.0.0.1:{port}") as memory,
    ):
        await memory.add(said("I live in Turin."), scope=teller.scope, wait=False)
        wrote = re.findall(rb"FB:[\w+/=-]+", answered)[-1]
        asked.clear()
        assert (await memory.status(scope=teller.scope)).pending == 1
        assert wrote in asked, "the member that answers has to have read up to there"
        await memory.process(scope=teller.scope)
        assert [f.text for f in await memory.facts(scope=teller.scope)] == ["Ada lives in Turin"]


async def test_what_is_read_while_the_memory_is_closed_leaves_no_connection(server: OwnServer, teller: Teller) -> None:
    await server.runs()
    met, opened = asyncio.Semaphore(0), asyncio.Event()
    opened.set()
    async with relay(server.port, bytearray(), bytearray(), met=met, opened=opened) as port:
        async with teller.memory(neo4j_uri=f"bolt://127.0.0.1:{port}") as memory:
            await memory.add(said("I live in Turin."), scope=teller.scope)
            opened.clear()
            while not met.locked():
                await met.acquire()
            reading = [asyncio.create_task(memory.facts(scope=teller.scope)) for _ in range(8)]
            await met.acquire()
        opened.set()
        for read in await asyncio.gather(*reading, return_exceptions=True):
            assert isinstance(read, StoreUnavailable) or [f.text for f in read] == ["Ada lives in Turin"]
        with pytest.raises(StoreUnavailable) as closed:
            await memory.facts(scope=teller.scope)
        bears(closed.value, str(port), "closed", "open it again")
        # The relay ends when every connection has.


@asynccontextmanager
async def relay(
    to: int,
    asked: bytearray,
    answered: bytearray,
    *,
    met: asyncio.Semaphore | None = None,
    opened: asyncio.Event | None = None,
) -> AsyncIterator[int]:
    """Pass on what goes to and fro between clients and a port of this machine, and keep it.

    Every client that comes is told by `met`, and waits for `opened`. Ends within 20 s of its block, or fails.
    """
    flows: set[asyncio.Task[None]] = set()

    async def flow(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: bytearray) -> None:
        # Either end may go away amid a word.
        with suppress(ConnectionError):
            while part := await source.read(65536):
                seen.extend(part)
                sink.write(part)
                await sink.drain()
        sink.close()
        with suppress(ConnectionError):
            await sink.wait_closed()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if met is not None and opened is not None:
            met.release()
            await opened.wait()
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to)
        flows.update(
            asyncio.create_task(flow(*ends))
            for ends in ((reader, inner_writer, asked), (inner_reader, writer, answered))
        )

    listening = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        async with asyncio.timeout(20):
            await asyncio.gather(*flows)


async def test_a_database_that_only_reads_is_read_and_says_so_to_writers(server: OwnServer, teller: Teller) -> None:
    await server.runs()
    async with teller.memory() as memory:
        await memory.add(said("I live in Turin."), scope=teller.scope)
    await server.runs(READS_ONLY)

    for scheme in ("bolt", "neo4j"):
        async with teller.memory(neo4j_uri=server.uri(scheme)) as memory:
            found = await memory.search("Where does Ada live?", scope=teller.scope)
            assert found.facts[0].text == "Ada lives in Turin"
            began = time.monotonic()
            with pytest.raises(StoreForbidden) as refused:
                await memory.add(said("I have a cat, Miso."), scope=teller.scope)
            assert time.monotonic() - began < 10, "asking again does not help"
            bears(refused.value, "only reads", "NEO4J_DATABASE")
            assert await teller.whole(memory) == 1


async def test_the_right_password_opens_and_a_wrong_one_is_named(closed: OwnServer, secret: Teller) -> None:
    async with secret.memory() as memory:
        await memory.add(said("I live in Turin."), scope=secret.scope)
        assert await secret.whole(memory) == 1

    with pytest.raises(StoreForbidden) as refused:
        async with secret.memory(neo4j_password=WRONG):
            pass
    bears(refused.value, "NEO4J_USER", "NEO4J_PASSWORD", closed.uri("bolt+s"))
    with pytest.raises(StoreForbidden) as nobody:
        async with secret.memory(neo4j_password=""):
            pass
    bears(nobody.value, "NEO4J_USER", "NEO4J_PASSWORD")


async def test_a_user_who_guesses_too_often_is_told_to_wait(closed: OwnServer, secret: Teller) -> None:
    closed.ask("CREATE USER guesser SET PASSWORD $password CHANGE NOT REQUIRED", "system", password=PASSWORD)

    for _ in range(5):
        with pytest.raises(StoreForbidden) as refused:
            async with secret.memory(neo4j_user="guesser", neo4j_password=WRONG):
                pass
        bears(refused.value, "NEO4J_USER", "NEO4J_PASSWORD")
    bears(refused.value, "wait")


async def test_a_password_that_has_to_be_changed_first_is_said(closed: OwnServer, secret: Teller) -> None:
    closed.ask("CREATE USER newcomer SET PASSWORD $password CHANGE REQUIRED", "system", password=PASSWORD)

    with pytest.raises(StoreForbidden) as refused:
        async with secret.memory(neo4j_user="newcomer"):
            pass
    bears(refused.value, "be changed", "NEO4J_PASSWORD")


async def test_a_password_changed_meanwhile_is_said_by_the_next_connection(closed: OwnServer, secret: Teller) -> None:
    closed.ask("CREATE USER changer SET PASSWORD $password CHANGE NOT REQUIRED", "system", password=PASSWORD)
    async with secret.memory(neo4j_user="changer") as memory:
        await memory.add(said("I live in Turin."), scope=secret.scope)
        closed.ask("ALTER USER changer SET PASSWORD $password", "system", password=f"{PASSWORD}-2")
        done = await asyncio.gather(
            *(memory.add(said(f"Line {n}.", f"line-{n}"), scope=f"{secret.scope}-{n}") for n in range(8)),
            return_exceptions=True,
        )

    refused = [error for error in done if isinstance(error, BaseException)]
    assert {type(error) for error in refused} == {StoreForbidden}
    for error in refused:
        assert isinstance(error, StoreForbidden)
        bears(error, "NEO4J_USER", "NEO4J_PASSWORD")
    await asyncio.sleep(1.5)  # as long as the server takes this user for a guesser
    async with secret.memory(neo4j_user="changer", neo4j_password=f"{PASSWORD}-2") as memory:
        assert await secret.whole(memory) == 1
        for number, outcome in enumerate(done):
            scope = f"{secret.scope}-{number}"
            assert await memory.verify(scope=scope) == ()
            acknowledged = not isinstance(outcome, BaseException)
            assert (await memory.status(scope=scope)).episodes >= acknowledged


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"], ids=["direct", "routed"])
async def test_certificates_are_checked_unless_that_is_waived(closed: OwnServer, secret: Teller, scheme: str) -> None:
    for how in (
        {"neo4j_uri": closed.uri(f"{scheme}+s")},
        {"neo4j_uri": closed.uri(f"{scheme}+ssc"), "neo4j_ca": None},
    ):
        async with secret.memory(**how) as memory:
            await memory.add(said("I live in Turin."), scope=secret.scope)
            assert (await memory.status(scope=secret.scope)).facts == 1

    with pytest.raises(StoreUnavailable) as unknown:
        async with secret.memory(neo4j_uri=closed.uri(f"{scheme}+s"), neo4j_ca=None):
            pass
    bears(unknown.value, "certificate", "NEO4J_CA")
    with pytest.raises(StoreUnavailable) as plain:
        async with secret.memory(neo4j_uri=closed.uri(scheme), neo4j_ca=None):
            pass
    bears(plain.value, "+s", "NEO4J_URI")


async def test_a_password_in_the_address_is_not_repeated(secret: Teller) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        async with secret.memory(neo4j_uri=f"neo4j+s://neo4j:{PASSWORD}@127.0.0.1:7687"):
            pass
    bears(refused.value, "NEO4J_USER", "NEO4J_PASSWORD")
