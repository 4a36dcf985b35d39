"""How much is taken at once; a service with small limits."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from graphmem import Memory, Settings
from graphmem.api.access import Gate
from graphmem.api.app import create_app
from graphmem.api.limits import BACKLOG_SECONDS, Limits
from graphmem.api.problems import Refused
from graphmem.settings import Service, read_settings
from tests.api.conftest import environment_of, running

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
ASKED = {"user": "ada", "query": "Where does Ada live?"}


@pytest.fixture(scope="module")
def slow(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that waits 1 second for a body, and lets 5 messages wait, which nobody reads."""
    folder = tmp_path_factory.mktemp("limits")
    environment = environment_of(
        folder / "home",
        model_url,
        GRAPHMEM_REQUEST_TIMEOUT="1",
        GRAPHMEM_REQUEST_BYTES="2000",
        GRAPHMEM_BACKLOG="5",
        GRAPHMEM_RATE="40/hour",
        GRAPHMEM_RESULT_ROWS="1",
        GRAPHMEM_RESULT_BYTES="1000",
    )
    with running(environment, folder / "log", "--no-worker") as url:
        yield url


def test_a_slow_client_is_let_go(slow: str) -> None:
    where = urlsplit(slow)
    start = time.monotonic()
    with socket.create_connection((where.hostname, where.port), timeout=30) as raw:
        head = "POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += "Content-Length: 100\r\n\r\n{"
        raw.sendall(head.encode())
        told = raw.makefile("rb").read().decode()

    assert told.startswith("HTTP/1.1 408")
    assert json.loads(told.partition("\r\n\r\n")[2])["type"] == "/problems/slow-request"
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "head", [b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n", b"\0\0\0\r\n", b"GET\r\n"]
)
def test_what_is_no_http_is_told_so_in_a_problem_document(slow: str, head: bytes) -> None:
    where = urlsplit(slow)
    with socket.create_connection((where.hostname, where.port), timeout=30) as raw:
        raw.sendall(head + b"\r\n")
        told, _, body = raw.makefile("rb").read().decode().partition("\r\n\r\n")

    assert told.startswith("HTTP/1.1 400 Bad Request\r\n")
    assert "content-type: application/problem+json" in told.lower()
    assert "x-content-type-options: nosniff" in told.lower()
    assert json.loads(body)["type"] == "/problems/malformed-request"
    assert httpx.get(f"{slow}/healthz", trust_env=False).status_code == 200


def test_more_messages_than_may_wait_are_put_off(slow: str) -> None:
    with httpx.Client(base_url=slow, trust_env=False, timeout=60) as client:
        for _ in range(5):
            assert client.post("/v1/messages", json={"user": "ada", "messages": [TURIN]}).status_code == 202
        full = client.post("/v1/messages", json={"user": "ben", "messages": [TURIN]})
        search = client.post("/v1/search", json=ASKED)

    assert (full.status_code, full.json()["type"]) == (429, "/problems/backlog-full")
    assert int(full.headers["retry-after"]) > 0
    assert search.status_code == 200


def test_a_result_that_is_too_large_is_refused(slow: str) -> None:
    query = "UNWIND range(1, 1000) AS n RETURN collect(n) AS numbers"
    with httpx.Client(base_url=slow, trust_env=False, timeout=60) as client:
        answer = client.post("/v1/cypher", json={"user": "ada", "query": query})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cypher-refused")
    assert "GRAPHMEM_RESULT_BYTES" in answer.json()["detail"]


async def test_steady_traffic_is_let_in_while_nothing_waits(tmp_path: Path) -> None:
    service = Service(backlog=5)
    async with Memory.open(Settings(home=tmp_path)) as memory:
        limits = Limits(memory=memory, service=service)
        for _ in range(4 * service.backlog):
            await limits.check_backlog("acme", 1)
            await asyncio.sleep(BACKLOG_SECONDS / 4)


async def test_messages_that_are_there_already_do_not_count_as_waiting_once_more(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path), Service(backlog=5), open_tenant="default", works=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):

        async def told(*ids: str, key: str = "one") -> tuple[int, int, int] | str:
            body = {"user": "ada", "messages": [{**TURIN, "id": i} if i else TURIN for i in ids]}
            answer = await client.post("/v1/messages", json=body, headers={"Idempotency-Key": key})
            found = answer.json()
            return (answer.status_code, found["new"], found["known"]) if answer.is_success else found["type"]

        assert await told("a", "b") == (202, 2, 0)
        assert await told("", "", key="two") == (202, 2, 0)
        assert await told("a", "b") == (202, 0, 2)
        assert await told("", "", key="two") == (202, 0, 2)
        assert await told("a", "b", "c", "d", key="three") == "/problems/backlog-full"
        assert await told("a", "b", "c", key="three") == (202, 1, 2)
        assert await told("", "", key="two") == (202, 0, 2)


