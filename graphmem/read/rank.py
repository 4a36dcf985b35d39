"""Ranking messages: words, vectors and tokens over windows of neighbours, the named speaker, the date; all pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from graphmem.models import Episode
from graphmem.ports import QueryTokens
from graphmem.read.asked import Asked
from graphmem.read.expand import Expanded
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.late import Nearest, weighed
from graphmem.read.question import named_speaker, stems
from graphmem.read.weights import Weights, load_weights, ranged, total, weighted

K1, B = 1.0, 0.4
WINDOW = 2
WINDOW_DECAY = 0.9
CHOSEN = 120
"""How many messages are compared token by token, the first by the other signs."""
Neighbours = Mapping[str, Sequence[tuple[str, int]]]


class EpisodeRanking:
    """Messages in the order of what is known of them: by all signs but tokens first, then also by those."""

    def __init__(
        self, asked: Asked, expanded: Expanded, facts: Sequence[FoundFact], weights: Weights | None = None
    ) -> None:
        self._episodes = expanded.episodes
        self._tokens = asked.tokens
        self._weights = weights or load_weights()
        self.neighbours: Neighbours = _neighbours(list(self._episodes.values()))
        self.signs = self._signs(asked, expanded, facts)
        passing = {i: signs for i, signs in self.signs.items() if i in expanded.passing}
        first = {i: total(weighted(signs, self._weights.first)) for i, signs in passing.items()}
        self._order = sorted(first, key=lambda i: (-first[i], self._episodes[i].seq))

    @property
    def wanted(self) -> list[str]:
        """The messages whose tokens are wanted: the chosen ones, then their neighbours."""
        chosen = self._order[:CHOSEN]
        return list(dict.fromkeys([*chosen, *(n for i in chosen for n, _ in self.neighbours[i])]))

    def found(self, nearest: Nearest) -> list[FoundEpisode]:
        """Return the messages, best first; those that were not compared token by token come after those that were."""
        compared = [i for i in self._order[:CHOSEN] if i in nearest]
        if self._tokens is None or not compared:
            return [self._found(i, self._weights.first) for i in self._order]
        own = ranged({i: weighed(nearest[i], self._tokens.weights) for i in compared})
        window = ranged({i: self._window(i, nearest, self._tokens) for i in compared})
        for i in compared:
            self.signs[i] |= {"own": own[i], "window": window[i]}
        ranked = [self._found(i, self._weights.late) for i in compared]
        ranked.sort(key=lambda f: (-f.score, f.episode.seq))
        return [*ranked, *(self._found(i, self._weights.first) for i in self._order if i not in own)]

    def _window(self, episode: str, nearest: Nearest, tokens: QueryTokens) -> float:
        around = [nearest[i] for i, _ in self.neighbours[episode] if i in nearest]
        return weighed(np.max(around, axis=0), tokens.weights)

    def _found(self, episode: str, weights: Mapping[str, float]) -> FoundEpisode:
        parts = weighted(self.signs[episode], weights)
        return FoundEpisode(episode=self._episodes[episode], score=total(parts), parts=parts, path=())

    def _signs(self, asked: Asked, expanded: Expanded, facts: Sequence[FoundFact]) -> dict[str, dict[str, float]]:
        episodes = list(self._episodes.values())
        if not episodes:
            return {}
        words = _scaled(_windowed_bm25(asked.question.stems, episodes, self.neighbours))
        near = ranged({e.id: expanded.near_episodes.get(e.id, 0.0) for e in episodes})
        speaker = named_speaker(asked.text, {e.speaker for e in episodes})
        stated = _stated(facts)
        return {
            e.id: {
                "words": words[e.id],
                "near": near[e.id],
                "near_window": max(near[i] * WINDOW_DECAY**distance for i, distance in self.neighbours[e.id]),
                "speaker": float(e.speaker == speaker),
                "date": asked.question.fit(e.at),
                "question": float(e.text.rstrip().endswith("?")),
                "fact": stated.get(e.id, 0.0),
            }
            for e in episodes
        }


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


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values(), default=0.0)
    return {i: s / top if top > 0 else 0.0 for i, s in scores.items()}
