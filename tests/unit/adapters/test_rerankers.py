"""The local reranker."""

from __future__ import annotations

from graphmem.adapters.rerankers import LocalReranker
from graphmem.models import Scope

ADA = Scope(user="ada")


async def test_what_answers_scores_highest_whatever_the_lengths() -> None:
    texts = [
        "Oslo is the capital of Norway, a city that many people visit in the summer for its fjord and its museums.",
        "Ben likes football.",
        "Ada lives in Oslo.",
        "Ada has a cat that sleeps all day long on the sofa of the living room.",
        "No.",
    ]

    scores = await LocalReranker().score("Where does Ada live?", texts, ADA)

    assert scores.index(max(scores)) == 2
    assert len(scores) == len(texts)
    assert all(isinstance(score, float) for score in scores)


async def test_nothing_to_read_has_no_scores() -> None:
    assert await LocalReranker().score("Where does Ada live?", [], ADA) == []
