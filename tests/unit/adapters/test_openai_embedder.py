"""Vectors from a server: order, batches, prefixes, too long texts, and what goes wrong said in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphmem.adapters.openai_embedder import BATCH_TEXTS, OpenAIEmbedder
from graphmem.errors import EmbedderError
from tests.openai_server import Answer, Wire, embeddings, openai_server


def lengths(body: dict[str, Any]) -> Answer:
    return embeddings([[3.0, 4.0, float(len(text))] for text in body["input"]])


def embedder(url: str, model: str = "tiny", dimension: int | None = None) -> OpenAIEmbedder:
    return OpenAIEmbedder(model=model, api_key="k1", base_url=url, timeout=5, dimension=dimension)


async def embed(answer: Callable[[dict[str, Any]], Answer], texts: list[str], **how: Any) -> list[list[float]]:
    with openai_server(answer) as url:
        asked = embedder(url, **how)
        try:
            return await asked.embed(texts)
        finally:
            await asked.close()


async def test_vectors_come_in_the_order_of_the_texts_and_have_length_one() -> None:
    made = await embed(lengths, ["", "twelve chars"])

    assert made[0] == pytest.approx([0.6, 0.8, 0])
    assert made[1] == pytest.approx([3 / 13, 4 / 13, 12 / 13])


async def test_many_texts_go_in_batches_and_the_dimension_is_found_by_asking() -> None:
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> Answer:
        seen.append(body)
        return lengths(body)

    with openai_server(answer) as url:
        asked = embedder(url)
        with pytest.raises(EmbedderError, match="before it is loaded"):
            _ = asked.dimension
        await asked.load()
        assert (asked.dimension, asked.name) == (3, "openai:tiny")
        assert len(await asked.embed(["a"] * (BATCH_TEXTS + 1))) == BATCH_TEXTS + 1
        await asked.close()

    assert [len(body["input"]) for body in seen] == [1, BATCH_TEXTS, 1]
    assert (seen[0]["path"], seen[0]["key"], seen[0]["model"]) == ("/v1/embeddings", "Bearer k1", "tiny")


async def test_a_known_dimension_is_not_asked_for() -> None:
    def answer(_: dict[str, Any]) -> Answer:
        raise AssertionError

    with openai_server(answer) as url:
        asked = embedder(url, dimension=3)
        await asked.load()
        assert asked.dimension == 3
        await asked.close()


async def test_models_of_the_e5_family_are_told_what_is_a_question() -> None:
    seen: list[str] = []

    def answer(body: dict[str, Any]) -> Answer:
        seen.extend(body["input"])
        return lengths(body)

    with openai_server(answer) as url:
        for model in ("intfloat/multilingual-e5-large", "text-embedding-3-small"):
            asked = embedder(url, model)
            await asked.embed(["Ada lives in Oslo"])
            await asked.embed_query("Where?")
            await asked.close()

    assert seen == ["passage: Ada lives in Oslo", "query: Where?", "Ada lives in Oslo", "Where?"]


async def test_a_text_too_long_for_the_server_is_cut_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def answer(body: dict[str, Any]) -> Answer:
        if any(len(text) > 1000 for text in body["input"]):
            return 400, {"error": {"message": "This model's maximum context length is 1000 tokens"}}
        return lengths(body)

    with openai_server(answer) as url:
        asked = embedder(url)
        made = await asked.embed(["short", "x" * 3600, "y" * 1600])
        await asked.close()

    assert made[1] == pytest.approx([3 / 900, 4 / 900, 1], abs=1e-4), "the first 900 of 3,600 characters"
    assert asked.truncated == 2
    assert [r.message for r in caplog.records if "truncated" in r.message] == [
        "openai:tiny reads only the beginning of texts that are longer than its window; "
        "the embedder's `truncated` counts them."
    ]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, {"error": {"message": "bad key"}}), "OPENAI_API_KEY"),
        ((404, {"error": {"message": "no model"}}), "no embedding model 'tiny' there"),
        ((400, {"error": {"message": "what?"}}), "GRAPHMEM_EMBEDDER"),
        ((429, {"error": {"message": "slow down"}}), "quota"),
        ((500, {"error": {"message": "down"}}), "OPENAI_BASE_URL"),
        ((400, {"error": {"message": "input too long"}}), "finds 5 characters too long"),
        (embeddings([]), "0 vectors to 1 texts"),
        (embeddings([[1.0, 0.0]]), "2 numbers, not of 3"),
        (embeddings([[0.0, 0.0, 0.0]]), "points nowhere"),
    ],
)
async def test_what_went_wrong_is_said_in_words(answer: Answer, says: str) -> None:
    with pytest.raises(EmbedderError, match=says):
        await embed(lambda _: answer, ["hello"], dimension=3)


@pytest.mark.parametrize(
    "answer",
    [
        Wire(200, (b"<html>Welcome</html>",)),
        Wire(200, (b'{"data": "\xff"}',)),
        (200, {"data": "text"}),
        (200, {"choices": []}),
        (200, {"data": [{"index": 0, "embedding": None}]}),
        (200, {"data": [{"index": 0, "embedding": ["a", "b", "c"]}]}),
        (200, {"data": [{"index": 0, "embedding": [[1.0], [2.0], [3.0]]}]}),
    ],
)
async def test_nonsense_is_said_to_hold_no_vectors(answer: Answer) -> None:
    with pytest.raises(EmbedderError, match="holds no vectors"):
        await embed(lambda _: answer, ["hello"], dimension=3)


async def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    asked = embedder(f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(EmbedderError, match="OPENAI_BASE_URL"):
        await asked.load()
    await asked.close()
