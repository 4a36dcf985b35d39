"""Fitting weights of signs to recall, one weight at a time, and what they reach elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FIRST = 10
STEPS = (-0.3, -0.15, -0.05, 0.05, 0.15, 0.3)
ROUNDS = 4
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question: the signs of what it might return, and what of the wanted each of these brings.

    `signs` is candidates x signs, `brings` candidates x wanted things that can be had at all, and `wanted` is how many
    there are with those that cannot. `fitted` are the numbers of results in which the recall counts. `part` is what is
    left out together when a fit is tried elsewhere, `source` a set of questions, each of which counts as much.
    """

    source: str
    part: str
    kind: str
    signs: Floats
    brings: NDArray[np.bool_]
    wanted: int
    fitted: tuple[int, ...]

    def recalls(self, weights: Floats, among: Sequence[int]) -> list[float]:
        """Return the share of the wanted among the first so many, for each number."""
        best = np.argsort(-(self.signs @ weights), kind="stable")[: max(among)]
        found = self.brings[best]
        return [float(found[:first].any(axis=0).sum() / self.wanted) for first in among]


def aim(some: Sequence[Case], weights: Floats) -> float:
    """Return what is to be made as large as can be: the mean recall of each source, and of these the mean."""
    return mean(
        mean(recall for case in some if case.source == source for recall in case.recalls(weights, case.fitted))
        for source in dict.fromkeys(case.source for case in some)
    )


def fit(some: Sequence[Case], weights: Floats, free: Sequence[int]) -> Floats:
    """Return better weights for some questions, from those given; `free` are the places of those that may change."""
    best = aim(some, weights)
    for _ in range(ROUNDS):
        for place in free:
            for step in STEPS:
                tried = weights.copy()
                tried[place] += step
                now = aim(some, tried)
                if now > best + 1e-4:
                    best, weights = now, tried
    return weights


def report(every: Sequence[Case], standing: Floats, start: Floats, free: Sequence[int]) -> Floats:
    """Print recalls, in the first ten by kind of question, also of fits on all parts but one; return a fit on all."""
    _print("as they stand", [(case, standing) for case in every])
    _print("at the start", [(case, start) for case in every])
    parts = dict.fromkeys(case.part for case in every)
    if len(parts) > 1:
        others = {out: fit([c for c in every if c.part != out], start, free) for out in parts}
        _print("fitted on the other parts", [(case, others[case.part]) for case in every])
    new = fit(every, start, free)
    _print("fitted on all", [(case, new) for case in every])
    return new


def _print(name: str, weighed: Sequence[tuple[Case, Floats]]) -> None:
    shown = [f"{name:<26}"]
    for source in dict.fromkeys(case.source for case, _ in weighed):
        own = [(case, weights) for case, weights in weighed if case.source == source]
        fitted = own[0][0].fitted
        recalls = np.array([case.recalls(weights, fitted) for case, weights in own])
        shown += [
            source,
            *(f"R@{first} {100 * mean:.2f}" for first, mean in zip(fitted, recalls.mean(axis=0), strict=True)),
        ]
        kinds = np.array([case.kind for case, _ in own])
        in_ten = recalls[:, fitted.index(FIRST)]
        shown += [f"{kind} {100 * in_ten[kinds == kind].mean():.1f}" for kind in sorted(set(kinds.tolist()))]
    print("  ".join(shown))
