"""A graph of each earlier schema, with data, is brought up to date; on each engine."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from neo4j import AsyncGraphDatabase

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.queries import BUCKETS, bucket_of
from graphmem.adapters.schema import expected_indexes
from graphmem.errors import StoreOlder
from graphmem.house.doctor import examine
from graphmem.house.upkeep import migrate_store
from tests.browse import cypher
from tests.by_engine import SERVERS
from tests.conftest import scripted
from tests.counts import FULL
from tests.scripted import ScriptedChat

KIND = "{indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}}"
NO_SWEEP = "MATCH (f:Fact) REMOVE f.sweep_key"
BEFORE_4 = {
    "neo4j526": [
        *(f"DROP INDEX {kind}_vector_{b}" for kind in ("fact", "episode") for b in BUCKETS),
        *(f"MATCH (n:{kind}{b}) REMOVE n:{kind}{b}" for kind in ("Fact", "Episode") for b in BUCKETS),
        f"CREATE VECTOR INDEX fact_vector FOR (n:Fact) ON n.embedding OPTIONS {KIND}",
        f"CREATE VECTOR INDEX episode_vector FOR (n:Episode) ON n.embedding OPTIONS {KIND}",
    ],
    "neo4j2026": [
        "DROP INDEX fact_vector",
        f"CYPHER 25 CREATE VECTOR INDEX fact_vector FOR (n:Fact) ON n.embedding WITH [n.scope] OPTIONS {KIND}",
    ],
}
BEFORE_5 = ["DROP CONSTRAINT fact_version_id IF EXISTS"]
BEFORE_6 = ["DROP CONSTRAINT usage_id IF EXISTS", "DROP INDEX usage_scope IF EXISTS", "DROP INDEX usage_day IF EXISTS"]
BEFORE_7 = [
    "DROP INDEX episode_tokens_due IF EXISTS",
    "DROP INDEX fact_tokens_due IF EXISTS",
    "MATCH (n) WHERE n.tokens IS NOT NULL OR n.tokens_due IS NOT NULL REMOVE n.tokens, n.tokens_due",
]

BEFORE_8 = [
    "DROP CONSTRAINT api_key_id IF EXISTS",
    "DROP INDEX scope_due IF EXISTS",
    "DROP INDEX episode_parked IF EXISTS",
]


def undone(earlier: int, dialect: str) -> list[str]:
    """Return what makes a graph of an earlier schema of one of today's."""
    steps = [f"MATCH (own:GraphMem {{id: 'graphmem'}}) SET own.format = {earlier}", *BEFORE_8]
    steps += BEFORE_7 if earlier < 7 else []
    steps += BEFORE_6 if earlier < 6 else []
    steps += BEFORE_5 if earlier < 5 else []
    steps += BEFORE_4[dialect] if earlier < 4 else []
    return [*steps, NO_SWEEP] if earlier < 3 else steps


