from __future__ import annotations

import gc
import os
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from docker.errors import DockerException
from testcontainers.community.neo4j import Neo4jContainer

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.memory import Added
from scripts import neo4j_local
from tests.browse import cypher
from tests.by_engine import SERVERS, pytest_xdist_make_scheduler  # noqa: F401  (pytest finds its hook here)
from tests.queries_ran import (  # noqa: F401  (pytest finds its hooks here)
    pytest_collection_finish,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    queries_are_noted,
)
from tests.scripted import ScriptedChat, rule, triple
from tests.servers import quick_embedded_stores, short_lived

quick_embedded_stores()

Add = Callable[..., Awaitable[Added]]


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture(scope="session")
def neo4j_uri() -> Iterator[str]:
    """NEO4J_URI, else 5.26 from local jars, else in a container; REQUIRE_NEO4J=1 turns a skip into a failure."""
    given = os.environ.get("NEO4J_URI")
    if given:
        if "PYTEST_XDIST_WORKER" in os.environ:
            pytest.fail("the tests empty the server of NEO4J_URI: one process at a time may use it, pytest -n 0.")
        yield given
        return
    yield from _server("5.26.30")


@pytest.fixture(scope="session")
def neo4j2026_uri() -> Iterator[str]:
    """A server of the 2026 line, from local jars or in a container; where NEO4J_URI is set only that one is tested."""
    if os.environ.get("NEO4J_URI"):
        pytest.skip("NEO4J_URI names the one server to test")
    yield from _server("2026.08.1")


def _server(version: str) -> Iterator[str]:
    try:
        neo4j_local.prepare(version)
        neo4j_local.java_of(version)
    except neo4j_local.Missing as missing:
        yield from _container(version, str(missing))
        return
    with short_lived(version) as server:
        yield server.bolt_uri


def _container(version: str, why_no_jars: str) -> Iterator[str]:
    container, reason = None, ""
    try:
        container = Neo4jContainer(f"neo4j:{version}-community").with_env("NEO4J_AUTH", "none").start()
    except DockerException as exc:
        reason = f"no Neo4j: {why_no_jars}; and no Docker: {exc}"
    if container is None:
        with warnings.catch_warnings():
            # The Docker client leaves its socket open when nobody answers.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        if os.environ.get("REQUIRE_NEO4J"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield container.get_connection_url()
    finally:
        container.stop()


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


class HeldServer:
    """The server of an embedded store, which would leave while other engines are tested, and start again and again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._server: EmbeddedServer | None = None

    def hold(self) -> None:
        if self._server is None:
            self._server = EmbeddedServer(self.home)
            self._server.ensure()

    def release(self) -> None:
        if self._server is not None:
            self._server.release()
        self._server = None


@pytest.fixture(scope="session")
def embedded_server(embedded_home: Path) -> Iterator[HeldServer]:
    held = HeldServer(embedded_home)
    yield held
    held.release()


ENGINES = ("embedded", *SERVERS)


def settings_of(request: pytest.FixtureRequest, home: Path) -> Settings:
    """Return the settings of the engine that a fixture is asked for."""
    if request.param == "embedded":
        request.getfixturevalue("embedded_server").hold()
        return Settings(home=home, tenant="test")
    return Settings(home=home, neo4j_uri=request.getfixturevalue(f"{request.param}_uri"), tenant="test")


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, embedded_home: Path) -> Settings:
    """All stores, one after the other; a test takes a scope of its own."""
    return settings_of(request, embedded_home)


@pytest.fixture
def fresh(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An empty store, and what the test leaves is cleared."""
    if settings.neo4j_uri is None:
        yield replace(settings, home=tmp_path / "home")
        return
    cypher(settings, "MATCH (n) DETACH DELETE n")
    yield settings
    cypher(settings, "MATCH (n) DETACH DELETE n")


def new_scope() -> str:
    return f"ada-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def scope() -> str:
    return new_scope()


