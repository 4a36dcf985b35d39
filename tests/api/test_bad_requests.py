"""What is wrong with a request is said by the right status and a problem document, and nothing is stored."""

from __future__ import annotations

import json
import resource
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from graphmem import Settings
from graphmem.api.app import create_app
from graphmem.api.problems import KINDS, MEDIA_TYPE
from graphmem.cursors import write_cursor
from tests.api.conftest import Served

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
FACT = {"user": "ada", "subject": "Ada", "predicate": "LIVES_IN", "value": "Oslo"}
WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/v1/messages", {"user": "ada", "messages": []}, 422, "messages"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [{**TURIN, "text": " "}]}, 422, "empty"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [{**TURIN, "text": "\0"}]}, 422, "control character"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [{**TURIN, "at": "2024-01-10T12:00:00"}]}, 422, "at"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [{**TURIN, "at": "0001-01-01T00:00:00+14:00"}]}, 422, "years"),
    ("POST", "/v1/messages", {"user": "ada", "tenant": "beta", "messages": [TURIN]}, 422, "tenant"),
    ("POST", "/v1/messages", {"user": " ", "messages": [TURIN]}, 422, "scope"),
    ("POST", "/v1/messages", {"user": "a\0b", "messages": [TURIN]}, 422, "control characters"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [TURIN] * 1001}, 413, "1,000 messages"),
    ("POST", "/v1/messages", [1, 2], 422, "body"),
    ("POST", "/v1/messages?wait=1e9", {"user": "ada", "messages": [TURIN]}, 422, "wait"),
    ("POST", "/v1/search", {"user": "ada", "query": ""}, 422, "query"),
    ("POST", "/v1/search", {"user": "ada", "query": "x" * 20_000}, 422, "query"),
    ("POST", "/v1/search", {"user": "ada", "query": "x", "limit": 0}, 422, "limit"),
    ("POST", "/v1/search", {"user": "ada", "query": "x", "limit": True}, 422, "limit"),
    ("POST", "/v1/search", {"user": "", "query": "x"}, 422, "user"),
    ("POST", "/v1/search", {"user": [], "query": "x"}, 422, "user"),
    ("POST", "/v1/search", {"user": "ada", "query": "x", "filters": {"predicates": ["NOT_ONE"]}}, 422, "NOT_ONE"),
    ("POST", "/v1/search", {"user": "ada", "query": "x", "as_of": {"valid": "yesterday"}}, 422, "as_of"),
    ("POST", "/v1/cypher", {"user": "ada", "query": "CREATE (n) RETURN n"}, 422, "CREATE"),
    ("POST", "/v1/cypher", {"user": "ada", "query": "RETURN 1 AS a //" + "x" * 1_000_000}, 422, "query"),
    ("POST", "/v1/analytics/nothing", {"user": "ada"}, 422, "analysis"),
    ("GET", "/v1/facts?user=ada&after=%00", None, 422, "after"),
    ("GET", "/v1/facts?user=ada&after=ZmE=", None, 422, "after"),
    (
        "GET",
        "/v1/entities?user=ada&after=" + write_cursor("facts", "2024-01-01T00:00:00Z", "fa_1"),
        None,
        422,
        "after",
    ),  # of a page of facts
    ("GET", "/v1/sessions?user=ada&after=monday", None, 422, "after"),
    ("GET", "/v1/sessions/main/messages?user=ada&after=ZmE=", None, 422, "after"),
    ("GET", "/v1/users?after=ada", None, 422, "after"),
    (
        "GET",
        "/v1/facts?user=ada&after=" + write_cursor("facts", "0001-01-01T00:00:00+14:00", "fa_1"),
        None,
        422,
        "after",
    ),
    ("POST", "/v1/facts", {**FACT, "valid_from": "0001-01-01T00:00:00+14:00"}, 422, "year 1"),
    ("POST", "/v1/cypher", {"user": "ada", "query": "RETURN $n AS n", "parameters": {"n": [2**64]}}, 422, "64 bits"),
    ("POST", "/v1/analytics/most_connected_entities", {"user": "ada", "parameters": {"limit": 2**64}}, 422, "64 bits"),
    ("GET", "/v1/analytics/believed_on?user=ada&limit=-1", None, 422, "limit"),
    ("GET", "/v1/analytics/believed_on?user=ada&limit=1001", None, 422, "limit"),
    ("POST", "/v1/analytics/believed_on", {"user": "ada", "parameters": {"limit": 0}}, 422, "limit"),
    ("GET", "/v1/facts?user=ada&limit=-1", None, 422, "limit"),
    ("GET", "/v1/facts?user=ada&metadata=a=" + "[" * 3000, None, 422, "nested"),
    ("POST", "/v1/facts", {**FACT, "predicate": "AGE", "value": "1e999"}, 422, "number"),
    ("POST", "/v1/messages", {"user": "ada", "messages": [{**TURIN, "metadata": {"a": "x" * 2001}}]}, 422, "2,000"),
    ("GET", "/v1/facts?user=ada&metadata=room", None, 422, "key=value"),
    ("GET", "/v1/facts?user=ada&metadata=room=a&metadata=room=b", None, 422, "twice"),
    ("GET", "/v1/facts?user=ada&as_of=9999-12-31T23:59:59-14:00", None, 200, ""),
    ("GET", "/v1/facts", None, 422, "user"),
    ("GET", "/v1/facts/fa_x?user=ada", None, 404, "fa_x"),
    ("GET", "/v1/facts/..%2f..%2fadmin?user=ada", None, 404, ""),
    ("GET", "/v1/entities/%00?user=ada", None, 404, ""),
    ("GET", "/v1/messages/ep_x?user=ada", None, 404, "ep_x"),
    ("GET", "/v1/sessions/nothing/messages?user=ada", None, 404, "session"),
    ("GET", "/v1/paths?user=ada&from=en_x&to=en_y", None, 404, "en_x"),
    ("POST", "/v1/facts", {**FACT, "predicate": "NOT_ONE"}, 422, "NOT_ONE"),
    ("POST", "/v1/facts", {**FACT, "valid_from": "soon"}, 422, "soon"),
    ("PATCH", "/v1/facts/fa_x", {"user": "ada", "value": "Oslo"}, 404, "fa_x"),
    ("POST", "/v1/changes/ch_x/undo", {"user": "ada"}, 404, "ch_x"),
    ("DELETE", "/v1/messages/ep_x?user=ada", None, 404, "ep_x"),
    ("GET", "/v1/users/nobody/export", None, 404, "nobody"),
    ("GET", "/v1/nothing", None, 404, ""),
    ("PUT", "/v1/facts", None, 405, ""),
    ("GET", "/problems/nothing", None, 404, "invalid-request"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "says"), WRONG)
