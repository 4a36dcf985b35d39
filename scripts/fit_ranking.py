"""Fit how much each sign counts for a message: ``python -m scripts.fit_ranking --data FILE``.

The weights are fitted to the recall of evidence in the first ten, on the development half of LoCoMo only, by trying
steps one weight at a time. Printed beside what they reach there: what weights fitted on all conversations but one reach
on that one, which is what is to be expected elsewhere.
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
STEPS = (-0.3, -0.15, -0.05, 0.05, 0.15, 0.3)
ROUNDS = 3
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

    def recall(self, weights: Floats) -> float:
        """Return the share of the evidence among the first ten."""
        first = np.argsort(-(self.signs @ weights), kind="stable")[:FIRST]
        return float(self.evidence[first].sum() / self.wanted)


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
    best = mean(c.recall(weights) for c in some)
    for _ in range(ROUNDS):
        for place in free:
            for step in STEPS:
                tried = weights.copy()
                tried[place] += step
                reached = mean(c.recall(tried) for c in some)
                if reached > best + 1e-4:
                    best, weights = reached, tried
    return weights


def main() -> None:
    """Print figures as a table, and write the weights where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the development half of LoCoMo")
    parser.add_argument("--write", action="store_true", help="write the fitted weights into the program")
    given = parser.parse_args()
    start = load_weights()
    names = [name for name, weight in start.late.items() if weight and name != "fact"]
    free = [i for i, name in enumerate(names) if name != FIXED]
    every = asyncio.run(cases(load_conversations(given.data), names))
    weights = np.array([start.late[name] for name in names])
    print(f"{len(every)} questions; weights before: {dict(zip(names, weights.tolist(), strict=True))}")
    _print("before", every, [c.recall(weights) for c in every])
    held: list[float] = []
    for out in dict.fromkeys(c.conversation for c in every):
        others = fitted([c for c in every if c.conversation != out], weights, free)
        held += [c.recall(others) for c in every if c.conversation == out]
    _print("fitted on the other conversations", every, held)
    new = fitted(every, weights, free)
    _print("fitted on all", every, [c.recall(new) for c in every])
    kept = {name: round(float(weight), 3) for name, weight in zip(names, new, strict=True)}
    print(f"weights fitted on all: {kept}")
    if given.write:
        _write({**start.late, **kept})


def _print(name: str, every: Sequence[Case], reached: Sequence[float]) -> None:
    shares = {
        CATEGORIES[n]: mean(r for c, r in zip(every, reached, strict=True) if c.category == n) for n in CATEGORIES
    }
    apart = "  ".join(f"{kind} {100 * share:.1f}" for kind, share in shares.items())
    print(f"{name:<36} R@{FIRST} {100 * mean(reached):.2f}   {apart}")


def _write(late: dict[str, float]) -> None:
    weights = replace(load_weights(), late=late)
    held = {"first": dict(weights.first), "late": dict(weights.late), "facts": dict(weights.facts)}
    lines = ",\n".join(f' "{name}": {json.dumps(part)}' for name, part in held.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
