"""Which relation words like "the woman Anna answers to" mean: by vectors, as a whole and token by token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.ontology import NOTED, RELATED_TO, Ontology, Predicate
from graphmem.ports import Embedder, Passage, QueryTokens, TokenEmbedder
from graphmem.read.late import decoded
from graphmem.read.nested import PLACEHOLDER

Floats: TypeAlias = NDArray[np.float32]
SHARPNESS = 2.0
"""How far a relation that is one standard deviation nearer than another is preferred to it."""
FORMS = 2
MANY = 4
"""A relation to so many types of things is to a thing."""
_UNSAID = {NOTED, RELATED_TO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What a fact says between its ends, read from its subject, or backwards from its object."""

    phrase: str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """Relations with the vectors of the forms in which each is said, as wholes and as tokens."""

    columns: Mapping[Relation, int]
    vectors: Floats | None
    tokens: Floats | None
    starts: Sequence[int]


@dataclass(slots=True)
class Relations:
    """Compares parts of questions with all relations of an ontology; those it does not have are learned when met."""

    ontology: Ontology
    embedder: Embedder
    tokens: TokenEmbedder | None
    _known: _Known | None = None
    _more: set[str] = field(default_factory=set[str])

    def of(self, predicate: str, raw_predicate: str, *, backwards: bool) -> list[Relation]:
        """Return what a fact says from one of its ends; two ways where the ontology has an inverse."""
        known = self.ontology.predicate(predicate)
        phrase = known.phrase if not raw_predicate else raw_predicate.lower().replace("_", " ")
        found = [Relation(phrase=phrase, backwards=backwards)]
        if known.inverse and not raw_predicate:
            found.append(Relation(phrase=self.ontology.predicate(known.inverse).phrase, backwards=not backwards))
        return found

    async def scores(self, parts: Sequence[str], met: Iterable[Relation]) -> dict[str, Mapping[Relation, float]]:
        """Return for each part the logarithm of how likely it means each relation, of all that are known."""
        known = await self._all(met)
        apart: list[Floats] = []
        if known.vectors is not None:
            asked = np.asarray(await self.embedder.embed(list(parts)), dtype=np.float32)
            apart.append(_standard(asked @ known.vectors.T))
        if self.tokens is not None and known.tokens is not None:
            asked_tokens = [await self.tokens.embed_query(part) for part in parts]
            apart.append(_standard(np.stack([_by_tokens(q, known.tokens, known.starts) for q in asked_tokens])))
        near = np.sum(apart, axis=0).reshape(len(parts), -1, FORMS).max(axis=2) * SHARPNESS * 2 / len(apart)
        likely = near - np.log(np.exp(near).sum(axis=1, keepdims=True))
        return {
            part: {r: float(row[c]) for r, c in known.columns.items()} for part, row in zip(parts, likely, strict=True)
        }

    async def _all(self, met: Iterable[Relation]) -> _Known:
        fresh = {r.phrase for r in met if self._known is None or r not in self._known.columns}
        if self._known is None or fresh:
            self._more |= fresh
            self._known = await self._learn()
        return self._known

    async def _learn(self) -> _Known:
        forms: dict[Relation, list[str]] = {}
        for predicate in self.ontology.predicates.values():
            if predicate.name not in _UNSAID:
                forms |= _forms(predicate.phrase, predicate)
        for phrase in sorted(self._more):
            forms = _forms(phrase, None) | forms
        texts = [text for said in forms.values() for text in said]
        vectors = None
        if not self.embedder.remote or self.tokens is None:
            vectors = np.asarray(await self.embedder.embed(texts), dtype=np.float32)
        tokens, starts = None, list[int]()
        if self.tokens is not None:
            made = [decoded(t[0]) for t in await self.tokens.embed([Passage(texts=(text,)) for text in texts])]
            tokens, starts = np.concatenate(made), np.cumsum([0, *(len(m) for m in made)])[:-1].tolist()
        return _Known({relation: i for i, relation in enumerate(forms)}, vectors, tokens, starts)


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


def _by_tokens(question: QueryTokens, tokens: Floats, starts: Sequence[int]) -> Floats:
    weights = question.weights * np.array([w != PLACEHOLDER.lower() for w in question.words], dtype=np.float32)
    best = np.maximum.reduceat(tokens @ question.vectors.T, starts, axis=0)
    return best @ weights / max(float(weights.sum()), 1e-6)


def _standard(near: Floats) -> Floats:
    """Scale each part's nearness to all forms to a mean of 0 and a deviation of 1, since models differ in range."""
    spread = near.std(axis=1, keepdims=True)
    return (near - near.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6)
