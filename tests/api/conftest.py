from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphmem import Memory
from graphmem.ports import ChatRequest
from graphmem.settings import read_settings
from graphmem.write.replies import ExtractionReply
from tests.browse import cypher
from tests.conftest import decide, read
from tests.openai_server import Answer, completion, openai_server, streamed
from tests.scripted import ScriptedChat

RIGHTS = {"reader": ("read",), "writer": ("write",), "admin": ("admin",)}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A service in a process of its own: its address, its environment, its log, and keys by tenant and right."""

    url: str
    environment: dict[str, str]
    log: Path
    keys: dict[tuple[str, str], str]

    def client(self, tenant: str = "acme", right: str = "admin") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[tenant, right]}"}
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False, headers=headers)


def scripted_answer(body: dict[str, Any]) -> Answer:
    """Answer as a model does by the script of the contract tests; asked to talk, it talks."""
    if "response_format" not in body:
        return streamed("You live ", "in Oslo.")
    request = ChatRequest(
        kind=body["response_format"]["json_schema"]["name"],
        prompt_version="",
        system="",
        user=body["messages"][1]["content"],
        schema=ExtractionReply,
        message_ids=(),
    )
    return completion(asyncio.run(ScriptedChat(read=read, decide=decide).ask(request)).text)


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """A model server whose replies are the script of the contract tests."""
    with openai_server(scripted_answer) as url:
        yield url


def environment_of(home: Path, model_url: str, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
    own = {
        "GRAPHMEM_HOME": str(home),
        "OPENAI_BASE_URL": model_url,
        "GRAPHMEM_MODEL_OUTPUT": "json_schema",
        "GRAPHMEM_RATE": "100000/minute",
        "COLUMNS": "200",
    }
    return {**kept, **own, **more}


@contextmanager
def running(environment: dict[str, str], log: Path, *options: str) -> Iterator[str]:
    """Run `graphmem serve`, and yield its address."""
    with log.open("w") as out:
        command = [sys.executable, "-m", "graphmem", "serve", "--port", "0", *options]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=out)
        assert server.stdout is not None
        try:
            line = server.stdout.readline().decode()
            assert line.startswith("http://"), log.read_text()
            yield line.split()[0]
        finally:
            server.terminate()
            server.wait(40)
            server.stdout.close()


async def make_keys(environment: dict[str, str]) -> dict[tuple[str, str], str]:
    made: dict[tuple[str, str], str] = {}
    async with Memory.open(read_settings(environment)) as memory:
        for tenant in ("acme", "beta"):
            for name, rights in RIGHTS.items():
                key = await memory.create_key(tenant=tenant, name=name, rights=rights)
                made[tenant, name] = key.secret
        ended = await memory.create_key(tenant="acme", expires_in=timedelta(microseconds=1))
        made["acme", "ended"] = ended.secret
    return made


@pytest.fixture(scope="package", params=["embedded", "neo4j"])
def served(
    request: pytest.FixtureRequest, model_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    more = {} if request.param == "embedded" else {"NEO4J_URI": request.getfixturevalue("neo4j_uri")}
    environment = environment_of(folder / "home", model_url, **more)
    keys = asyncio.run(make_keys(environment))
    log = folder / "log"
    # Its worker reads whatever waits on the server, so it is gone before other tests use that.
    with running(environment, log, "--host", "127.0.0.1") as url:
        yield Served(url=url, environment=environment, log=log, keys=keys)
    settings = read_settings(environment)
    if settings.neo4j_uri is not None:
        cypher(settings, "MATCH (n) DETACH DELETE n")
    assert '"level": "ERROR"' not in log.read_text(), log.read_text()


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """A client with all rights of the tenant acme."""
    with served.client() as opened:
        yield opened
