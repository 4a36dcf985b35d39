"""The service while one of its models is away, slow, or talks nonsense: nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphmem import Settings
from graphmem.api.app import create_app
from graphmem.client import Client
from graphmem.errors import EmbedderError, RerankerError, VectorsForeign
from graphmem.house.upkeep import reembed_store
from tests.api.conftest import environment_of, running, scripted_answer
from tests.embedders import SmallEmbedder
from tests.openai_server import Answer, Wire, completion, embeddings, error, openai_server, streamed, wire

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}


MOODS: dict[str, Answer] = {
    "down": error(503, "The model is being loaded."),
    "refuses": error(401, "Incorrect API key provided: sk-ab***yz"),
    "nonsense": completion("Certainly! Ada lives in Turin, which is lovely in spring."),
    "silent": streamed(),
    "blank": streamed(" ", "\n"),
    "odd": streamed("You live in \x00."),
    "garbled": Wire(200, (b"data: {nonsense\n\n",)),
}


@dataclass
class Moody:
    """A model server that answers as its mood is."""

    mood: str = "well"

    def answer(self, body: dict[str, Any]) -> Answer:
        if self.mood == "slow":
            return replace(wire(scripted_answer(body)), pause=3.0)
        return MOODS.get(self.mood) or scripted_answer(body)


@pytest.fixture(scope="module")
def model() -> Moody:
    return Moody()


@pytest.fixture(scope="module")
def client(model: Moody, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service that waits a second for its model, asked without a key."""
    folder = tmp_path_factory.mktemp("away")
    how = {"GRAPHMEM_MODEL_TIMEOUT": "1", "GRAPHMEM_MODEL_RETRIES": "0"}
    with (
        openai_server(model.answer) as url,
        running(environment_of(folder / "home", url, **how), folder / "log") as address,
        httpx.Client(base_url=address, timeout=30, trust_env=False) as opened,
    ):
        yield opened


def keep(client: httpx.Client, user: str) -> str:
    """Send a message, and return where it is told what became of it."""
    told = client.post("/v1/messages", json={"user": user, "messages": [TURIN]})
    assert told.status_code == 202, told.text
    return told.json()["status"]


