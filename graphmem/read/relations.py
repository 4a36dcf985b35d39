"""Which relation words like "the woman Anna answers to" mean, by their vectors.

A relation lies amid the forms that it is said in: its phrase, and the ontology's paraphrases. Nearness is to these
centroids, after what all forms have in common was taken away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.ontology import KNOWN_END, NOTED, RELATED_TO, Ontology, Predicate
from graphmem.ports import Embedder
from graphmem.products import products, unit_rows
from graphmem.read.nested import PLACEHOLDER

Floats: TypeAlias = NDArray[np.float32]
Forms: TypeAlias = "dict[Relation, list[str]]"
FILE = Path(__file__).with_name("relations.npz")
"""Where the package's own relations lie for the local embedders; `python -m scripts.relations` makes it."""
SHARPNESS = 2.5
"""How far a relation that is one standard deviation nearer than another is preferred to it."""
MANY = 4
"""A relation to so many types of things is to a thing."""
_UNSAID = {NOTED, RELATED_TO}


class Relation(NamedTuple):
    """What a fact says between its ends, read from its subject, or backwards from its object.

    A tuple, since a search looks thousands of them up.
    """

    phrase: str
    backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What all forms have in common, the mean of their vectors, and how each relation differs from it, of length 1."""

    mean: Floats
    centroids: Floats


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
    _space: Space | None = None

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
            space = await self._learned(met)
        near = products(_apart(read, space.mean), space.centroids)
        # Each part's nearness to all relations has a mean of 0 and a deviation of 1, since models differ in range.
        near -= near.mean(axis=1, keepdims=True)
        near *= SHARPNESS / np.maximum(near.std(axis=1, keepdims=True), 1e-6)
        likely = near - np.log(np.exp(near).sum(axis=1, keepdims=True))
        # The columns are in the order in which the relations were learned.
        return {
            part: dict(zip(self._columns, row, strict=True)) for part, row in zip(parts, likely.tolist(), strict=True)
        }

    async def _learned(self, met: Iterable[Relation]) -> Space:
        if self._space is None:
            # An ontology of nothing but notes and invented predicates says nothing by itself.
            forms = ontology_forms(self.ontology) or self._fresh(met)
            self._space = carried().get(key_of(self.embedder, forms)) or await learn(forms, self.embedder)
            self._columns |= {relation: i for i, relation in enumerate(forms)}
        if fresh := self._fresh(met):
            more = await learn(fresh, self.embedder, self._space.mean)
            self._columns |= {relation: len(self._columns) + i for i, relation in enumerate(fresh)}
            self._space = Space(mean=more.mean, centroids=np.concatenate([self._space.centroids, more.centroids]))
        return self._space

    def _fresh(self, met: Iterable[Relation]) -> Forms:
        forms: Forms = {}
        for phrase in sorted({r.phrase for r in met if r not in self._columns}):
            forms |= {r: said for r, said in _forms(phrase, None).items() if r not in self._columns}
        return forms


def ontology_forms(ontology: Ontology) -> Forms:
    """Return how each relation of an ontology is said, where it is known."""
    forms: Forms = {}
    for predicate in ontology.predicates.values():
        if predicate.name not in _UNSAID:
            forms |= _forms(predicate.phrase, predicate)
    return forms


async def learn(forms: Forms, embedder: Embedder, mean: Floats | None = None) -> Space:
    """Return where relations lie by their forms; `mean` where what forms have in common is known already."""
    vectors = np.asarray(await embedder.embed([text for said in forms.values() for text in said]), dtype=np.float32)
    common: Floats = vectors.mean(axis=0) if mean is None else mean
    starts = np.cumsum([0, *map(len, forms.values())])[:-1]
    return Space(mean=common, centroids=unit_rows(np.add.reduceat(_apart(vectors, common), starts, axis=0)))


def key_of(embedder: Embedder, forms: Forms) -> str:
    """Return what tells whether the vectors of forms were made of these, by this model."""
    said = json.dumps([[*relation, texts] for relation, texts in forms.items()])
    return f"{embedder.name} {hashlib.sha256(said.encode()).hexdigest()}"


@cache
def carried() -> Mapping[str, Space]:
    """Return what need not be learned, by its key."""
    with np.load(FILE) as held:
        means, centroids = (held[name].astype(np.float32) for name in ("means", "centroids"))
        spaces = (Space(mean=mean, centroids=rows) for mean, rows in zip(means, centroids, strict=True))
        return dict(zip(map(str, held["keys"]), spaces, strict=True))


def _apart(vectors: Floats, mean: Floats) -> Floats:
    return unit_rows(vectors - mean)


def _forms(phrase: str, predicate: Predicate | None) -> Forms:
    """Return how a relation is said from its subject and, where its object is an entity, backwards."""
    there, back = Relation(phrase=phrase), Relation(phrase=phrase, backwards=True)
    if predicate is not None and predicate.literal is not None:
        forms = {there: [f"{PLACEHOLDER} {phrase} something", f"what {PLACEHOLDER} {phrase}"]}
    else:
        objects = predicate.objects if predicate is not None else ("Thing",)
        kind = next(iter(objects), "Thing").lower() if len(objects) < MANY else "thing"
        forms = {
            there: [f"{PLACEHOLDER} {phrase} a {kind}", f"the {kind} {PLACEHOLDER} {phrase}"],
            back: [f"a person {phrase} {PLACEHOLDER}", f"the person who {phrase} {PLACEHOLDER}"],
        }
    if predicate is None:
        return forms
    paraphrases = {there: predicate.paraphrases.object, back: predicate.paraphrases.subject}
    return {
        relation: [*said, *(p.replace(KNOWN_END, PLACEHOLDER).rstrip("?") for p in paraphrases[relation])]
        for relation, said in forms.items()
    }
