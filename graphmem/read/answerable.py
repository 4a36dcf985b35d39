"""Whether something known answers a question: a score from few signs, fitted by `python -m scripts.fit_answerable`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graphmem.read.asked import Asked
from graphmem.read.found import FoundEpisode, FoundFact
from graphmem.read.late import Nearest
from graphmem.read.question import named_speaker, stems
from graphmem.read.walk import Chain
from graphmem.read.weights import total

FILE = Path(__file__).with_name("answerable.json")
TOP = 10
"""How many of the named speaker's messages are looked at for the question's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerability:
    """How sure it is, 0 to 1, that something known answers; and whether that is enough."""

    confidence: float
    answerable: bool
    signs: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Weights of the signs, and the least confidence of what is answerable."""

    weights: Mapping[str, float]
    bias: float
    least: float

    def confidence(self, signs: Mapping[str, float]) -> float:
        """Return the probability that signs make, where one question in four has no answer, as in the fit."""
        score = self.bias + sum(weight * signs[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-score))


@cache
def load_fit() -> Fit:
    """Return the fit of this version."""
    return Fit(**json.loads(FILE.read_text(encoding="utf-8")))


def answerability(
    asked: Asked,
    episodes: Sequence[FoundEpisode],
    facts: Sequence[FoundFact],
    chains: Mapping[str, Chain],
    nearest: Nearest,
) -> Answerability:
    """Judge what was found; without a comparison token by token, anything found counts as an answer.

    So does a best fact that says the very thing that is asked of who is named, whatever messages tell.
    """
    compared = [e for e in episodes if e.episode.id in nearest]
    if not compared:
        found = bool(episodes or facts)
        return Answerability(confidence=float(found), answerable=found)
    fit = load_fit()
    signs = answer_signs(asked, compared, nearest)
    confidence = fit.confidence(signs)
    chain = chains.get(facts[0].fact.id) if facts else None
    if chain is not None and chain.asked:
        confidence = max(confidence, fit.least)
    return Answerability(confidence=round(confidence, 4), answerable=confidence >= fit.least, signs=signs)


def answer_signs(asked: Asked, compared: Sequence[FoundEpisode], nearest: Nearest) -> dict[str, float]:
    """Return what a search tells about whether something answers, from messages compared token by token, best first.

    `named`: the question names one of several speakers; `ahead`: by how much their best message is before the best of
    the others, the name itself not counted; `words`: the greatest share of the question's words in a message of theirs;
    `least`: how near the token that fits the best message least is to it.
    """
    speaker = named_speaker(asked.text, {e.episode.speaker for e in compared})
    theirs = [e for e in compared if e.episode.speaker == speaker]
    others = [e for e in compared if e.episode.speaker != speaker]
    named = bool(theirs and others)
    name = set(stems(speaker or ""))
    words = [s for s in asked.question.stems if s not in name]
    return {
        "named": float(named),
        "ahead": _best(theirs) - _best(others) if named else 0.0,
        "words": max(_share(words, e) for e in (theirs or compared)[:TOP]),
        "least": float(nearest[compared[0].episode.id].min()),
    }


def _best(found: Sequence[FoundEpisode]) -> float:
    return max(total(e.parts) - e.parts.get("speaker", 0.0) for e in found)


def _share(words: Sequence[str], found: FoundEpisode) -> float:
    held = set(stems(found.episode.text))
    return sum(w in held for w in words) / len(words) if words else 1.0
