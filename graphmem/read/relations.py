"""Which relation words like "the woman Anna answers to" mean, by their vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.ontology import NOTED, RELATED_TO, Ontology, Predicate
from graphmem.ports import Embedder
from graphmem.products import products
from graphmem.read.nested import PLACEHOLDER

Floats: TypeAlias = NDArray[np.float32]
SHARPNESS = 4.0
"""How far a relation that is one standard deviation nearer than another is preferred to it."""
FORMS = 2
MANY = 4
"""A relation to so many types of things is to a thing."""
_UNSAID = {NOTED, RELATED_TO}


class Relation(NamedTuple):
    """What a fact says between its ends, read from its subject, or backwards from its object.

    A tuple, since a search looks thousands of them up.
    """

    phrase: str
    backwards: bool = False


@dataclass(slots=True)
class Relations:
    """Compares parts of questions with all relations of an ontology; those it does not have are learned when met."""

    ontology: Ontology
    embedder: Embedder
    _columns: dict[Relation, int] = field(default_factory=dict[Relation, int])
    _said: dict[tuple[str, str, bool], tuple[Relation, ...]] = field(
        default_factory=dict[tuple[str, str, bool], "tuple[Relation, ...]"]
    )
    _learning: asyncio.Lock = field(default_factory=asyncio.Lock)
    _vectors: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    def of(self, predicate: str, raw_predicate: str, *, backwards: bool) -> tuple[Relation, ...]:
        """Return what a fact says from one of its ends; two ways where the ontology has an inverse."""
        key = predicate, raw_predicate, backwards
        if key not in self._said:
            self._said[key] = self._read(*key)
        return self._said[key]

    def _read(self, predicate: str, raw_predicate: str, backwards: bool) -> tuple[Relation, ...]:
        known = self.ontology.predicate(predicate)
        phrase = known.phrase if not raw_predicate else raw_predicate.lower().replace("_", " ")
        found = (Relation(phrase=phrase, backwards=backwards),)
        if known.inverse and not raw_predicate:
            inverse = self.ontology.predicate(known.inverse).phrase
            return (*found, Relation(phrase=inverse, backwards=not backwards))
        return found

    async def scores(self, parts: Sequence[str], met: Iterable[Relation]) -> dict[str, Mapping[Relation, float]]:
        """Return for each part of a question the logarithm of how likely it means each relation that is known."""
        if not parts:
            return {}
        read = np.asarray(await self.embedder.embed(parts), dtype=np.float32)
        async with self._learning:
            await self._learn(met)
        near = products(read, self._vectors)
        # Each part's nearness to all forms has a mean of 0 and a deviation of 1, since models differ in range.
        near -= near.mean(axis=1, keepdims=True)
        near /= np.maximum(near.std(axis=1, keepdims=True), 1e-6)
        best = near.reshape(len(parts), -1, FORMS).max(axis=2) * SHARPNESS
        likely = best - np.log(np.exp(best).sum(axis=1, keepdims=True))
        # The columns are in the order in which the relations were learned.
        return {
            part: dict(zip(self._columns, row, strict=True)) for part, row in zip(parts, likely.tolist(), strict=True)
        }

    async def _learn(self, met: Iterable[Relation]) -> None:
        forms: dict[Relation, list[str]] = {}
        if not self._columns:
            for predicate in self.ontology.predicates.values():
                if predicate.name not in _UNSAID:
                    forms |= _forms(predicate.phrase, predicate)
        for phrase in sorted({r.phrase for r in met if r not in self._columns and r not in forms}):
            forms = _forms(phrase, None) | forms
        forms = {r: said for r, said in forms.items() if r not in self._columns}
        if not forms:
            return
        made = await self.embedder.embed([text for said in forms.values() for text in said])
        fresh = np.asarray(made, dtype=np.float32)
        known = self._vectors if self._columns else fresh[:0]
        self._vectors = np.concatenate([known, fresh])
        self._columns |= {relation: len(self._columns) + i for i, relation in enumerate(forms)}


def _forms(phrase: str, predicate: Predicate | None) -> dict[Relation, list[str]]:
    """Return how a relation is said from its subject and, where its object is an entity, backwards."""
    if predicate is not None and predicate.literal is not None:
        return {Relation(phrase=phrase): [f"{PLACEHOLDER} {phrase} something", f"what {PLACEHOLDER} {phrase}"]}
    objects = predicate.objects if predicate is not None else ("Thing",)
    kind = next(iter(objects), "Thing").lower() if len(objects) < MANY else "thing"
    return {
        Relation(phrase=phrase): [f"{PLACEHOLDER} {phrase} a {kind}", f"the {kind} {PLACEHOLDER} {phrase}"],
        Relation(phrase=phrase, backwards=True): [
            f"a person {phrase} {PLACEHOLDER}",
            f"the person who {phrase} {PLACEHOLDER}",
        ],
    }
