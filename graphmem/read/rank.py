"""Ranking messages: words, vectors and tokens over windows of neighbours, the named speaker, the date; all pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

import numpy as np

from graphmem.ports import QueryTokens
from graphmem.read.asked import Asked
from graphmem.read.expand import Expanded
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.late import Nearest, weighed
from graphmem.read.question import named_speaker, stems
from graphmem.read.weights import Weights, load_weights, ranged, total, weighted
from graphmem.rows import Around, moment

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

    def found(self, nearest: Nearest, until: datetime, most: int) -> list[FoundEpisode]:
        """Return the best messages of those said until a time, all that were compared token by token before others."""
        ranked = self._compared(nearest)
        compared = {f.episode.id for f in ranked}
        others = (self._found(i, self._weights.first) for i in self._order if i not in compared)
        return list(islice((f for f in chain(ranked, others) if f.episode.at <= until), most))

    def _compared(self, nearest: Nearest) -> list[FoundEpisode]:
        compared = [i for i in self._order[:CHOSEN] if i in nearest]
        if self._tokens is None:
            return []
        own = ranged({i: weighed(nearest[i], self._tokens.weights) for i in compared})
        window = ranged({i: self._window(i, nearest, self._tokens) for i in compared})
        for i in compared:
            self.signs[i] |= {"own": own[i], "window": window[i]}
        ranked = [self._found(i, self._weights.late) for i in compared]
        return sorted(ranked, key=lambda f: (-f.score, f.episode.seq))

    def _window(self, episode: str, nearest: Nearest, tokens: QueryTokens) -> float:
        around = [nearest[i] for i, _ in self.neighbours[episode] if i in nearest]
        return weighed(np.max(around, axis=0), tokens.weights)

    def _found(self, episode: str, weights: Mapping[str, float]) -> FoundEpisode:
        parts = weighted(self.signs[episode], weights)
        return FoundEpisode(episode=self._episodes[episode].whole(), score=total(parts), parts=parts, path=())

    def _signs(self, asked: Asked, expanded: Expanded, facts: Sequence[FoundFact]) -> dict[str, dict[str, float]]:
        episodes = list(self._episodes.values())
        if not episodes:
            return {}
        words = _scaled(_windowed_bm25(asked.question.stems, episodes, self.neighbours))
        near = ranged({e.id: e.near for e in episodes if e.near is not None})
        speaker = named_speaker(asked.text, {e.speaker for e in episodes})
        stated = _stated(facts)
        return {
            e.id: {
                "words": words[e.id],
                "near": near.get(e.id, 0.0),
                "near_window": max(near.get(i, 0.0) * WINDOW_DECAY**distance for i, distance in self.neighbours[e.id]),
                "speaker": float(e.speaker == speaker),
                "date": asked.question.fit(moment(e.at)),
                "question": float(e.text.rstrip().endswith("?")),
                "fact": stated.get(e.id, 0.0),
            }
            for e in episodes
        }


def _neighbours(episodes: Sequence[Around]) -> dict[str, list[tuple[str, int]]]:
    """Return for each message those of its session at most two places away, itself included, with the distance."""
    sessions: dict[tuple[str, str], list[Around]] = defaultdict(list)
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
    asked: Sequence[str], episodes: Sequence[Around], neighbours: Mapping[str, Sequence[tuple[str, int]]]
) -> dict[str, float]:
    """BM25 with each term's best over the window. Source: Robertson and Zaragoza 2009, with k1 1.0 and b 0.4."""
    held = {e.id: stems(f"{e.speaker} {e.text}") for e in episodes}
    average = sum(map(len, held.values())) / len(held)
    total = dict.fromkeys(held, 0.0)
    for term in asked:
        counts = {i: count for i, said in held.items() if (count := said.count(term))}
        idf = math.log(1 + (len(held) - len(counts) + 0.5) / (len(counts) + 0.5))
        best: dict[str, float] = defaultdict(float)
        for i, count in counts.items():
            own = count * (K1 + 1) / (count + K1 * (1 - B + B * len(held[i]) / average))
            for j, distance in neighbours[i]:
                best[j] = max(best[j], own * WINDOW_DECAY**distance)
        for i, most in best.items():
            total[i] += idf * most
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
