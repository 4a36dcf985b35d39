"""Ranking facts: words, vectors, tokens, dates, how sure, how recent, and the chain that leads there; all pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.models import Fact, FactVersion
from graphmem.ontology import Ontology
from graphmem.read.asked import Asked
from graphmem.read.expand import Expanded
from graphmem.read.found import FoundFact
from graphmem.read.question import Question, stems
from graphmem.read.seeds import Seeds
from graphmem.read.states import place
from graphmem.read.times.windows import ALL_TIMES
from graphmem.read.weights import Weights, load_weights, ranged, total, weighted

JUST_BEHIND = 0.01
"""By how much what is replaced by something later is behind it, where it would be before it."""
LEADING = 0.4
"""What the facts on the way of the best chain count of what the chain does."""


def rank_facts(
    asked: Asked,
    seeds: Seeds,
    expanded: Expanded,
    late: Mapping[str, float],
    states: Mapping[str, FactVersion],
    weights: Weights | None = None,
) -> list[FoundFact]:
    """Return the facts of `states`, by id what is or was believed of them, best first, with the facts that led there.

    `late` is how near facts are to the question token by token.
    """
    weights = weights or load_weights()
    near = ranged({i: expanded.near.get(i, 0.0) for i in expanded.facts})
    late = ranged({i: late.get(i, 0.0) for i in expanded.facts})
    named = {stem for n in seeds.named for name in n.entity.names for stem in stems(name)}
    words = [stem for stem in asked.question.stems if stem not in named] or list(asked.question.stems)
    shared = _shared_words(words, [expanded.facts[i] for i in states])
    leading = _leading(expanded)
    recent = _recency(expanded.facts, states, asked.question)
    found: list[FoundFact] = []
    for i, state in states.items():
        fact = expanded.facts[i]
        chain = expanded.chains.get(i)
        signs = {
            "near": near.get(i, 0.0),
            "late": late.get(i, 0.0),
            "words": shared[i],
            "chain": max(chain.gain if chain else 0.0, leading.get(i, 0.0)),
            "date": asked.question.fit(fact.interval.start),
            "sure": 0.0 if state.uncertain_since is not None else fact.confidence,
            "recent": recent.get(i, 0.0),
            "order": recent.get(i, 0.0) if asked.question.meant is not None else 0.0,
        }
        parts = weighted(signs, weights.facts)
        path = tuple(expanded.facts[p].text for p in chain.path if p in expanded.facts) if chain else ()
        found.append(FoundFact(fact=fact, state=state, score=total(parts), parts=parts, path=path))
    return _best_first(found)


def latest_first(found: Sequence[FoundFact], ontology: Ontology) -> list[FoundFact]:
    """Return facts, of several values of what has one at a time the latest that is not doubted before those no surer.

    They stand beside each other where what drew them may not close others, or nobody has decided yet.
    """
    sure = [f for f in found if ontology.predicate(f.fact.predicate).exclusive and f.state.uncertain_since is None]
    latest = {place(f.fact): f for f in sorted(sure, key=lambda f: (f.state.interval.start, f.fact.id))}
    return _best_first(_behind(one, latest.get(place(one.fact), one)) for one in found)


def _best_first(found: Iterable[FoundFact]) -> list[FoundFact]:
    return sorted(found, key=lambda f: (-f.score, f.fact.id))


def _behind(one: FoundFact, first: FoundFact) -> FoundFact:
    if one.fact.id == first.fact.id or one.score < first.score or one.fact.confidence > first.fact.confidence:
        return one
    less = first.score - one.score - JUST_BEHIND
    return replace(one, score=one.score + less, parts={**one.parts, "order": one.parts["order"] + less})


def _leading(expanded: Expanded) -> dict[str, float]:
    """Return what the facts on the way of the best chain count, which are wanted with its last one."""
    best = max(expanded.chains.values(), key=lambda c: c.gain, default=None)
    return dict.fromkeys(best.path, LEADING * best.gain) if best is not None else {}


def _recency(facts: Mapping[str, Fact], states: Mapping[str, FactVersion], question: Question) -> dict[str, float]:
    """Return how late each fact began among those of its kind, up to 1 for the last; how early, where that is asked.

    Where the question names a time, those are there that held in it.
    """
    within = question.stretch or ALL_TIMES
    begun = {i: state.interval.start for i, state in states.items() if within.meets(state.interval)}
    starts: dict[tuple[str, str], set[datetime]] = defaultdict(set)
    for i, start in begun.items():
        starts[_kind(facts[i])].add(start)
    places: dict[tuple[str, str], dict[datetime, float]] = {}
    for kind, times in starts.items():
        ordered = sorted(times, reverse=question.meant == "oldest")
        places[kind] = {at: (n + 1) / len(ordered) for n, at in enumerate(ordered)}
    return {i: places[_kind(facts[i])][start] for i, start in begun.items()}


def _kind(fact: Fact) -> tuple[str, str]:
    return fact.predicate, fact.raw_predicate


def _shared_words(asked: Sequence[str], facts: Sequence[Fact]) -> dict[str, float]:
    """Return how many of the words each fact holds, weighted by rarity; all words together weigh 1."""
    held = {f.id: set(stems(f"{f.text} {' '.join(s.quote for s in f.sources[:2])}")) for f in facts}
    rarity = {w: math.log(1 + len(held) / (1 + sum(w in words for words in held.values()))) for w in asked}
    whole = sum(rarity.values()) or 1.0
    return {i: sum(rarity[w] for w in asked if w in words) / whole for i, words in held.items()}