async def test_each_tenants_each_subject_is_counted_apart(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = {**jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "ec"}
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [public]}))
    service = Service(rate="1/hour", jwks=jwks)
    async with Memory.open(Settings(home=tmp_path / "home")) as memory:
        key = await memory.create_key(tenant="a")
        gate, limits = Gate(memory, service, None), Limits(memory, service)
        subjects = [("a/b", "c"), ("a", "b/c"), ("a", "x" * 300), ("a", "x" * 301), ("a", key.key.id)]
        said = [{"tenant": t, "sub": s, "scope": "read", "exp": time.time() + 60} for t, s in subjects]
        tokens = [jwt.encode(claims, private, "ES256", headers={"kid": "ec"}) for claims in said]
        for presented in (key.secret, *tokens):
            await limits.check_rate(await gate.principal(presented))
        for presented in (key.secret, *tokens):
            with pytest.raises(Refused, match="may ask 1 times a hour"):
                await limits.check_rate(await gate.principal(presented))


REQUESTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", "/v1/facts?user=ada", {}),
    (400, "POST", "/v1/search", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    (403, "DELETE", "/v1/users/ada", {}),
    (404, "GET", "/v1/nothing", {}),
    (405, "PUT", "/v1/facts", {}),
    (413, "POST", "/v1/search", {"json": {**ASKED, "query": "x" * 3000}}),
    (415, "POST", "/v1/search", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    (422, "GET", "/v1/facts", {}),
]


async def test_each_request_of_a_key_is_counted_once_however_it_is_answered(tmp_path: Path) -> None:
    service = Service(rate="2/hour", request_bytes=2000)
    app = create_app(Settings(home=tmp_path), service, works=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        for status, method, path, parts in REQUESTS:
            key = await app.state.memory.create_key(tenant="acme", rights=("read",))
            client.headers["Authorization"] = f"Bearer {key.secret}"
            answers = [await client.request(method, path, **parts) for _ in range(3)]

            assert [a.status_code for a in answers] == [status, status, 429], path
            assert answers[-1].json()["type"] == "/problems/too-many-requests"
            assert 0 < int(answers[-1].headers["retry-after"]) <= 3600


def test_a_query_of_ones_own_returns_as_many_rows_as_may_be(slow: str) -> None:
    asked = {"user": "ada", "query": "MATCH (e:Episode) RETURN e.id AS id", "limit": 1000}
    answer = httpx.post(f"{slow}/v1/cypher", json=asked, trust_env=False, timeout=60).json()

    assert (len(answer["rows"]), answer["truncated"]) == (1, True)


def test_a_body_over_the_limit_is_refused(slow: str) -> None:
    answer = httpx.post(f"{slow}/v1/search", json={**ASKED, "query": "x" * 3000}, trust_env=False, timeout=60)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """A service that answers 2 requests at once, and a client for each of its tenants."""

    url: str
    clients: dict[str, httpx.Client]


@pytest.fixture(scope="module")
def narrow(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Narrow]:
    folder = tmp_path_factory.mktemp("narrow")
    environment = environment_of(folder / "home", model_url, GRAPHMEM_CONCURRENCY="2")

    async def keys() -> dict[str, str]:
        async with Memory.open(read_settings(environment)) as memory:
            return {tenant: (await memory.create_key(tenant=tenant)).secret for tenant in ("acme", "beta", "gamma")}

    made = asyncio.run(keys())
    with ExitStack() as stack:
        options = ("--no-worker", "--host", "127.0.0.1")
        url = stack.enter_context(running(environment, folder / "log", *options))
        clients = {
            tenant: stack.enter_context(
                httpx.Client(base_url=url, trust_env=False, timeout=60, headers={"Authorization": f"Bearer {secret}"})
            )
            for tenant, secret in made.items()
        }
        yield Narrow(url=url, clients=clients)


def wait_for_facts(client: httpx.Client, seconds: float) -> httpx.Response:
    """Ask for facts that nobody draws, so that the request is answered after so many seconds."""
    return client.post("/v1/messages", params={"wait": seconds}, json={"user": "ada", "messages": [TURIN]})


def test_strangers_who_send_slowly_take_no_place(narrow: Narrow) -> None:
    where = urlsplit(narrow.url)
    head = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with ExitStack() as stack:
        for _ in range(8):
            raw = stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=30))
            raw.sendall(head)
            assert raw.recv(1000).startswith(b"HTTP/1.1 401")
        answer = narrow.clients["acme"].post("/v1/search", json=ASKED)

    assert answer.status_code == 200


