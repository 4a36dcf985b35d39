"""Ranking: words and vectors over windows of neighbours, the named speaker, the date, and the way to it; all pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from graphmem.models import AsOf, Episode, Fact, FactVersion
from graphmem.ontology import Ontology
from graphmem.read.expand import HOPS, Expanded
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.question import Question, date_fit, named_speaker, stems
from graphmem.read.seeds import Seeds

K1, B = 1.0, 0.4
WINDOW = 2
WINDOW_DECAY = 0.9
CHAIN_DECAY = 0.95
CHAIN_BEAM = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each sign counts; fitted on the development half of LoCoMo."""

    words: float = 1.0
    near: float = 0.5
    near_window: float = 0.5
    speaker: float = 0.3
    date: float = 0.5
    question: float = -0.1
    fact: float = 0.2


WEIGHTS = Weights()


def rank_episodes(
    query: str, question: Question, expanded: Expanded, facts: Sequence[FoundFact], weights: Weights = WEIGHTS
) -> list[FoundEpisode]:
    """Return the candidates, best first: BM25 and cosine over two neighbours each side, speaker, date, facts."""
    episodes = list(expanded.episodes.values())
    if not episodes:
        return []
    neighbours = _neighbours(episodes)
    words = _scaled(_windowed_bm25(question.stems, episodes, neighbours))
    near = _ranged({e.id: expanded.near.get(e.id, 0.0) for e in episodes})
    speaker = named_speaker(query, {e.speaker for e in episodes})
    stated = _stated(facts)
    found: list[FoundEpisode] = []
    for episode in episodes:
        parts = {
            "words": weights.words * words[episode.id],
            "near": weights.near * near[episode.id],
            "near_window": weights.near_window
            * max(near[i] * WINDOW_DECAY**distance for i, distance in neighbours[episode.id]),
            "speaker": weights.speaker * (episode.speaker == speaker),
            "date": weights.date * date_fit(question.date, episode.at),
            "question": weights.question * episode.text.rstrip().endswith("?"),
            "fact": weights.fact * stated.get(episode.id, 0.0),
        }
        found.append(FoundEpisode(episode=episode, score=sum(parts.values()), parts=parts, path=()))
    return sorted(found, key=lambda f: (-f.score, f.episode.seq))


def _neighbours(episodes: Sequence[Episode]) -> dict[str, list[tuple[str, int]]]:
    """Return for each message those of its session at most two places away, itself included, with the distance."""
    sessions: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        sessions[episode.scope, episode.session].append(episode)
    around: dict[str, list[tuple[str, int]]] = {}
    for members in sessions.values():
        by_seq = {e.seq: e.id for e in members}
        for episode in members:
            around[episode.id] = [
                (by_seq[episode.seq + step], abs(step))
                for step in range(-WINDOW, WINDOW + 1)
                if episode.seq + step in by_seq
            ]
    return around


def _windowed_bm25(
    asked: Sequence[str], episodes: Sequence[Episode], neighbours: Mapping[str, Sequence[tuple[str, int]]]
) -> dict[str, float]:
    """BM25 with each term's best over the window. Source: Robertson and Zaragoza 2009, with k1 1.0 and b 0.4."""
    counts = {e.id: Counter(stems(f"{e.speaker} {e.text}")) for e in episodes}
    lengths = {i: sum(c.values()) for i, c in counts.items()}
    average = sum(lengths.values()) / len(lengths)
    total = {e.id: 0.0 for e in episodes}
    for term in asked:
        frequency = sum(1 for c in counts.values() if term in c)
        if not frequency:
            continue
        idf = math.log(1 + (len(counts) - frequency + 0.5) / (frequency + 0.5))
        own = {
            i: c[term] * (K1 + 1) / (c[term] + K1 * (1 - B + B * lengths[i] / average)) if term in c else 0.0
            for i, c in counts.items()
        }
        for i, around in neighbours.items():
            total[i] += idf * max(own[j] * WINDOW_DECAY**distance for j, distance in around)
    return total


def _stated(facts: Sequence[FoundFact]) -> dict[str, float]:
    best: dict[str, float] = {}
    top = max((f.score for f in facts), default=0.0) or 1.0
    for found in facts:
        for source in found.fact.sources:
            best[source.episode_id] = max(best.get(source.episode_id, 0.0), found.score / top)
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class FactWeights:
    """How much each sign counts for a fact."""

    near: float = 1.0
    words: float = 0.5
    way: float = 0.2
    chain: float = 1.2
    date: float = 0.2


FACT_WEIGHTS = FactWeights()


def rank_facts(
    question: Question,
    seeds: Seeds,
    expanded: Expanded,
    holding: Mapping[str, FactVersion],
    weights: FactWeights = FACT_WEIGHTS,
) -> list[FoundFact]:
    """Return the facts of `holding`, best first, each with the facts that led to it."""
    near = _ranged({i: expanded.reached[i].near if i in expanded.reached else 0.0 for i in expanded.facts})
    near |= _ranged({i: s for i, s in seeds.near_facts.items() if i in expanded.facts})
    named = {stem for e in seeds.entities for name in e.names for stem in stems(name)}
    asked = [stem for stem in question.stems if stem not in named] or list(question.stems)
    words = _word_weights(asked, [expanded.facts[i] for i in holding])
    chains = _chains(words, [expanded.facts[i] for i in holding], {e.canonical_id for e in seeds.entities})
    found: list[FoundFact] = []
    for i, state in holding.items():
        fact = expanded.facts[i]
        reached = expanded.reached.get(i)
        parts = {
            "near": weights.near * near.get(i, 0.0),
            "words": weights.words * sum(words[i].values()),
            "way": weights.way * (reached.strength if reached else 0.0),
            "chain": weights.chain * (chains[i].gain if i in chains else 0.0),
            "date": weights.date * date_fit(question.date, fact.interval.start),
        }
        way = chains[i].path if i in chains else (reached.path if reached else ())
        path = tuple(expanded.facts[p].text for p in way if p in expanded.facts)
        found.append(FoundFact(fact=fact, state=state, score=sum(parts.values()), parts=parts, path=path))
    return sorted(found, key=lambda f: (-f.score, f.fact.id))


