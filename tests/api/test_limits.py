"""How much is taken at once; a service with small limits."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import environment_of, running

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
ASKED = {"user": "ada", "query": "Where does Ada live?"}


@pytest.fixture(scope="module")
def slow(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that waits 1 second for a body, answers 2 at once, and lets 5 messages wait, which nobody reads."""
    folder = tmp_path_factory.mktemp("limits")
    environment = environment_of(
        folder / "home",
        model_url,
        GRAPHMEM_REQUEST_TIMEOUT="1",
        GRAPHMEM_REQUEST_BYTES="2000",
        GRAPHMEM_CONCURRENCY="2",
        GRAPHMEM_BACKLOG="5",
        GRAPHMEM_RATE="40/hour",
        GRAPHMEM_RESULT_ROWS="1",
    )
    with running(environment, folder / "log", "--no-worker") as url:
        yield url


def test_a_slow_client_is_let_go(slow: str) -> None:
    where = urlsplit(slow)
    start = time.monotonic()
    with socket.create_connection((where.hostname, where.port), timeout=30) as raw:
        head = "POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        raw.sendall(head.encode())
        told = raw.makefile("rb").read().decode()

    assert told.startswith("HTTP/1.1 408")
    assert json.loads(told.partition("\r\n\r\n")[2])["type"] == "/problems/slow-request"
    assert time.monotonic() - start < 20


def test_more_messages_than_may_wait_are_put_off(slow: str) -> None:
    with httpx.Client(base_url=slow, trust_env=False, timeout=60) as client:
        for _ in range(5):
            assert client.post("/v1/messages", json={"user": "ada", "messages": [TURIN]}).status_code == 202
        full = client.post("/v1/messages", json={"user": "ben", "messages": [TURIN]})
        search = client.post("/v1/search", json=ASKED)

    assert (full.status_code, full.json()["type"]) == (429, "/problems/backlog-full")
    assert int(full.headers["retry-after"]) > 0
    assert search.status_code == 200


def test_a_query_of_ones_own_returns_as_many_rows_as_may_be(slow: str) -> None:
    asked = {"user": "ada", "query": "MATCH (e:Episode) RETURN e.id AS id", "limit": 1000}
    answer = httpx.post(f"{slow}/v1/cypher", json=asked, trust_env=False, timeout=60).json()

    assert (len(answer["rows"]), answer["truncated"]) == (1, True)


def test_a_body_over_the_limit_is_refused(slow: str) -> None:
    answer = httpx.post(f"{slow}/v1/search", json={**ASKED, "query": "x" * 3000}, trust_env=False, timeout=60)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


def test_more_at_once_than_may_be_are_told_to_wait(slow: str) -> None:
    held = '{"user": "ada", '

    def slowly() -> Iterator[bytes]:
        yield held.encode()
        time.sleep(0.7)
        yield b'"query": "x"}'

    def send(_: int) -> httpx.Response:
        headers = {"content-type": "application/json"}
        return httpx.post(f"{slow}/v1/search", content=slowly(), headers=headers, trust_env=False, timeout=30)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    refused = [a for a in answers if a.status_code == 503]
    assert len(refused) == 4
    assert all(a.json()["type"] == "/problems/busy" and a.headers["retry-after"] == "1" for a in refused)
    assert httpx.get(f"{slow}/healthz", trust_env=False, timeout=60).status_code == 200


def test_a_key_that_asks_too_often_is_told_when_it_may_again(slow: str) -> None:
    with httpx.Client(base_url=slow, trust_env=False, timeout=60) as client:
        answers = [client.get("/v1/facts", params={"user": "ada"}) for _ in range(45)]

    last = answers[-1]
    assert (last.status_code, last.json()["type"]) == (429, "/problems/too-many-requests")
    assert last.headers["x-ratelimit-limit"] == "40"
    assert 0 < int(last.headers["retry-after"]) <= 3600