def test_a_tenant_has_half_of_the_places_also_with_slow_bodies(narrow: Narrow) -> None:
    def slowly() -> Iterator[bytes]:
        yield b'{"user": "ada", '
        time.sleep(2)
        yield b'"query": "x"}'

    def send(_: int) -> httpx.Response:
        return narrow.clients["acme"].post("/v1/search", content=slowly(), headers={"content-type": "application/json"})

    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(send, range(4))
        time.sleep(0.5)
        other = narrow.clients["beta"].post("/v1/search", json=ASKED)
        answers = list(sent)

    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) == 3
    assert all(a.json()["type"] == "/problems/too-many-requests" and a.headers["retry-after"] == "1" for a in refused)
    assert other.status_code == 200


def test_more_at_once_than_may_be_are_told_to_wait(narrow: Narrow) -> None:
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(wait_for_facts, narrow.clients[tenant], 3) for tenant in ("acme", "beta")]
        time.sleep(1.5)
        refused = narrow.clients["gamma"].post("/v1/search", json=ASKED)
        health = narrow.clients["gamma"].get("/healthz")
        answers = [answer.result() for answer in held]

    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
    assert refused.headers["retry-after"] == "1"
    assert health.status_code == 200
    assert [a.status_code for a in answers] == [202, 202]


def test_streams_have_places_of_their_own_half_of_them_one_tenants(narrow: Narrow) -> None:
    followed = {"user": "ada", "seconds": 30}
    acme, beta = narrow.clients["acme"], narrow.clients["beta"]
    with acme.stream("GET", "/v1/changes/feed", params=followed) as feed:
        more = acme.get("/v1/changes/feed", params=followed)
        asked = acme.post("/v1/search", json=ASKED)
        with beta.stream("GET", "/v1/changes/feed", params=followed) as other:
            codes = feed.status_code, more.status_code, asked.status_code, other.status_code

    assert codes == (200, 429, 200, 200)


def test_a_key_that_asks_too_often_is_told_when_it_may_again(slow: str) -> None:
    with httpx.Client(base_url=slow, trust_env=False, timeout=60) as client:
        answers = [client.get("/v1/facts", params={"user": "ada"}) for _ in range(45)]

    last = answers[-1]
    assert (last.status_code, last.json()["type"]) == (429, "/problems/too-many-requests")
    assert last.headers["x-ratelimit-limit"] == "40"
    assert 0 < int(last.headers["retry-after"]) <= 3600
