"""How much each sign counts in a ranking: `weights.json`, which `python -m scripts.fit_ranking` writes."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

FILE = Path(__file__).with_name("weights.json")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of the signs by name: messages before and with late interaction, and facts."""

    first: Mapping[str, float]
    late: Mapping[str, float]
    facts: Mapping[str, float]


@cache
def load_weights() -> Weights:
    """Return the weights of this version."""
    return Weights(**json.loads(FILE.read_text(encoding="utf-8")))


def total(parts: Mapping[str, float]) -> float:
    """Return the score that weighted parts make."""
    return sum(parts.values())


def weighted(signs: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Return what each sign adds to the score."""
    return {name: weight * signs[name] for name, weight in weights.items() if name in signs}


def ranged(scores: Mapping[K, float]) -> dict[K, float]:
    """Scale to 0-1 over the candidates, since the stores' cosines have different ranges."""
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    return {i: (s - low) / (high - low) if high > low else 1.0 for i, s in scores.items()}
