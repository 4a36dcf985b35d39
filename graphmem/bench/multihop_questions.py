"""Questions over a graph that name only the beginning of a chain; its last fact, the one right answer, is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from graphmem.bench.multihop_graph import FIRST_YEAR, LAST_YEAR, Named, Told, first_of
from graphmem.bench.multihop_phrasings import Phrasings, Relation, Step, asked, relations
from graphmem.errors import InvalidInput
from graphmem.ontology import Ontology

HOPS = (1, 2, 3, 4)
PAST_EVERY = 4
NOW = (LAST_YEAR + 1) * 12
TRIES = 4000
_MID_MONTH = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the facts of its chain, and when they hold together; the last fact is the answer."""

    text: str
    relations: tuple[str, ...]
    chain: tuple[Told, ...]
    as_of: datetime | None = None

    @property
    def hops(self) -> int:
        """How many facts lead to the answer, it included."""
        return len(self.chain)

    @property
    def gold(self) -> tuple[str, str, str]:
        """Subject, predicate and object of the last fact."""
        last = self.chain[-1]
        return last.subject.name, last.predicate, last.object.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A fact as one walks over it."""

    relation: Relation
    source: Named
    target: Named
    fact: Told


class Paths:
    """The steps that a graph allows in a month: those that lead from their source to one target by one fact only."""

    def __init__(self, facts: Sequence[Told], phrasings: Phrasings, ontology: Ontology) -> None:
        self._walks = [w for f in facts for r in relations(phrasings) for w in _walks(f, r, ontology)]
        self._by_month: dict[int, dict[str, dict[Named, list[_Walk]]]] = {}

    def unique(self, month: int) -> Mapping[str, Mapping[Named, _Walk]]:
        """Return for each relation the one way from each source that has exactly one."""
        if month not in self._by_month:
            found: dict[str, dict[Named, list[_Walk]]] = defaultdict(lambda: defaultdict(list))
            for walk in self._walks:
                if walk.fact.holds(month):
                    found[walk.relation.name][walk.source].append(walk)
            self._by_month[month] = found
        found = self._by_month[month]
        return {name: {s: some[0] for s, some in by.items() if len(some) == 1} for name, by in found.items()}


def _walks(fact: Told, relation: Relation, ontology: Ontology) -> list[_Walk]:
    """Return how a relation walks over a fact: as its predicate says, or the inverse one from the other end."""
    inverse = ontology.predicate(relation.predicate).inverse
    there = fact.predicate == relation.predicate
    back = fact.predicate == inverse
    if relation.reverse:
        there, back = back, there
    ways = [(fact.subject, fact.object)] * there + [(fact.object, fact.subject)] * back
    return [_Walk(relation=relation, source=s, target=t, fact=fact) for s, t in ways if s.kind in relation.of]


def draw_questions(
    facts: Sequence[Told], count: int, phrasings: Phrasings, seed: int, ontology: Ontology
) -> list[Question]:
    """Return so many questions, evenly over 1 to 4 hops and over their last relations, a quarter about a past month.

    Raises InvalidInput where the graph has too few chains.
    """
    drawer = _Drawer(Paths(facts, phrasings, ontology), relations(phrasings), np.random.default_rng(seed))
    found: dict[str, Question] = {}
    for number in range(TRIES * max(count, 1)):
        if len(found) == count:
            break
        place = len(found)
        past = place // len(HOPS) % PAST_EVERY == PAST_EVERY - 1
        question = drawer.draw(HOPS[place % len(HOPS)], past=past, number=number)
        if question is not None and question.text not in found:
            found[question.text] = question
    if len(found) < count:
        raise InvalidInput(f"the graph has chains for {len(found)} of {count} questions; give it more facts.")
    return list(found.values())


class _Drawer:
    """Draws chains from their last fact backwards, and puts them into words."""

    def __init__(self, paths: Paths, known: Sequence[Relation], random: np.random.Generator) -> None:
        self._paths = paths
        self._relations = known
        self._random = random

    def draw(self, hops: int, *, past: bool, number: int) -> Question | None:
        """Return a question whose last relation is the next in turn, or None where the dice led nowhere."""
        month = int(self._random.integers((FIRST_YEAR + 4) * 12, (LAST_YEAR - 1) * 12)) if past else NOW
        if past:
            month -= month % 6
        unique = self._paths.unique(month)
        last = self._relations[number % len(self._relations)].name
        chain = self._backwards(hops, last, unique)
        if chain is None or (past and all(w.fact.holds(NOW) for w in chain)):
            return None
        steps = [Step(relation=w.relation, to_woman=w.target.woman) for w in chain]
        text = asked(chain[0].source.name, steps, lambda some: some[int(self._random.integers(len(some)))])
        return Question(
            text=f"As of {first_of(month):%B %Y}, {text[0].lower()}{text[1:]}" if past else text,
            relations=tuple(w.relation.name for w in chain),
            chain=tuple(w.fact for w in chain),
            as_of=first_of(month) + _MID_MONTH if past else None,
        )

    def _backwards(self, hops: int, last: str, unique: Mapping[str, Mapping[Named, _Walk]]) -> list[_Walk] | None:
        ways = list(unique.get(last, {}).values())
        if not ways:
            return None
        chain = [ways[int(self._random.integers(len(ways)))]]
        seen = {chain[0].source, chain[0].target}
        while len(chain) < hops:
            before = self._before(chain, seen, unique)
            if not before:
                return None
            chain.insert(0, before[int(self._random.integers(len(before)))])
            seen.add(chain[0].source)
        return chain

    def _before(
        self, chain: Sequence[_Walk], seen: set[Named], unique: Mapping[str, Mapping[Named, _Walk]]
    ) -> list[_Walk]:
        """Return the steps that lead to where the chain begins: of each relation one, so that hubs do not crowd in."""
        found: list[_Walk] = []
        for relation in self._relations:
            if not relation.nouns or any(w.relation.name == relation.name for w in chain):
                continue
            into = [
                w
                for w in unique.get(relation.name, {}).values()
                if w.target == chain[0].source and w.source not in seen
            ]
            if into:
                found.append(into[int(self._random.integers(len(into)))])
        return found