def test_each_is_told_in_words(
    served: Served, client: httpx.Client, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = client.request(method, path, json=body) if body is not None else client.request(method, path)

    assert answer.status_code == status, answer.text
    if status >= 400:
        told = answer.json()
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert set(told) == {"type", "title", "status", "detail"}
        assert (told["status"], told["type"]) in {(k.status, k.type) for k in KINDS}
        assert says in told["detail"]
        assert served.environment["GRAPHMEM_HOME"] not in answer.text
        assert served.environment.get("NEO4J_URI", "bolt://") not in answer.text
        assert len(answer.content) < 4000


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"user": "ada", "query": "\\ud800"}', "application/json", 400),
        (b'{"user": "ada", "query": "x", "limit": NaN}', "application/json", 400),
        (b'{"user": "ada", "query": "x", "limit": 1e999}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json", 400),
        (b"[" * 50 + b"]" * 50, "application/json", 422),
        (b"[" * 51 + b"]" * 51, "application/json", 400),
        (b'{"a":' * 50 + b"1" + b"}" * 50, "application/json", 422),
        (b'{"a":' * 51 + b"1" + b"}" * 51, "application/json", 400),
        (b'{"a":[' * 26 + b"]}" * 26, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"user=ada", "application/x-www-form-urlencoded", 415),
        (b"x" * 5_000_000, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    client: httpx.Client, content: bytes, media_type: str, status: int
) -> None:
    answer = client.post("/v1/search", content=content, headers={"content-type": media_type})

    assert answer.status_code == status
    assert answer.json()["status"] == status


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/search"])
def test_a_number_that_no_answer_could_hold_is_refused(client: httpx.Client, path: str) -> None:
    body = {"user": "no-numbers", "messages": [{**TURIN, "metadata": {"a": 7}}]}
    if path == "/v1/search":
        body = {"user": "no-numbers", "query": "x", "filters": {"metadata": {"a": 7}}}
    content = json.dumps(body).replace("7}", "1e999}")
    answer = client.post(path, content=content, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert "'a'" in answer.json()["detail"]


@pytest.mark.parametrize("last", [2**53 + 1, 2**63])
def test_a_feed_goes_on_from_a_number_that_there_can_be(client: httpx.Client, last: int) -> None:
    asked = {"user": "ada", "seconds": 0.1}
    answer = client.get("/v1/changes/feed", params=asked, headers={"Last-Event-ID": str(last)})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


def test_a_body_in_pieces_that_grows_too_large_is_broken_off(client: httpx.Client) -> None:
    sent = 0

    def pieces() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 100_000
            yield b"x" * 100_000

    answer = client.post("/v1/search", content=pieces(), headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert sent < 100_000_000


def test_nothing_of_a_wrong_request_is_kept(client: httpx.Client) -> None:
    messages = [{**TURIN, "id": "good"}, {**TURIN, "text": "", "id": "bad"}]
    answer = client.post("/v1/messages", json={"user": "whole-or-not", "messages": messages})

    assert answer.status_code == 422
    assert client.get("/v1/sessions", params={"user": "whole-or-not"}).json()["sessions"] == []


def test_what_is_no_http_harms_nobody(served: Served, client: httpx.Client) -> None:
    where = urlsplit(served.url)
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"GET /healthz HTTP/9.9\r\n\r\n",
    ):
        with socket.create_connection((where.hostname, where.port), timeout=10) as raw_client:
            raw_client.sendall(raw)
            assert raw_client.recv(4096).startswith((b"HTTP/1.1 4", b""))

    assert client.get("/healthz").json() == {"status": "ok"}


def test_every_kind_of_problem_has_its_page_here_and_in_the_documentation(client: httpx.Client) -> None:
    page = (Path(__file__).parents[2] / "docs" / "problems.md").read_text(encoding="utf-8")
    for kind in KINDS:
        told = client.get(kind.type)
        assert told.status_code == 200
        assert kind.help in told.text
        assert f"## {kind.name}\n\n{kind.status}. {kind.help}" in page


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let this process write no file beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_an_export_without_room_for_it_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app = create_app(Settings(home=tmp_path / "home"), open_tenant="default", works=False)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        (await client.post("/v1/messages", json={"user": "ada", "messages": [TURIN]})).raise_for_status()
        with files_of_at_most(100):
            refused = await client.get("/v1/users/ada/export")
        sent = await client.get("/v1/users/ada/export")

    assert (refused.status_code, refused.json()["type"]) == (507, "/problems/no-room")
    assert str(tmp_path) not in refused.text
    assert sent.text.rstrip().endswith('{"done": 1}')
    assert list(tmp_path.glob("graphmem-export-*")) == []
