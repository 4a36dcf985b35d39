from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.multilingual import MultilingualEmbedder
from graphmem.adapters.token_embedder import LocalTokens
from graphmem.adapters.token_means import TokenMeans
from graphmem.ontology import NOTED, RELATED_TO, Ontology, Paraphrases, load_ontology
from graphmem.ports import Embedder
from graphmem.read.relations import (
    MOST_LEARNED,
    Relation,
    Relations,
    carried,
    digest_of,
    further,
    ontology_forms,
)


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
    plain = {name: replace(p, said=Paraphrases()) for name, p in ontology.predicates.items()}
    return replace(ontology, predicates=plain)


async def test_paraphrases_tell_what_words_mean_that_no_phrase_has(without_paraphrases: Ontology) -> None:
    part, meant = "the chief from whom Anna takes instructions", Relation(phrase="reports to")
    plain, paraphrased = alone(without_paraphrases), alone()
    (before,) = (await plain.scores([part], [])).values()
    (after,) = (await paraphrased.scores([part], [])).values()

    assert after[meant] > before[meant]
    assert {meant, Relation(phrase="manages", backwards=True)} & set(sorted(after, key=lambda r: -after[r])[:3])


async def test_the_packages_own_relations_are_carried() -> None:
    embedder = Slow()
    relations = alone(embedder=embedder)
    for _ in range(2):
        await relations.scores(["the supervisor of Anna"], [])

    assert embedder.asked == [1, 1]


async def test_of_an_ontology_only_what_is_its_own_is_learned_from_some_of_its_forms() -> None:
    whole, embedder = load_ontology(), Slow()
    said = Paraphrases(object=tuple(f"the {n}. ship that {{x}} steers" for n in range(30)))
    captain = replace(whole.predicates["OWNS"], name="CAPTAIN_OF", phrase="is captain of", said=said)
    relations = alone(replace(whole, predicates={**whole.predicates, "CAPTAIN_OF": captain}), embedder)

    (likely,) = (await relations.scores(["the ship that Anna steers"], [])).values()

    # Of the one end twelve, of the other the four that every predicate has.
    assert embedder.asked == [1, MOST_LEARNED + 2]
    assert max(likely, key=lambda relation: likely[relation]) == Relation(phrase="is captain of")


async def test_what_learns_all_forms_takes_nothing_that_is_carried(without_paraphrases: Ontology) -> None:
    forms, embedder = ontology_forms(without_paraphrases), Slow()
    relations = alone(without_paraphrases, embedder)
    await relations.learn_all()
    await relations.scores(["the supervisor of Anna"], [])

    assert embedder.asked == [sum(map(len, forms.values())), 1]


class Unknown(Slow):
    """A model that nothing is carried for."""

    name = "unknown"


async def test_for_another_model_a_search_learns_relations_once_from_some_of_their_forms() -> None:
    embedder = Unknown()
    relations = alone(embedder=embedder)
    for _ in range(2):
        await relations.scores(["the supervisor of Anna"], [])

    forms = ontology_forms(load_ontology())
    assert embedder.asked == [1, sum(min(len(said), MOST_LEARNED) for said in forms.values()), 1]


@pytest.mark.parametrize("kind", [lambda: TokenMeans(LocalTokens()), LocalEmbedder, MultilingualEmbedder])
async def test_what_is_carried_is_what_the_ontology_says(kind: Callable[[], Embedder]) -> None:
    embedder, forms = kind(), ontology_forms(load_ontology())
    held = carried()[embedder.name]
    some = {relation: forms[relation] for relation in list(forms)[::15]}
    made = await further(some, embedder, replace(held.space, centroids=held.space.centroids[:0]))

    assert sorted(held.rows) == sorted(digest_of(r, said) for r, said in forms.items()), (
        "run python -m scripts.relations"
    )
    places = [held.rows[digest_of(relation, said)] for relation, said in some.items()]
    np.testing.assert_allclose(held.space.centroids[places], made.centroids, atol=0.02)


async def test_an_ontology_that_only_has_what_it_must_learns_what_it_meets() -> None:
    whole = load_ontology()
    least = replace(whole, predicates={name: whole.predicates[name] for name in (NOTED, RELATED_TO)})
    relations = alone(least)
    first, second = Relation(phrase="supervises", backwards=True), Relation(phrase="once outran")

    await relations.scores(["the supervisor of Anna"], [first])
    (likely,) = (await relations.scores(["the supervisor of Anna"], [first, second])).values()

    assert likely[first] > likely[second]
