"""The local multilingual embedder: a fact is found whatever the language of the question."""

from __future__ import annotations

import numpy as np
import pytest

from graphmem.adapters.multilingual import MultilingualEmbedder
from graphmem.adapters.packed import read_packed
from graphmem.errors import EmbedderError

FACTS = ["Ada lives in Oslo.", "Ben has a dog named Rex.", "Mia earns 3000 euros a month."]


@pytest.fixture(scope="module")
def multilingual() -> MultilingualEmbedder:
    return MultilingualEmbedder()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("In welcher Stadt wohnt Ada?", 0),
        ("¿Tiene Ben una mascota?", 1),
        ("Quel est le salaire de Mia ?", 2),
        ("Где живёт Ада?", 0),
        ("本养宠物吗？", 1),
    ],
)
async def test_a_question_in_another_language_finds_the_fact(
    multilingual: MultilingualEmbedder, question: str, answer: int
) -> None:
    facts = np.asarray(await multilingual.embed(FACTS))
    asked = np.asarray(await multilingual.embed_query(question))

    assert int((facts @ asked).argmax()) == answer


async def test_a_text_has_the_same_vector_alone_and_among_others(multilingual: MultilingualEmbedder) -> None:
    alone = [(await multilingual.embed([text]))[0] for text in FACTS]
    together = await multilingual.embed([*FACTS, "a much longer text than those before it " * 20])

    for one, other in zip(alone, together, strict=False):
        assert one == pytest.approx(other, abs=2e-3)
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert len(one) == multilingual.dimension


async def test_what_is_beyond_the_window_is_counted(multilingual: MultilingualEmbedder) -> None:
    before = multilingual.truncated
    long = "Ada lives in Oslo. " * 200

    one, other = await multilingual.embed([long, long + "Ben has a dog."])

    assert one == pytest.approx(other, abs=2e-3)
    assert multilingual.truncated == before + 2


def test_another_file_is_refused() -> None:
    with pytest.raises(EmbedderError, match="no packed model"):
        read_packed(b"GGUF" + bytes(100))
