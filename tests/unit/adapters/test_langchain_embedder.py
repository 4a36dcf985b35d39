"""Embeddings of langchain-core as an embedder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from graphmem import Memory, Message, Settings
from graphmem.adapters.langchain_embedder import LangChainEmbedder
from graphmem.errors import EmbedderError


class Ragged(Embeddings):
    """Vectors as long as the text."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0] * len(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0] * len(text)


async def test_it_asks_for_the_dimension_and_makes_vectors_of_length_one() -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=24), name="fake")
    await embedder.load()

    (vector,) = await embedder.embed(["Ada lives in Oslo"])

    assert (embedder.dimension, len(vector)) == (24, 24)
    assert sum(n * n for n in vector) == pytest.approx(1)
    assert await embedder.embed_query("Ada lives in Oslo") == vector


async def test_vectors_of_another_dimension_are_refused() -> None:
    embedder = LangChainEmbedder(Ragged(), name="ragged")
    await embedder.load()

    assert embedder.dimension == len("hello")
    with pytest.raises(EmbedderError, match="3 numbers, not of 5"):
        await embedder.embed(["Ada"])


async def test_texts_longer_than_the_window_are_counted() -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=4), name="fake", dimension=4, window=3)

    await embedder.embed(["Ada", "Ada lives in Oslo"])

    assert embedder.truncated == 1


async def test_a_memory_is_searched_with_it(tmp_path: Path) -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=24), name="fake", remote=False)
    settings = Settings(home=tmp_path / "home", extraction="none")
    async with Memory.open(settings, embedder=embedder) as memory:
        said = Message(text="I live in Turin.", speaker="Ada", at=datetime(2024, 1, 1, tzinfo=UTC))
        await memory.add(said, scope="ada")

        assert (await memory.search("Turin", scope="ada")).episodes[0].episode.text == "I live in Turin."
        assert (await memory.status(scope="ada")).embedder == "fake"
