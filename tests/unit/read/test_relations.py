from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.multilingual import MultilingualEmbedder
from graphmem.ontology import NOTED, RELATED_TO, Ontology, Paraphrases, load_ontology
from graphmem.ports import Embedder
from graphmem.read.relations import Relation, Relations, carried, key_of, learn, ontology_forms


class Slow(LocalEmbedder):
    """Lets others run before it answers, and notes how much it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked.append(len(texts))
        await asyncio.sleep(0)
        return await super().embed(texts)


def alone(ontology: Ontology | None = None, embedder: LocalEmbedder | None = None) -> Relations:
    return Relations(ontology=ontology or load_ontology(), embedder=embedder or Slow())


async def test_searches_at_once_learn_the_relations_once() -> None:
    one, many, met = alone(), alone(), [Relation(phrase="reports to"), Relation(phrase="once outran")]
    parts = ["the supervisor of Anna"]

    first = await one.scores(parts, met)
    at_once = await asyncio.gather(*(many.scores(parts, met) for _ in range(3)))

    assert at_once == [first, first, first]


async def test_words_are_told_apart() -> None:
    relations = alone()
    (likely,) = (await relations.scores(["the supervisor of Anna"], [Relation(phrase="reports to")])).values()

    assert likely[Relation(phrase="reports to")] > likely[Relation(phrase="lives in")]


@pytest.fixture
def without_paraphrases() -> Ontology:
    ontology = load_ontology()
    plain = {name: replace(p, paraphrases=Paraphrases()) for name, p in ontology.predicates.items()}
    return replace(ontology, predicates=plain)


async def test_paraphrases_tell_what_words_mean_that_no_phrase_has(without_paraphrases: Ontology) -> None:
    part, meant = "the chief from whom Anna takes instructions", Relation(phrase="reports to")
    plain, paraphrased = alone(without_paraphrases), alone()
    (before,) = (await plain.scores([part], [])).values()
    (after,) = (await paraphrased.scores([part], [])).values()

    assert after[meant] > before[meant]
    assert max(after, key=lambda relation: after[relation]) in {meant, Relation(phrase="manages", backwards=True)}


async def test_the_packages_own_relations_are_carried_and_those_of_others_are_embedded_once(
    without_paraphrases: Ontology,
) -> None:
    own, other = Slow(), Slow()
    for relations in (alone(embedder=own), alone(without_paraphrases, other)):
        for _ in range(2):
            await relations.scores(["the supervisor of Anna"], [])

    assert own.asked == [1, 1]
    assert other.asked == [1, sum(map(len, ontology_forms(without_paraphrases).values())), 1]


@pytest.mark.parametrize("kind", [LocalEmbedder, MultilingualEmbedder])
async def test_what_is_carried_is_what_the_ontology_says(kind: Callable[[], Embedder]) -> None:
    embedder, forms = kind(), ontology_forms(load_ontology())
    made, held = await learn(forms, embedder), carried().get(key_of(embedder, forms))

    assert held is not None, "run python -m scripts.relations"
    np.testing.assert_allclose(held.centroids, made.centroids, atol=0.02)
    np.testing.assert_allclose(held.mean, made.mean, atol=0.01)


async def test_an_ontology_that_only_has_what_it_must_learns_what_it_meets() -> None:
    whole = load_ontology()
    least = replace(whole, predicates={name: whole.predicates[name] for name in (NOTED, RELATED_TO)})
    relations = alone(least)
    first, second = Relation(phrase="supervises", backwards=True), Relation(phrase="once outran")

    await relations.scores(["the supervisor of Anna"], [first])
    (likely,) = (await relations.scores(["the supervisor of Anna"], [first, second])).values()

    assert likely[first] > likely[second]
