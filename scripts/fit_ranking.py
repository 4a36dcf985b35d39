"""Fit how much each sign counts for a message: ``python -m scripts.fit_ranking --data FILE``.

The weights are fitted to the recall of evidence, on the development half of LoCoMo only, by trying steps one weight at
a time, from the same start: to the mean of the recalls in the first 5, 10 and 20, since that in the first ten alone
changes by leaps of single questions. Printed is the recall in the first ten, beside what weights fitted on all
conversations but one reach on that one, which is what is to be expected elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem import Memory, Scope, Settings
from graphmem.bench.locomo import CATEGORIES, Conversation, load_conversations
from graphmem.read.rank import CHOSEN
from graphmem.read.weights import FILE, load_weights

FIRST = 10
FITTED = (5, 10, 20)
START = {
    "own": 1.0,
    "window": 1.0,
    "words": 0.1,
    "near": 0.05,
    "near_window": 0.15,
    "speaker": 0.3,
    "date": 0.6,
    "question": -0.1,
}
STEPS = (-0.3, -0.15, -0.05, 0.05, 0.15, 0.3)
ROUNDS = 4
FIXED = "window"
"""Only the weights' ratios matter, so that one of them stays."""
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question: the signs of its candidates, messages x signs, which of them are evidence, and of how much in all."""

    conversation: str
    category: int
    signs: Floats
    evidence: NDArray[np.bool_]
    wanted: int

    def recalls(self, weights: Floats, among: Sequence[int]) -> list[float]:
        """Return the share of the evidence among the first so many, for each number."""
        best = np.argsort(-(self.signs @ weights), kind="stable")[: max(among)]
        found = self.evidence[best]
        return [float(found[:first].sum() / self.wanted) for first in among]


def reached(some: Sequence[Case], weights: Floats) -> list[float]:
    """Return for each question the recall in the first ten."""
    return [recall for case in some for recall in case.recalls(weights, (FIRST,))]


async def cases(conversations: Sequence[Conversation], names: Sequence[str]) -> list[Case]:
    """Search for every question, and take the signs out of the parts of the scores."""
    weights = load_weights().late
    found: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Memory.open(Settings(home=Path(folder), extraction="none")) as memory:
            for conversation in conversations:
                scope = Scope(user=conversation.id)
                await memory.add(conversation.messages, scope=scope)
                for question in conversation.questions:
                    result = await memory.search(question.text, scope=scope, limit=CHOSEN)
                    compared = [e for e in result.episodes if FIXED in e.parts]
                    wanted = set(question.evidence)
                    signs = [[e.parts[name] / weights[name] for name in names] for e in compared]
                    found.append(
                        Case(
                            conversation=conversation.id,
                            category=question.category,
                            signs=np.array(signs, dtype=np.float64).reshape(-1, len(names)),
                            evidence=np.array(
                                [e.episode.message_id in question.evidence for e in compared], dtype=bool
                            ),
                            wanted=len(wanted),
                        )
                    )
    return found


def fitted(some: Sequence[Case], weights: Floats, free: Sequence[int]) -> Floats:
    """Return better weights for some questions, from those given."""
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


def aim(some: Sequence[Case], weights: Floats) -> float:
    """Return what is to be made as large as can be."""
    return mean(recall for case in some for recall in case.recalls(weights, FITTED))


def main() -> None:
    """Print figures as a table, and write the weights where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the development half of LoCoMo")
    parser.add_argument("--write", action="store_true", help="write the fitted weights into the program")
    given = parser.parse_args()
    held = load_weights().late
    names = [name for name in START if held[name]]
    free = [i for i, name in enumerate(names) if name != FIXED]
    every = asyncio.run(cases(load_conversations(given.data), names))
    standing, start = (np.array([weights[name] for name in names]) for weights in (held, START))
    print(f"{len(every)} questions; weights as they stand: {dict(zip(names, standing.tolist(), strict=True))}")
    _print("as they stand", every, reached(every, standing))
    _print("at the start", every, reached(every, start))
    elsewhere: list[float] = []
    for out in dict.fromkeys(c.conversation for c in every):
        others = fitted([c for c in every if c.conversation != out], start, free)
        elsewhere += reached([c for c in every if c.conversation == out], others)
    _print("fitted on the other conversations", every, elsewhere)
    new = fitted(every, start, free)
    _print("fitted on all", every, reached(every, new))
    kept = {name: round(float(weight), 3) for name, weight in zip(names, new, strict=True)}
    print(f"weights fitted on all: {kept}")
    if given.write:
        _write({**held, **kept})


def _print(name: str, every: Sequence[Case], recalls: Sequence[float]) -> None:
    shares = {
        CATEGORIES[n]: mean(r for c, r in zip(every, recalls, strict=True) if c.category == n) for n in CATEGORIES
    }
    apart = "  ".join(f"{kind} {100 * share:.1f}" for kind, share in shares.items())
    print(f"{name:<36} R@{FIRST} {100 * mean(recalls):.2f}   {apart}")


def _write(late: dict[str, float]) -> None:
    weights = replace(load_weights(), late=late)
    held = {"first": dict(weights.first), "late": dict(weights.late), "facts": dict(weights.facts)}
    lines = ",\n".join(f' "{name}": {json.dumps(part)}' for name, part in held.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
