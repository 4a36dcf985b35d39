"""The service through a real socket, with a model behind the OpenAI protocol."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphmem import Message
from graphmem.client import SyncClient
from graphmem.write.pipeline import NO_MODEL
from tests.api.conftest import Served, environment_of, running

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
OSLO = {"text": "We moved to Oslo last week!", "speaker": "Ada", "at": "2024-06-20T12:00:00Z"}


@pytest.fixture
def user() -> str:
    return f"ada-{uuid.uuid4().hex[:8]}"


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def test_messages_become_facts_and_facts_answer(client: httpx.Client, user: str) -> None:
    first = client.post("/v1/messages?wait=30", json={"user": user, "messages": [TURIN]})
    second = post(client, "/v1/messages?wait=30", user=user, messages=[OSLO])
    now = post(client, "/v1/search", user=user, query="Where does Ada live?")
    spring = post(
        client, "/v1/search", user=user, query="Where does Ada live?", as_of={"valid": "2024-03-01T00:00:00Z"}
    )

    assert (first.status_code, first.json()["state"], second["state"]) == (202, "done", "done")
    assert now["facts"][0]["fact"]["text"] == "Ada lives in Oslo"
    assert spring["facts"][0]["fact"]["text"] == "Ada lives in Turin"
    assert "We moved to Oslo last week!" in now["text"]

    fact = now["facts"][0]["fact"]
    told = client.get(f"/v1/facts/{fact['id']}", params={"user": user}).json()
    near = client.get(f"/v1/entities/{fact['subject_id']}/neighbourhood", params={"user": user, "hops": 2}).json()
    then = client.get(
        f"/v1/entities/{fact['subject_id']}/neighbourhood", params={"user": user, "as_of": "2024-03-01T00:00:00Z"}
    ).json()

    assert told["history"][0]["cost"]["tokens_in"] == 11
    assert [f["text"] for f in near["facts"]] == ["Ada lives in Oslo"]
    assert [f["text"] for f in then["facts"]] == ["Ada lives in Turin"]


def test_a_fact_is_told_with_the_paths_that_lead_to_its_subject(client: httpx.Client, user: str) -> None:
    said = [{**TURIN, "text": text} for text in ("My boss is Ingrid.", "Her brother is Lars.")]
    post(client, "/v1/messages?wait=30", user=user, messages=said)
    ids = {e["name"]: e["id"] for e in client.get("/v1/entities", params={"user": user}).json()["entities"]}
    facts = client.get("/v1/facts", params={"user": user}).json()["facts"]
    (brother,) = [f for f in facts if "Lars" in f["text"]]
    path = f"/v1/facts/{brother['id']}"
    told = client.get(path, params={"user": user, "from": ids["Ada"]}).json()
    ends = {"user": user, "from": ids["Ada"], "to": brother["subject_id"]}

    assert len(told["paths"]["paths"]) == 1
    assert told["paths"] == client.get("/v1/paths", params=ends).json()
    assert client.get(path, params={"user": user}).json()["paths"] == {"paths": [], "truncated": False}
    assert client.get(path, params={"user": user, "from": "en_never"}).status_code == 404


def test_without_waiting_the_facts_come_by_themselves(client: httpx.Client, user: str) -> None:
    kept = post(client, "/v1/messages", user=user, messages=[TURIN])
    standing = client.get(kept["status"])
    deadline = time.monotonic() + 30
    while not (found := post(client, "/v1/search", user=user, query="Where does Ada live?")["facts"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert (kept["state"], kept["new"]) == ("pending", 1)
    assert (standing.status_code, standing.json()["id"]) == (200, kept["episode_ids"][0])
    assert found[0]["fact"]["text"] == "Ada lives in Turin"


def test_of_many_bodies_with_one_key_at_once_one_is_kept(served: Served, client: httpx.Client, user: str) -> None:
    def send(number: int) -> httpx.Response:
        with served.client() as own:
            body = {"user": user, "messages": [{**TURIN, "text": f"I live in house {number}."}]}
            return own.post("/v1/messages", json=body, headers={"Idempotency-Key": user})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    kept = client.get("/v1/sessions/main/messages", params={"user": user}).json()["messages"]

    assert sorted(a.status_code for a in answers) == [202] + [409] * 7
    assert len(kept) == 1


def test_what_comes_again_is_told_how_far_it_is(client: httpx.Client, user: str) -> None:
    body = {"user": user, "messages": [{**TURIN, "id": "m1"}]}
    client.post("/v1/messages?wait=30", json=body)

    again = post(client, "/v1/messages", **body)
    other = client.post("/v1/messages", json={"user": user, "messages": [{**TURIN, "id": "m1", "session": "other"}]})

    assert (again["known"], again["state"]) == (1, "done")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/conflict")
    assert "another session" in other.json()["detail"]


def test_what_is_not_there_or_somebody_elses_is_the_same_404(client: httpx.Client, user: str) -> None:
    post(client, "/v1/messages?wait=30", user=user, messages=[TURIN])
    (found,) = post(client, "/v1/search", user=user, query="Where does Ada live?")["facts"]
    fact = found["fact"]

    for path in ("/v1/facts/none", f"/v1/facts/{fact['id']}", f"/v1/entities/{fact['subject_id']}/neighbourhood"):
        answer = client.get(path, params={"user": f"{user}-other"})
        assert (answer.status_code, answer.json()["title"]) == (404, "Not found")


def test_it_says_that_it_runs_and_what_it_offers(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    assert client.get("/healthz").json() == {"status": "ok"}
    assert {"/v1/messages", "/v1/search", "/v1/facts/{id}"} < set(paths)
    assert client.get("/nothing").headers["content-type"] == "application/problem+json"


def test_a_feed_does_not_hold_up_the_end(model_url: str, tmp_path: Path) -> None:
    environment, log = environment_of(tmp_path / "home", model_url), tmp_path / "log"
    with ExitStack() as stack:
        with running(environment, log) as url:
            client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))
            feed = stack.enter_context(client.stream("GET", "/v1/changes/feed", params={"user": "ada"}))
            start = time.monotonic()
        took = time.monotonic() - start
        feed.read()

    assert feed.status_code == 200
    assert took < 20


def test_who_waits_for_facts_is_answered_when_it_ends(model_url: str, tmp_path: Path) -> None:
    environment, log = environment_of(tmp_path / "home", model_url), tmp_path / "log"
    with ThreadPoolExecutor(1) as threads:
        with running(environment, log, "--no-worker") as url:
            waits = httpx.Client(base_url=url, trust_env=False, timeout=60)
            coming = threads.submit(post, waits, "/v1/messages?wait=60", user="ada", messages=[TURIN])
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
                while not client.get("/v1/sessions", params={"user": "ada"}).json()["sessions"]:
                    time.sleep(0.05)
        answered = coming.result()
        waits.close()

    assert (answered["state"], answered["new"]) == ("pending", 1)


def test_without_a_model_it_says_that_no_facts_are_drawn(model_url: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", model_url)
    del environment["OPENAI_BASE_URL"]
    with running(environment, tmp_path / "log") as url, SyncClient(url, timeout=60) as client:
        kept = httpx.post(f"{url}/v1/messages", json={"user": "ada", "messages": [TURIN]}, timeout=60).json()
        added = client.add(Message(text="I am 34.", at=datetime.now(UTC), speaker="Ada"), scope="ada")

    assert kept["note"] == added.note == NO_MODEL


def test_a_shell_works_on_the_same_graph_meanwhile(
    client: httpx.Client, user: str, served: Served, tmp_path: Path
) -> None:
    post(client, "/v1/messages?wait=30", user=user, messages=[TURIN])

    (tmp_path / "talk.jsonl").write_text(
        '{"text": "We moved to Oslo last week!", "speaker": "Ada", "at": "2024-06-20T12:00:00Z"}'
    )
    command = [sys.executable, "-m", "graphmem", "add", str(tmp_path / "talk.jsonl"), "--scope", user]
    environment = {**served.environment, "GRAPHMEM_TENANT": "acme"}
    added = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = post(client, "/v1/search", user=user, query="Where does Ada live?")

    assert added.returncode == 0, added.stderr
    assert "closed    Ada lives in Turin, until 13 Jun 2024" in added.stdout
    assert found["facts"][0]["fact"]["text"] == "Ada lives in Oslo"
