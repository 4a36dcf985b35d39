from __future__ import annotations

import asyncio
from collections.abc import Sequence

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.ontology import load_ontology
from graphmem.read.relations import Relation, Relations


class Slow(LocalEmbedder):
    """Lets others run before it answers."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        await asyncio.sleep(0)
        return await super().embed(texts)


def alone() -> Relations:
    return Relations(ontology=load_ontology(), embedder=Slow())


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