SCOPE = "ada"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A server that nobody else uses now, and the facts that one scope of it holds."""

    dialect: str
    uri: str
    facts: list[str]


def _on(number: int, earlier: int) -> bool:
    """Tell which server is brought up from which schema: of the first and last both, else one, unless for proof."""
    return FULL or earlier in {1, 7} or earlier % 2 == number


@pytest.fixture(scope="module")
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder
) -> AsyncIterator[Told]:
    uri = request.getfixturevalue(f"{request.param}_uri")
    settings = Settings(home=tmp_path_factory.mktemp("told"), neo4j_uri=uri, tenant="test")
    cypher(settings, "MATCH (n) DETACH DELETE n")
    facts = await _tell(settings, scripted(), embedder, SCOPE)
    (component,) = cypher(
        settings,
        "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version",
    )
    yield Told(dialect="neo4j526" if component["version"].startswith("5") else "neo4j2026", uri=uri, facts=facts)
    cypher(settings, "MATCH (n) DETACH DELETE n")


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder) -> tuple[Path, list[str]]:
    """The directory of an embedded store that nobody uses any more, and the facts that one scope of it holds."""
    settings = Settings(home=tmp_path_factory.mktemp("told") / "home", tenant="test")
    facts = await _tell(settings, scripted(), embedder, SCOPE)
    await asyncio.to_thread(_await_its_end, settings.home)
    return settings.home, facts


def _await_its_end(home: Path) -> None:
    """Wait for the lock that the server keeps for life."""
    with (home / "server.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


async def _tell(settings: Settings, model: ScriptedChat, embedder: LocalEmbedder, scope: str) -> list[str]:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        for day, text in enumerate(("I live in Turin.", "I work at Lumen.", "My boss is Ingrid.", "I left Lumen."), 1):
            at = datetime(2024, 6, day, tzinfo=UTC)
            await memory.add(Message(text=text, at=at, speaker="Ada"), scope=scope)
        return sorted(f.text for f in await memory.facts(scope=scope))


async def _ask(settings: Settings, model: ScriptedChat, embedder: LocalEmbedder, scope: str) -> list[str]:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        assert await memory.verify(scope=scope) == ()
        found = await memory.search("Where does Ada live?", scope=scope)
        assert found.facts[0].text == "Ada lives in Turin"
        assert found.facts[0].parts["late"] > 0
        return sorted(f.text for f in await memory.facts(scope=scope))


async def _run(
    uri: str, statements: list[str], auth: tuple[str, str] | None = None, database: str | None = None
) -> None:
    async with AsyncGraphDatabase.driver(uri, auth=auth) as driver:
        for statement in statements:
            await driver.execute_query(statement, database_=database)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("server", "earlier"),
    [(engine, earlier) for number, engine in enumerate(SERVERS) for earlier in range(1, 8) if _on(number, earlier)],
    indirect=["server"],
)
async def test_a_server_of_an_earlier_schema_is_migrated_by_command(
    server: Told, earlier: int, tmp_path: Path, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    dialect, uri = server.dialect, server.uri
    settings = Settings(home=tmp_path, neo4j_uri=uri, tenant="test")
    await _run(uri, undone(earlier, dialect))

    with pytest.raises(StoreOlder, match="graphmem migrate"):
        await _ask(settings, model, embedder, SCOPE)
    assert {c.name for c in await examine(settings, embedder) if not c.well} >= {"schema"}
    planned = await migrate_store(settings, dry_run=True)
    done = await asyncio.gather(migrate_store(settings), migrate_store(settings))
    steps = [step for one in done for step in one.steps]

    assert steps == list(planned.steps), "two at once take each step once"
    assert steps[-1].split("/")[1].startswith("0008")
    assert (await migrate_store(settings)).steps == ()
    assert await _ask(settings, model, embedder, SCOPE) == server.facts
    async with AsyncGraphDatabase.driver(uri) as driver:
        shown = await driver.execute_query("SHOW INDEXES YIELD name, state")
        online = {row["name"] for row in shown.records if row["state"] == "ONLINE"}
        assert set(expected_indexes(dialect)) <= online
        labels = await driver.execute_query(
            "MATCH (f:Fact {scope: $scope}) RETURN labels(f) AS labels", scope=f"test/{SCOPE}"
        )
        assert labels.records
        if dialect == "neo4j526":
            bucket = f"Fact{bucket_of(f'test/{SCOPE}')}"
            assert all(sorted(row["labels"]) == ["Fact", bucket] for row in labels.records)


@pytest.mark.parametrize(
    ("earlier", "steps"),
    [
        (1, ["0002", "0002", "0003", "0005", "0006", "0006", "0007", "0007", "0008", "0008"]),
        (2, ["0003", "0005", "0006", "0006", "0007", "0007", "0008", "0008"]),
        (3, ["0005", "0006", "0006", "0007", "0007", "0008", "0008"]),
        (5, ["0006", "0006", "0007", "0007", "0008", "0008"]),
        (6, ["0007", "0007", "0008", "0008"]),
        (7, ["0008", "0008"]),
    ],
)
async def test_the_embedded_store_is_brought_up_to_date_when_opened(
    earlier: int,
    steps: list[str],
    told: tuple[Path, list[str]],
    tmp_path: Path,
    embedder: LocalEmbedder,
    model: ScriptedChat,
) -> None:
    home, before = told
    settings = Settings(home=tmp_path / "home", tenant="test")
    shutil.copytree(home, settings.home)
    server = EmbeddedServer(settings.home)
    address = server.ensure()
    older = [BEFORE_7[-1], NO_SWEEP, f"MATCH (own:GraphMem {{id: 'graphmem'}}) SET own.format = {earlier}"]
    await _run(address.uri, older, (address.user, address.password), address.database)
    server.release()

    lacking = await migrate_store(settings, dry_run=True)
    assert [step.split("/")[1][:4] for step in lacking.steps] == steps
    assert await _ask(settings, model, embedder, SCOPE) == before
    assert (await migrate_store(settings)).steps == ()
