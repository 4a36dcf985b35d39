"""What the service tells those who run it: metrics, traces, its log, the probe."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import generate_latest

from graphmem import Settings
from graphmem.api import problems
from graphmem.api.app import create_app
from graphmem.api.logs import Observed, request_id
from graphmem.api.metrics import Metrics
from graphmem.settings import Service
from tests.api.conftest import Served, environment_of, running

ROOT = Path(__file__).parents[2]
TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
OSLO = {"text": "We moved to Oslo last week!", "speaker": "Ada", "at": "2024-06-20T12:00:00Z"}


def value(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_what_was_done(client: httpx.Client) -> None:
    user = f"ada-{uuid.uuid4().hex[:8]}"
    series = {
        'graphmem_request_seconds_count{method="POST",route="/v1/search",status="200"}': 1,
        'graphmem_request_seconds_count{method="GET",route="/v1/facts/{id}",status="404"}': 1,
        'graphmem_search_stage_seconds_count{stage="seeds"}': 1,
        'graphmem_model_calls_total{kind="extract",model="tiny-1"}': 2,
        'graphmem_model_tokens_total{direction="in",model="tiny-1"}': 33,
        'graphmem_decisions_total{outcome="closed"}': 1,
    }
    before = client.get("/metrics").text
    for message in (TURIN, OSLO):
        client.post("/v1/messages", params={"wait": 30}, json={"user": user, "messages": [message]}).raise_for_status()
    client.post("/v1/search", json={"user": user, "query": "Where does Ada live?"}).raise_for_status()
    client.get("/v1/facts/fa_x", params={"user": user})
    after = client.get("/metrics").text

    assert {name: value(after, name) - value(before, name) for name in series} == series
    assert value(after, "graphmem_queue_messages") == 0
    assert user not in after


def test_the_dashboard_and_the_alerts_name_metrics_that_there_are(client: httpx.Client) -> None:
    told = client.get("/metrics").text
    known = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    dashboard = (ROOT / "docs" / "service" / "dashboard.json").read_text(encoding="utf-8")
    alerts = (ROOT / "docs" / "service" / "alerts.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(graphmem_\w+?)(?:_bucket|_count|_sum)?(?=[\[{)\s\"<>])", dashboard + alerts))

    assert len(json.loads(dashboard)["panels"]) >= 10
    assert len(yaml.safe_load(alerts)["groups"][0]["rules"]) >= 5
    of_the_probe = ("found_ratio", "facts_ratio", "up", "time_seconds", "pending_messages", "parked_messages")
    assert named - known == {f"graphmem_probe_{name}" for name in of_the_probe}


def test_each_answer_has_an_id_and_headers_that_harden_it(client: httpx.Client) -> None:
    own = client.get("/healthz", headers={"X-Request-ID": "mine-1"})
    other = client.get("/healthz", headers={"X-Request-ID": "not\tmine"})

    assert own.headers["x-request-id"] == "mine-1"
    assert re.fullmatch(r"[0-9a-f]{32}", other.headers["x-request-id"])
    assert own.headers["x-content-type-options"] == "nosniff"
    assert own.headers["cache-control"] == "no-store"
    assert "server" not in own.headers
    assert "access-control-allow-origin" not in client.get("/healthz", headers={"Origin": "https://evil.test"}).headers


class Ids(logging.Handler):
    """Keeps which loggers spoke, and of which request."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append((record.name, request_id.get()))


@pytest.mark.parametrize("path", ["/before", "/amid"])
async def test_a_defect_is_told_as_one(path: str) -> None:
    app, metrics, ids = FastAPI(), Metrics(), Ids()
    problems.install(app, metrics.failed)
    app.add_middleware(Observed, metrics=metrics)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    @app.get("/before")
    async def before() -> None:
        raise ZeroDivisionError

    @app.get("/amid")
    async def amid() -> StreamingResponse:
        return StreamingResponse(pieces())

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    logging.getLogger("graphmem").addHandler(ids)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.get(path, headers={"X-Request-ID": "mine-1"})
    finally:
        logging.getLogger("graphmem").removeHandler(ids)

    counted = generate_latest(metrics.registry).decode()
    assert value(counted, f'graphmem_request_seconds_count{{method="GET",route="{path}",status="500"}}') == 1
    assert ("graphmem.api.problems", "mine-1") in ids.told
    assert (answer.headers["x-request-id"], answer.headers["x-content-type-options"]) == ("mine-1", "nosniff")
    if path == "/before":
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")