def states_at(facts: Mapping[str, Fact], as_of: AsOf, now: datetime) -> dict[str, FactVersion]:
    """Return what holds on the asked clocks, by the facts' ids."""
    return {i: state for i, f in facts.items() if (state := state_at(f, as_of, now)) is not None}


def over_at(
    facts: Mapping[str, Fact], holding: Mapping[str, FactVersion], as_of: AsOf, now: datetime, ontology: Ontology
) -> dict[str, FactVersion]:
    """Return what had ended by the asked time with nothing known in its place, by the facts' ids."""
    held = {_place(facts[i]) for i in holding}
    over: dict[str, FactVersion] = {}
    for i, fact in facts.items():
        state = fact.as_known(as_of.known or now)
        if fact.event or state is None or state.interval.end is None or state.interval.end > (as_of.valid or now):
            continue
        if not (ontology.predicate(fact.predicate).exclusive and _place(fact) in held):
            over[i] = state
    return over


def _place(fact: Fact) -> tuple[str, str, str]:
    return fact.subject_id, fact.predicate, fact.raw_predicate


def state_at(fact: Fact, as_of: AsOf, now: datetime) -> FactVersion | None:
    """Return what is or was believed of a fact on the asked clocks, None where it does not hold there."""
    state = fact.as_known(as_of.known or now)
    return state if state is not None and state.interval.holds(as_of.valid or now) else None


def _word_weights(asked: Sequence[str], facts: Sequence[Fact]) -> dict[str, dict[str, float]]:
    """Return for each fact which of the words it holds, weighted by rarity; all words together weigh 1."""
    held = {f.id: set(stems(f"{f.text} {' '.join(s.quote for s in f.sources[:2])}")) for f in facts}
    rarity = {w: math.log(1 + len(held) / (1 + sum(w in words for words in held.values()))) for w in asked}
    whole = sum(rarity.values()) or 1.0
    return {i: {w: rarity[w] / whole for w in asked if w in words} for i, words in held.items()}


@dataclass(frozen=True, slots=True)
class _Chain:
    """How much of the question a chain of facts answers, and the facts before its last one."""

    gain: float
    path: tuple[str, ...]


def _chains(words: Mapping[str, Mapping[str, float]], facts: Sequence[Fact], starts: Set[str]) -> dict[str, _Chain]:
    """Return how much of the question each fact answers together with the facts that lead to it from the named ones.

    A question about the far end of a chain names one end only: its words are spread over the chain's facts, so all
    of them count for each fact of the chain. A fact that adds no word of its own may lead on, but ends no chain.
    """
    touching: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        for end in {fact.subject_id, fact.object_id} - {None}:
            touching[str(end)].append(fact)
    gains: dict[str, float] = {}
    leads: dict[str, _Chain] = {}
    frontier = [_Way(gain=0.0, end=start, seen=(start,), path=(), covered={}) for start in sorted(starts)]
    for hop in range(HOPS):
        following = [
            longer for way in frontier for fact in touching[way.end] if (longer := _longer(way, fact, words, hop))
        ]
        for way in following:
            last = way.path[-1]
            if not way.adds:
                continue
            if last not in leads or way.gain > leads[last].gain:
                leads[last] = _Chain(way.gain, way.path[:-1])
            gains |= {p: way.gain for p in way.path if way.gain > gains.get(p, 0.0)}
        frontier = sorted((w for w in following if w.end), key=lambda w: (-w.gain, w.path))[:CHAIN_BEAM]
    return {i: _Chain(gains[i], chain.path) for i, chain in leads.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A chain while it grows: where it ends, where it was, its facts, and the question's words that they hold."""

    gain: float
    end: str
    seen: tuple[str, ...]
    path: tuple[str, ...]
    covered: Mapping[str, float]
    adds: bool = True


def _longer(way: _Way, fact: Fact, words: Mapping[str, Mapping[str, float]], hop: int) -> _Way | None:
    covered = {**way.covered, **words[fact.id]}
    other = (fact.object_id if fact.subject_id == way.end else fact.subject_id) or ""
    if other in way.seen:
        return None
    return _Way(
        gain=sum(covered.values()) * CHAIN_DECAY**hop,
        end=other,
        seen=(*way.seen, other),
        path=(*way.path, fact.id),
        covered=covered,
        adds=len(covered) > len(way.covered),
    )


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values(), default=0.0)
    return {i: s / top if top > 0 else 0.0 for i, s in scores.items()}


def _ranged(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale to 0-1 over the candidates, since the stores' cosines have different ranges."""
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    return {i: (s - low) / (high - low) if high > low else 1.0 for i, s in scores.items()}