def until(seconds: float, done: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def facts(client: httpx.Client, user: str) -> list[str]:
    return [f["text"] for f in client.get("/v1/facts", params={"user": user}).raise_for_status().json()["facts"]]


@pytest.mark.parametrize("mood", ["down", "slow"])
def test_what_comes_while_the_model_is_away_is_found_at_once_and_read_later(
    client: httpx.Client, model: Moody, mood: str
) -> None:
    model.mood = mood
    status = keep(client, mood)
    time.sleep(1.5)
    start = time.monotonic()
    found = client.post("/v1/search", json={"user": mood, "query": "Where does Ada live?"}).raise_for_status().json()
    took = time.monotonic() - start
    state = client.get(status).raise_for_status().json()["state"]

    assert [e["episode"]["text"] for e in found["episodes"]] == ["I live in Turin."]
    assert took < 3, "a search waits for no model"
    assert (state, facts(client, mood)) == ("pending", [])

    model.mood = "well"
    assert until(40, lambda: facts(client, mood) == ["Ada lives in Turin"])
    assert client.get(status).json()["state"] == "done"


def test_what_the_models_server_says_of_the_key_reaches_no_tenant(client: httpx.Client, model: Moody) -> None:
    model.mood = "refuses"
    answer = client.post("/v1/chat", json={"user": "keyless", "text": "Where do I live?"})
    model.mood = "well"

    assert (answer.status_code, answer.json()["type"]) == (502, "/problems/model-failed")
    assert "401" in answer.json()["detail"]
    assert "sk-" not in answer.text


@pytest.mark.parametrize(("mood", "status"), [("silent", 502), ("garbled", 502), ("blank", 200), ("odd", 200)])
def test_an_answer_that_nobody_can_read_is_the_models_failure(
    client: httpx.Client, model: Moody, mood: str, status: int
) -> None:
    model.mood = mood
    answer = client.post("/v1/chat", json={"user": mood, "text": "Where do I live?"})
    model.mood = "well"
    kept = client.get("/v1/sessions/chat/messages", params={"user": mood})

    assert (answer.status_code, kept.status_code) == (status, 404)
    if status == 502:
        assert answer.json()["type"] == "/problems/model-failed"
        assert str(client.base_url) not in answer.text
    else:
        last = answer.text.strip().split("\n\n")[-1]
        assert last.startswith("event: error\n")
        assert "/problems/model-failed" in last


def test_a_question_that_no_message_can_be_is_refused_before_the_model_is_asked(
    client: httpx.Client, model: Moody
) -> None:
    model.mood = "down"
    answer = client.post("/v1/chat", json={"user": "ada", "text": "Where do I \x00 live?"})
    model.mood = "well"

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


def test_nonsense_is_parked_with_its_reason_and_others_are_read(client: httpx.Client, model: Moody) -> None:
    model.mood = "nonsense"
    status = keep(client, "odd")
    assert until(20, lambda: client.get(status).json()["state"] == "parked")
    model.mood = "well"
    keep(client, "next")

    assert until(20, lambda: facts(client, "next") == ["Ada lives in Turin"])
    assert "JSON" in client.get(status).json()["reason"]
    assert facts(client, "odd") == []


@dataclass
class Embeds(Moody):
    """An embedding server that answers as its mood is."""

    def answer(self, body: dict[str, Any]) -> Answer:
        if "input" not in body:
            return scripted_answer(body)
        return MOODS.get(self.mood) or embeddings([[1.0, 2.0, float(len(text))] for text in body["input"]])


@pytest.fixture(scope="module")
def embeds() -> Iterator[tuple[Embeds, str]]:
    """An embedding server with its address."""
    embeds = Embeds()
    with openai_server(embeds.answer) as url:
        yield embeds, url


@pytest.fixture(scope="module")
def embedding(
    embeds: tuple[Embeds, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Embeds, httpx.Client]]:
    """A service whose vectors come from that server, and who asks it."""
    folder = tmp_path_factory.mktemp("embedding")
    how = {"GRAPHMEM_EMBEDDER": "openai:tiny", "GRAPHMEM_MODEL_RETRIES": "0"}
    with (
        running(environment_of(folder / "home", embeds[1], **how), folder / "log") as address,
        httpx.Client(base_url=address, timeout=30, trust_env=False) as opened,
    ):
        yield embeds[0], opened


def documented(answer: httpx.Response, paths: dict[str, Any]) -> bool:
    operation = paths[answer.request.url.path][answer.request.method.lower()]
    return str(answer.status_code) in operation["responses"]


@pytest.mark.parametrize("mood", ["down", "refuses", "nonsense"])
def test_an_embedding_model_that_gives_no_vectors_is_told_as_one_and_nothing_is_kept(
    embedding: tuple[Embeds, httpx.Client], mood: str
) -> None:
    embeds, client = embedding
    paths = client.get("/openapi.json").json()["paths"]
    user = f"eve-{mood}"
    embeds.mood = mood
    answers = [
        client.post("/v1/search", json={"user": user, "query": f"Where is {mood}?"}),
        client.post("/v1/context", json={"user": user, "query": f"Who is {mood}?"}),
        client.post("/v1/messages", json={"user": user, "messages": [TURIN]}),
        client.post("/v1/facts", json={"user": user, "subject": "Eve", "predicate": "LIVES_IN", "value": "Oslo"}),
    ]
    embeds.mood = "well"
    kept = client.get("/v1/sessions", params={"user": user})

    assert [(a.status_code, a.json()["type"]) for a in answers] == [(502, "/problems/embedder-failed")] * 4
    assert all(documented(answer, paths) for answer in answers)
    assert not any("sk-" in answer.text or "tiny" in answer.text for answer in answers), "what is the operator's"
    assert kept.json()["sessions"] == []


@pytest.fixture
def settings(embeds: tuple[Embeds, str], tmp_path: Path) -> Settings:
    """Those of a service whose vectors come from that server, and whose reranker is in a folder that holds none."""
    return Settings(
        home=tmp_path / "home",
        embedder="openai:tiny",
        openai_base_url=embeds[1],
        model_retries=0,
        reranker=f"sentence-transformers:{tmp_path}",
    )


@pytest.fixture
async def asked(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Asks that service, which keeps a message already."""
    app = create_app(settings, open_tenant="default", works=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        (await client.post("/v1/messages", json={"user": "ada", "messages": [TURIN]})).raise_for_status()
        yield client


async def test_vectors_that_are_being_written_anew_are_told_as_such(
    asked: httpx.AsyncClient, settings: Settings
) -> None:
    paths = (await asked.get("/openapi.json")).json()["paths"]
    with suppress(EmbedderError):
        # Loading it takes its only text.
        await reembed_store(settings, SmallEmbedder(texts=1))
    answers = [
        await asked.post("/v1/search", json={"user": "ada", "query": "Where does Ada live?"}),
        await asked.post("/v1/messages", json={"user": "ada", "messages": [{**TURIN, "text": "I have a cat."}]}),
    ]
    exported = await asked.get("/v1/users/ada/export")

    assert [(a.status_code, a.json()["type"]) for a in (*answers, exported)] == [(503, "/problems/vectors-foreign")] * 3
    assert all(documented(answer, paths) for answer in answers)
    assert all(str(settings.home) not in answer.text for answer in (*answers, exported))


async def test_a_reranker_that_is_not_there_is_told_as_such(asked: httpx.AsyncClient, settings: Settings) -> None:
    paths = (await asked.get("/openapi.json")).json()["paths"]
    question = {"user": "ada", "query": "Where does Ada live?"}
    answer = await asked.post("/v1/search", json={**question, "rerank": "fast"})

    assert (answer.status_code, answer.json()["type"]) == (501, "/problems/no-reranker")
    assert documented(answer, paths)
    assert str(settings.home.parent) not in answer.text
    assert (await asked.post("/v1/search", json={**question, "rerank": "none"})).status_code == 200


async def test_the_client_raises_the_errors_of_the_models(
    asked: httpx.AsyncClient, settings: Settings, embeds: tuple[Embeds, str]
) -> None:
    client = Client("http://localhost", http=asked)
    with pytest.raises(RerankerError):
        await client.search("Where does Ada live?", scope="ada", rerank="fast")
    embeds[0].mood = "down"
    with pytest.raises(EmbedderError):
        await client.assert_fact("Ada", "LIVES_IN", "Oslo", scope="ada")
    embeds[0].mood = "well"
    with suppress(EmbedderError):
        await reembed_store(settings, SmallEmbedder(texts=1))
    with pytest.raises(VectorsForeign):
        await client.assert_fact("Ada", "LIVES_IN", "Oslo", scope="ada")