async def test_what_is_refused_before_its_route_is_looked_for_is_counted_under_it(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path), Service(request_bytes=2000), works=False)
    asked: list[tuple[int, str, str, dict[str, Any]]] = [
        (401, "GET", "/v1/facts/fa_x", {"headers": {"Authorization": "Bearer x"}}),
        (400, "PATCH", "/v1/facts/fa_x", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        (413, "PATCH", "/v1/facts/fa_x", {"json": {"value": "x" * 3000}}),
        (415, "PATCH", "/v1/facts/fa_x", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
        (405, "PUT", "/v1/facts/fa_x", {}),
        (404, "GET", "/v1/nothing", {}),
        (401, "GET", "/v1/nothing", {"headers": {"Authorization": "Bearer x"}}),
    ]
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        key = await app.state.memory.create_key(tenant="acme")
        client.headers["Authorization"] = f"Bearer {key.secret}"
        statuses = [(await client.request(method, path, **parts)).status_code for _, method, path, parts in asked]
        counted = (await client.get("/metrics")).text

    assert statuses == [status for status, *_ in asked]
    assert "fa_x" not in counted
    for status, method, path, _ in asked:
        route = "/v1/facts/{id}" if path == "/v1/facts/fa_x" else "unknown"
        series = f'graphmem_request_seconds_count{{method="{method}",route="{route}",status="{status}"}}'
        assert value(counted, series) == 1, series


def test_invented_methods_are_counted_together(client: httpx.Client) -> None:
    for method in ("BREW", "WHEN"):
        client.request(method, "/healthz")
    counted = client.get("/metrics").text

    assert 'method="other"' in counted
    assert not {"BREW", "WHEN"} & set(re.findall(r'method="(\w+)"', counted))


def test_it_is_ready_while_the_store_answers(client: httpx.Client) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}


Probing = Callable[..., tuple[int, dict[str, Any], str, str]]


@pytest.fixture
def probing(tmp_path: Path) -> Probing:
    """Run a probe: what it returns, its JSON, what it says of an error, and the metrics that it writes."""

    def run(
        url: str, environment: dict[str, str], questions: list[dict[str, Any]], *options: str, told: Any = (TURIN, OSLO)
    ) -> tuple[int, dict[str, Any], str, str]:
        file, metric = tmp_path / "probe.json", tmp_path / "probe.prom"
        file.write_text(json.dumps({"messages": told, "questions": questions}), encoding="utf-8")
        command = [sys.executable, "-m", "graphmem", "bench", "probe", str(file), "--json", "--url", url]
        where = ["--metric", str(metric), *options]
        done = subprocess.run([*command, *where], env=environment, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr, metric.read_text(encoding="utf-8")

    return run


WHERE = "Where does Ada live?"


@pytest.mark.parametrize(("expects", "code", "share"), [("Oslo", 0, "1.0"), ("Rome", 1, "0.0")])
def test_a_probe_asks_what_is_known_and_writes_the_share(
    served: Served, probing: Probing, expects: str, code: int, share: str
) -> None:
    environment = {**served.environment, "GRAPHMEM_KEY": served.keys["acme", "admin"]}
    asked = [{"question": WHERE, "expects": expects}]
    returned, found, said, written = probing(served.url, environment, asked, "--name", expects.lower())

    assert returned == code, said
    assert found["missed"] == found["without_fact"] == ([] if code == 0 else [WHERE])
    for name in ("found_ratio", "facts_ratio"):
        assert f'graphmem_probe_{name}{{probe="{expects.lower()}"}} {share}' in written


def test_a_probe_tells_facts_that_are_missing_where_it_expects_them(served: Served, probing: Probing) -> None:
    environment = {**served.environment, "GRAPHMEM_KEY": served.keys["acme", "admin"]}
    told = [{**TURIN, "text": "The rain in Oslo was warm."}]
    fact, message = ({"question": "How was the rain?", "expects": "warm", "fact": fact} for fact in (True, False))
    returned, found, _, written = probing(served.url, environment, [fact], told=told)
    without, found_without, _, written_without = probing(served.url, environment, [message], told=told)

    assert (returned, found["found"], found["in_facts"], found["missed"]) == (1, 1.0, 0.0, [])
    assert 'graphmem_probe_facts_ratio{probe="default"} 0.0' in written
    assert (without, found_without["found"], found_without["in_facts"]) == (0, 1.0, None)
    assert "graphmem_probe_facts_ratio" not in written_without


def test_a_probe_tells_messages_that_nobody_reads_and_a_service_that_is_away(
    model_url: str, probing: Probing, tmp_path: Path
) -> None:
    environment = environment_of(tmp_path / "home", model_url)
    asked = [{"question": WHERE, "expects": "Oslo"}]
    with running(environment, tmp_path / "log", "--no-worker") as url:
        returned, found, _, written = probing(url, environment, asked, "--wait", "0.2")
    away, _, said, left = probing(url, environment, asked)

    assert (returned, found["pending"], found["in_facts"]) == (1, 2, 0.0)
    assert 'graphmem_probe_pending_messages{probe="default"} 2.0' in written
    assert 'graphmem_probe_up{probe="default"} 1.0' in written
    assert (away, said.partition(":")[0]) == (1, "AnswerLost")
    assert 'graphmem_probe_up{probe="default"} 0.0' in left
    assert "graphmem_probe_time_seconds" in left
    assert "ratio" not in left


@contextmanager
def working(environment: dict[str, str], *options: str) -> Iterator[tuple[int | None, str]]:
    """Run `graphmem worker`, and yield what it ended with, where it did, and the first line that it said."""
    command = [sys.executable, "-m", "graphmem", "worker", *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as worker:
        assert worker.stderr is not None
        line = worker.stderr.readline().decode().strip()
        try:
            yield (worker.wait(40) if not line.startswith("http://") else None), line
        finally:
            worker.terminate()
            worker.wait(40)


def test_a_worker_in_a_process_of_its_own_tells_what_it_does(model_url: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", model_url)
    series = {
        'graphmem_model_calls_total{kind="extract",model="tiny-1"}': 2,
        'graphmem_model_tokens_total{direction="in",model="tiny-1"}': 33,
        'graphmem_decisions_total{outcome="closed"}': 1,
        "graphmem_queue_messages": 0,
    }
    with (
        running(environment, tmp_path / "log", "--no-worker") as api,
        working(environment, "--metrics-port", "0") as (_, address),
        httpx.Client(base_url=api, trust_env=False, timeout=60) as client,
    ):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", address)
        for message in (TURIN, OSLO):
            told = client.post("/v1/messages", params={"wait": 60}, json={"user": "ada", "messages": [message]})
            assert told.json()["state"] == "done"
        end = time.monotonic() + 30
        while (counted := client.get(address).text) and any(value(counted, s) != n for s, n in series.items()):
            assert time.monotonic() < end, counted
            time.sleep(0.2)
        asked = client.get("/metrics").text
        taken = address.split(":")[2].removesuffix("/metrics")
        with working(environment, "--metrics-port", taken) as (code, said):
            pass

    assert value(asked, 'graphmem_model_calls_total{kind="extract",model="tiny-1"}') == 0
    assert "ada" not in counted
    assert (code, said.partition(":")[0]) == (1, "SettingsError")
    assert f"port {taken}" in said


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """A server that takes traces, and the spans that came."""
    spans: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(s for r in told.resource_spans for i in r.scope_spans for s in i.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_two_processes_trace_requests_tell_metrics_together_and_log_questions_if_they_may(
    model_url: str, tmp_path: Path
) -> None:
    with collector() as (url, spans):
        environment = environment_of(
            tmp_path / "home",
            model_url,
            GRAPHMEM_TRACES="on",
            GRAPHMEM_LOG_TEXT="on",
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=url,
            OTEL_EXPORTER_OTLP_TRACES_COMPRESSION="none",
        )
        with (
            running(environment, tmp_path / "log", "--processes", "2") as address,
            httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
        ):
            for _ in range(6):
                client.post("/v1/search", json={"user": "ada", "query": "Where is the cat?"}).raise_for_status()
            told = client.get("/metrics").text

    counted = value(told, 'graphmem_request_seconds_count{method="POST",route="/v1/search",status="200"}')
    found = [s for s in spans if s.name == "POST /v1/search"]
    assert counted == 6
    assert len(found) == 6
    assert {"graphmem.search.seeds_ms", "http.status_code"} <= {a.key for s in found for a in s.attributes}
    assert (tmp_path / "log").read_text().count("Where is the cat?") == 6


@pytest.mark.parametrize("told", [False, True])
async def test_spans_have_the_words_that_are_asked_with_only_where_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    with collector() as (url, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none")
        how = Service(traces=True, log_text=told)
        app = create_app(Settings(home=tmp_path), how, open_tenant="default", works=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
        ):
            await client.get("/v1/names", params={"user": "ada", "name": "Miso"})
            await client.get("/v1/users")

    attributes = [{a.key: a.value.string_value for a in span.attributes} for span in spans]
    assert [a["http.route"] for a in attributes] == ["/v1/names", "/v1/users"]
    assert any("Miso" in text for a in attributes for text in a.values()) == told
    if not told:
        assert [a["http.url"] for a in attributes] == ["http://localhost/v1/names", "http://localhost/v1/users"]
        assert [a["http.target"] for a in attributes] == ["/v1/names", "/v1/users"]