LINES: dict[str, list[dict[str, Any]]] = {
    "I live in Turin.": [triple("Ada", "LIVES_IN", "Turin", quote="I live in Turin")],
    "We moved to Oslo last week!": [
        triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo last week", valid_from="2024-06-13")
    ],
    "I have a cat, Miso.": [triple("Ada", "HAS_PET", "Miso", quote="a cat, Miso")],
    "And a dog, Rex.": [triple("Ada", "HAS_PET", "Rex", quote="a dog, Rex")],
    "My boss is Ingrid.": [triple("Ada", "REPORTS_TO", "Ingrid", quote="boss is Ingrid")],
    "Her brother is Lars.": [triple("Ingrid", "SIBLING_OF", "Lars", quote="brother is Lars")],
    "Lars studied at NTNU.": [triple("Lars", "STUDIED_AT", "NTNU", quote="studied at NTNU")],
    "If I moved to Rome, I would miss the snow.": [
        triple("Ada", "LIVES_IN", "Rome", quote="If I moved to Rome", modality="hypothetical")
    ],
    "The party takes place on 5 October.": [triple("party", "HAPPENS_ON", "2024-10-05", quote="on 5 October")],
    "No, I meant 6 October.": [triple("party", "HAPPENS_ON", "2024-10-06", quote="6 October")],
    "I work at Lumen.": [triple("Ada", "WORKS_AT", "Lumen", quote="work at Lumen")],
    "I left Lumen.": [triple("Ada", "WORKS_AT", "Lumen", quote="left Lumen", polarity="denied")],
    "My commute is 20 minutes.": [triple("Ada", "COMMUTE", "20 minutes", quote="20 minutes")],
    "My commute is an hour now.": [triple("Ada", "COMMUTE", "an hour", quote="an hour now")],
    "We are in Rome now.": [triple("Ada", "LIVES_IN", "Rome", quote="in Rome now")],
    "The party takes place on 4 October.": [triple("party", "HAPPENS_ON", "2024-10-04", quote="on 4 October")],
    "Please forget where I live.": [
        triple("Ada", "LIVES_IN", "", quote="forget where I live", object=None, polarity="forget")
    ],
    "Mia works at Orbit until May 2099.": [
        triple("Mia", "WORKS_AT", "Orbit", quote="until May 2099", valid_to="2099-05-01")
    ],
    "I am 34.": [triple("Ada", "AGE", "34", quote="34")],
    "I no longer have Rex.": [triple("Ada", "HAS_PET", "Rex", quote="no longer have Rex", polarity="denied")],
}


RULES: dict[str, list[dict[str, Any]]] = {
    "When I leave Lumen, Ben gets the car.": [
        rule(("Ada", "ends", "WORKS_AT", "Lumen"), ("Ben", "OWNS", "car"), quote="When I leave Lumen, Ben gets the car")
    ],
}


def read(said: str) -> list[dict[str, Any]]:
    return LINES.get(said, [])


def decide(prompt: str) -> dict[str, Any]:
    if "I meant" in prompt:
        return {"action": "invalidate", "kind": "correction", "at": None}
    return {"action": "invalidate", "kind": "change", "at": None}


def scripted() -> ScriptedChat:
    return ScriptedChat(read=read, decide=decide, rules=lambda said: RULES.get(said, []))


@pytest.fixture
def model() -> ScriptedChat:
    return scripted()


@pytest.fixture
async def memory(settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str) -> AsyncIterator[Memory]:
    """A memory; whatever a test did, its scope keeps the ledger's promises."""
    async with Memory.open(settings, model=model, embedder=embedder) as opened:
        yield opened
        assert await opened.verify(scope=scope) == ()


@pytest.fixture
def story(memory: Memory, scope: str) -> Add:
    """Let Ada say something on a day."""

    async def say(text: str, at: str) -> Added:
        day = datetime.fromisoformat(f"{at}T12:00:00+00:00")
        return await memory.add(Message(text=text, at=day, speaker="Ada"), scope=scope)

    return say
