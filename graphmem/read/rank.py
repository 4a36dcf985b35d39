"""Ranking messages: words, vectors and tokens over windows of neighbours, the named speaker, the date; all pure.

Signs are numbers in arrays, one for each message, since a search ranks hundreds of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.ports import QueryTokens
from graphmem.read.asked import Embedded
from graphmem.read.expand import Expanded
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.late import Nearest
from graphmem.read.question import Question, named_speaker, stems
from graphmem.read.weights import Weights, load_weights, ranged, total
from graphmem.rows import Around, moment

K1, B = 1.0, 0.4
WINDOW = 2
WINDOW_DECAY = 0.9
CHOSEN = 120
"""How many messages are compared token by token, the first by the other signs."""
Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]
Parts: TypeAlias = Mapping[str, list[float]]
_STEPS = range(-WINDOW, WINDOW + 1)
_DECAY = np.array([WINDOW_DECAY ** abs(step) for step in _STEPS])


class EpisodeRanking:
    """Messages in the order of what is known of them: by all signs but tokens first, then also by those."""

    def __init__(
        self,
        asked: Embedded,
        expanded: Expanded,
        facts: Sequence[FoundFact],
        tokens: QueryTokens | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._episodes: list[Around] = list(expanded.episodes.values())
        self._seqs = np.array([e.seq for e in self._episodes])
        self._tokens = tokens
        self._weights = weights or load_weights()
        self._windows = _windows(self._episodes)
        self._stating = _stated(facts)
        """Of each message the best fact that it states."""
        self._signs = self._first_signs(asked)
        passing = np.array([n for n, e in enumerate(self._episodes) if e.id in expanded.passing], dtype=np.intp)
        self._order = self._sorted(passing, self._weights.first)
        """Places of the messages that pass, best first."""

    @property
    def wanted(self) -> dict[str, bytes | None]:
        """The tokens, None where they are still due, of the chosen messages, then of their neighbours, by id."""
        chosen = self._order[:CHOSEN]
        places = dict.fromkeys([*chosen.tolist(), *self._windows[chosen].ravel().tolist()])
        return {self._episodes[n].id: self._episodes[n].tokens for n in places}

    def found(self, nearest: Nearest, until: datetime, most: int) -> list[FoundEpisode]:
        """Return the best messages of those said until a time, all that were compared token by token before others."""
        compared = self._compared(nearest)
        others = self._order[~np.isin(self._order, compared)]
        late, first = self._parts(self._weights.late), self._parts(self._weights.first)
        ranked: list[tuple[int, Parts]] = [
            *((n, late) for n in compared.tolist()),
            *((n, first) for n in others.tolist()),
        ]
        said = ((n, parts) for n, parts in ranked if moment(self._episodes[n].at) <= until)
        return [self._found(n, parts) for n, parts in islice(said, most)]

    def _compared(self, nearest: Nearest) -> Places:
        """Return the places of those whose tokens are there, best first, now that their signs say how near they are."""
        chosen = np.array([n for n in self._order[:CHOSEN].tolist() if self._episodes[n].id in nearest], dtype=np.intp)
        if self._tokens is None or not len(chosen):
            return chosen[:0]
        held = [n for n, e in enumerate(self._episodes) if e.id in nearest]
        near = np.stack([nearest[self._episodes[n].id] for n in held])
        row = np.full(len(self._episodes), -1)
        row[held] = np.arange(len(held))
        # A neighbour without tokens adds nothing: in its place stands the message itself.
        windows = row[self._windows[chosen]]
        windows = np.where(windows < 0, row[chosen][:, None], windows)
        share = self._tokens.weights / self._tokens.weights.sum()
        self._signs |= {"own": np.zeros(len(row)), "window": np.zeros(len(row))}
        self._signs["own"][chosen] = _ranged(near[row[chosen]] @ share)
        self._signs["window"][chosen] = _ranged(near[windows].max(axis=1) @ share)
        return self._sorted(chosen, self._weights.late)

    def _sorted(self, places: Places, weights: Mapping[str, float]) -> Places:
        """Return places best first, of messages as good as each other the earlier one."""
        totals = np.zeros(len(places))
        for name, weight in weights.items():
            if name in self._signs:
                totals += weight * self._signs[name][places]
        return places[np.lexsort((self._seqs[places], -totals))]

    def _parts(self, weights: Mapping[str, float]) -> Parts:
        """Return what each sign adds to the score of each message."""
        return {name: (weight * self._signs[name]).tolist() for name, weight in weights.items() if name in self._signs}

    def _found(self, place: int, of: Parts) -> FoundEpisode:
        parts = {name: added[place] for name, added in of.items()}
        episode = self._episodes[place].whole()
        fact = self._stating.get(episode.id)
        path = (*fact.path, fact.text) if fact is not None else ()
        return FoundEpisode(episode=episode, score=total(parts), parts=parts, path=path)

    def _first_signs(self, asked: Embedded) -> dict[str, Numbers]:
        episodes = self._episodes
        if not episodes:
            return {}
        near = ranged({e.id: e.near for e in episodes if e.near is not None})
        speaker = named_speaker(asked.text, {e.speaker for e in episodes})
        top = max((f.score for f in self._stating.values()), default=0.0) or 1.0
        stated = {i: f.score / top for i, f in self._stating.items()}
        own = np.array([near.get(e.id, 0.0) for e in episodes])
        return {
            "words": _scaled(_windowed_bm25(asked.question.stems, episodes, self._windows)),
            "near": own,
            "near_window": (own[self._windows] * _DECAY).max(axis=1),
            "speaker": np.array([float(e.speaker == speaker) for e in episodes]),
            "date": _dated(asked.question, episodes),
            "question": np.array([float(e.text.rstrip().endswith("?")) for e in episodes]),
            "fact": np.array([stated.get(e.id, 0.0) for e in episodes]),
        }


def _windows(episodes: Sequence[Around]) -> Places:
    """Return for each message the places of those of its session two before to two after it; its own for none."""
    sessions: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for place, episode in enumerate(episodes):
        sessions[episode.scope, episode.session][episode.seq] = place
    windows = np.empty((len(episodes), len(_STEPS)), dtype=np.intp)
    for places in sessions.values():
        for seq, place in places.items():
            windows[place] = [places.get(seq + step, place) for step in _STEPS]
    return windows


def _windowed_bm25(asked: Sequence[str], episodes: Sequence[Around], windows: Places) -> Numbers:
    """BM25 with each term's best over the window. Source: Robertson and Zaragoza 2009, with k1 1.0 and b 0.4."""
    column = {term: n for n, term in enumerate(asked)}
    counts = np.zeros((len(episodes), len(asked)))
    lengths = np.empty(len(episodes))
    for place, episode in enumerate(episodes):
        said = stems(f"{episode.speaker} {episode.text}")
        lengths[place] = len(said)
        for stem in said:
            if stem in column:
                counts[place, column[stem]] += 1
    holding = (counts > 0).sum(axis=0)
    idf = np.log(1 + (len(episodes) - holding + 0.5) / (holding + 0.5))
    relative = lengths / max(lengths.mean(), 1.0)
    own = counts * (K1 + 1) / (counts + K1 * (1 - B + B * relative[:, None]))
    best = (own[windows] * _DECAY[:, None]).max(axis=1)
    return best @ idf


def _dated(question: Question, episodes: Sequence[Around]) -> Numbers:
    if question.date is None and question.window is None:
        return np.zeros(len(episodes))
    return np.array([question.fit(moment(e.at)) for e in episodes])


def _stated(facts: Sequence[FoundFact]) -> dict[str, FoundFact]:
    """Return the best fact that each message states, by its id."""
    best: dict[str, FoundFact] = {}
    for found in sorted(facts, key=lambda f: -f.score):
        for source in found.fact.sources:
            best.setdefault(source.episode_id, found)
    return best


def _scaled(scores: Numbers) -> Numbers:
    top = scores.max()
    return scores / top if top > 0 else np.zeros(len(scores))


def _ranged(scores: NDArray[np.floating]) -> Numbers:
    listed: list[float] = scores.tolist()
    return np.array(list(ranged(dict(enumerate(listed))).values()))
