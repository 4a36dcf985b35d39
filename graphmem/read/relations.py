"""Which relation words like "the woman Anna answers to" mean, by their vectors.

A relation lies amid the forms that it is said in: its phrase, and the ontology's paraphrases. Nearness is to these
centroids, after what all forms have in common was taken away, and in directions in which forms of one relation differ
little from each other: linear discriminant analysis.

Source: Fisher 1936; shrinkage of the covariance as in Friedman 1989 (regularized discriminant analysis).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
MOST_LEARNED = 12
"""From how many forms of a relation that is not in that file a search learns where it lies, the first ones."""
DIRECTIONS_ALIKE = 15
"""Each dimension is taken to differ like all others as much as so many forms say that it does not."""
SHARPNESS = 2.0
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
    """Where relations lie by one embedder: how each differs from the mean vector of all forms, of length 1, a row each.

    `whitening`, a matrix, makes forms of one relation differ alike in all directions, where enough forms are known.
    """

    mean: Floats
    whitening: Floats | None
    relations: tuple[Relation, ...]
    centroids: Floats

    def placed(self, vectors: Floats) -> Floats:
        """Return how vectors differ from the mean."""
        apart = vectors - self.mean
        return apart if self.whitening is None else products(apart, self.whitening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A space that need not be learned; which row is whose is known by the digests of relations and their forms."""

    space: Space
    rows: Mapping[str, int]


@dataclass(slots=True)
class Relations:
    """Compares parts of questions with all relations of an ontology; those it does not have are learned when met."""

    ontology: Ontology
    embedder: Embedder
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
        near = products(unit_rows(space.placed(read)), space.centroids)
        # Each part's nearness to all relations has a mean of 0 and a deviation of 1, since models differ in range.
        near -= near.mean(axis=1, keepdims=True)
        near *= SHARPNESS / np.maximum(near.std(axis=1, keepdims=True), 1e-6)
        likely = near - np.log(np.exp(near).sum(axis=1, keepdims=True))
        return {
            part: dict(zip(space.relations, row, strict=True)) for part, row in zip(parts, likely.tolist(), strict=True)
        }

    async def learn_all(self) -> None:
        """Learn where the ontology's relations lie from all of their forms, and from nothing that is carried."""
        async with self._learning:
            self._space = await learn(ontology_forms(self.ontology), self.embedder, whitened=True)

    async def _learned(self, met: Iterable[Relation]) -> Space:
        if self._space is None:
            forms, held = ontology_forms(self.ontology), carried().get(self.embedder.name)
            if held is not None:
                known = {r: held.rows[d] for r, said in forms.items() if (d := digest_of(r, said)) in held.rows}
                own = replace(held.space, relations=tuple(known), centroids=held.space.centroids[list(known.values())])
                self._space = await further(_few(forms, own.relations), self.embedder, own)
            else:
                # An ontology of nothing but notes and invented predicates says nothing by itself.
                self._space = await learn(_few(forms or _plain(met)), self.embedder)
        known = set(self._space.relations)
        fresh = _few(_plain(relation for relation in met if relation not in known), known)
        self._space = await further(fresh, self.embedder, self._space)
        return self._space


def ontology_forms(ontology: Ontology) -> Forms:
    """Return how each relation of an ontology is said, where it is known."""
    forms: Forms = {}
    for predicate in ontology.predicates.values():
        if predicate.name not in _UNSAID:
            forms |= _forms(predicate.phrase, predicate)
    return forms


async def learn(forms: Forms, embedder: Embedder, *, whitened: bool = False) -> Space:
    """Return where relations lie by their forms; `whitened` for many, since few do not tell how they differ."""
    vectors = await _embedded(forms, embedder)
    mean: Floats = vectors.mean(axis=0)
    whitening = _whitening(vectors - mean, forms) if whitened else None
    space = Space(mean=mean, whitening=whitening, relations=(), centroids=vectors[:0])
    return _with(space, forms, vectors)


async def further(forms: Forms, embedder: Embedder, space: Space) -> Space:
    """Return a space with further relations."""
    return _with(space, forms, await _embedded(forms, embedder)) if forms else space


def digest_of(relation: Relation, forms: Sequence[str]) -> str:
    """Return what tells whether a relation's place was made of these forms."""
    return hashlib.sha256(json.dumps([*relation, forms]).encode()).hexdigest()


@cache
def carried() -> Mapping[str, Carried]:
    """Return what need not be learned, by the embedder's name."""
    with np.load(FILE) as held:
        rows = {digest: row for row, digest in enumerate(held["digests"].tolist())}
        parts = [held[name].astype(np.float32) for name in ("means", "whitenings", "centroids")]
        return {
            name: Carried(space=Space(mean=mean, whitening=whitening, relations=(), centroids=places), rows=rows)
            for name, mean, whitening, places in zip(held["embedders"].tolist(), *parts, strict=True)
        }


async def _embedded(forms: Forms, embedder: Embedder) -> Floats:
    return np.asarray(await embedder.embed([text for said in forms.values() for text in said]), dtype=np.float32)


def _with(space: Space, forms: Forms, vectors: Floats) -> Space:
    starts = np.cumsum([0, *map(len, forms.values())])[:-1]
    rows = unit_rows(np.add.reduceat(space.placed(vectors), starts, axis=0))
    return replace(space, relations=(*space.relations, *forms), centroids=np.concatenate([space.centroids, rows]))


def _whitening(apart: Floats, forms: Forms) -> Floats:
    """Return the matrix after which the forms of one relation differ alike in all directions.

    How they do is taken from all relations together, and shrunk towards alike: the fewer forms, the more.
    """
    counts = np.array([len(said) for said in forms.values()])
    means = np.add.reduceat(apart, np.cumsum([0, *counts])[:-1], axis=0) / counts[:, None]
    within = apart - np.repeat(means, counts, axis=0)
    covariance = (within.T @ within).astype(np.float64) / len(within)
    dimensions = len(covariance)
    alike = 1 / (1 + len(within) / (DIRECTIONS_ALIKE * dimensions))
    shrunk = (1 - alike) * covariance / (np.trace(covariance) / dimensions) + alike * np.eye(dimensions)
    spread, directions = np.linalg.eigh(shrunk)
    return ((directions / np.sqrt(spread)) @ directions.T).astype(np.float32)


def _few(forms: Forms, known: Collection[Relation] = ()) -> Forms:
    """Return some forms of each relation that is not known."""
    return {relation: said[:MOST_LEARNED] for relation, said in forms.items() if relation not in known}


def _plain(relations: Iterable[Relation]) -> Forms:
    """Return the forms of relations of which only the phrase is known."""
    forms: Forms = {}
    for phrase in sorted({relation.phrase for relation in relations}):
        forms |= _forms(phrase, None)
    return forms


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
