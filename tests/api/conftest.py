from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphmem.ports import ChatRequest
from graphmem.write.replies import ExtractionReply
from tests.conftest import decide, read
from tests.openai_server import Answer, completion, openai_server
from tests.scripted import ScriptedChat


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """A model server whose replies are the script of the contract tests."""
    script = ScriptedChat(read=read, decide=decide)

    def answer(body: dict[str, Any]) -> Answer:
        request = ChatRequest(
            kind=body["response_format"]["json_schema"]["name"],
            prompt_version="",
            system="",
            user=body["messages"][1]["content"],
            schema=ExtractionReply,
            message_ids=(),
        )
        return completion(asyncio.run(script.ask(request)).text)

    with openai_server(answer) as url:
        yield url


@pytest.fixture(scope="session")
def environment(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
    home = tmp_path_factory.mktemp("served") / "home"
    return {
        **kept,
        "GRAPHMEM_HOME": str(home),
        "OPENAI_BASE_URL": model_url,
        "GRAPHMEM_MODEL_OUTPUT": "json_schema",
        "COLUMNS": "200",
    }


@pytest.fixture(scope="session")
def client(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of `graphmem serve` in a process of its own."""
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "graphmem", "serve", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=out,
        )
        assert server.stdout is not None
        address = server.stdout.readline().decode().split()[0]
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as opened:
            yield opened
        server.terminate()
        server.wait(30)
        server.stdout.close()
    assert "Traceback" not in Path(log).read_text()
