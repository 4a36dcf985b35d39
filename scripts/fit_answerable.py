"""Fit when a search says that nothing certain is known: ``python -m scripts.fit_answerable --data locomo-dev.json``.

Questions of LoCoMo's categories 1-4 have an answer, those of category 5 none. Writes `graphmem/read/answerable.json`,
and into docs/proof/answerable.txt what it gets right in conversations that it was not fitted on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.bench.locomo import load_conversations
from graphmem.bench.systems.graph import GraphIndex
from graphmem.demo.run import demo_folder
from graphmem.memory import Memory
from graphmem.read.answerable import FILE
from graphmem.settings import read_settings

PROOF = Path(__file__).resolve().parents[1] / "docs" / "proof" / "answerable.txt"
MISSED = 0.05
"""The share of answerable questions that may be called unanswerable."""
RIDGE = 1.0
ROUNDS = 30
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.001)
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The signs of questions, whether each has an answer, and which conversation it is about."""

    names: tuple[str, ...]
    signs: Numbers
    answerable: NDArray[np.bool_]
    conversation: NDArray[np.str_]

    def part(self, kept: NDArray[np.bool_]) -> Sample:
        """Return some of the questions."""
        return Sample(
            names=self.names,
            signs=self.signs[kept],
            answerable=self.answerable[kept],
            conversation=self.conversation[kept],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A logistic fit."""

    weights: Numbers
    bias: float

    def confidence(self, sample: Sample) -> Numbers:
        """Return the probability of an answer for each question."""
        return 1 / (1 + np.exp(-(sample.signs @ self.weights + self.bias)))


async def collect(data: Path, home: Path, extraction: str) -> Sample:
    """Ask all questions, and keep their signs."""
    settings = replace(read_settings(), home=home, neo4j_uri=None, openai_api_key=None, replay=None)
    signs: list[dict[str, float]] = []
    answerable: list[bool] = []
    about: list[str] = []
    async with Memory.open(settings) as memory:
        index = GraphIndex(memory, extraction)
        for conversation in load_conversations(data):
            await index.index(conversation)
            for question in (*conversation.questions, *conversation.unanswerable):
                found = await memory.search(question.text, scope=index.scope(conversation))
                signs.append(dict(found.signs))
                answerable.append(question in conversation.questions)
                about.append(conversation.id)
    names = tuple(signs[0])
    return Sample(
        names=names,
        signs=np.array([[s[name] for name in names] for s in signs]),
        answerable=np.array(answerable),
        conversation=np.array(about),
    )


def fitted(sample: Sample) -> Line:
    """Fit by Newton's method, with a ridge on the scaled weights."""
    centre, spread = sample.signs.mean(axis=0), sample.signs.std(axis=0) + 1e-9
    scaled: Numbers = np.column_stack([(sample.signs - centre) / spread, np.ones(len(sample.signs))])
    ridge: Numbers = np.diag([RIDGE] * len(centre) + [0.0])
    weights: Numbers = np.zeros(len(centre) + 1)
    answered: Numbers = sample.answerable.astype(np.float64)
    for _ in range(ROUNDS):
        sure: Numbers = 1 / (1 + np.exp(-scaled @ weights))
        slope: Numbers = scaled.T @ (sure - answered) + ridge @ weights
        curve: Numbers = (scaled * (sure * (1 - sure))[:, None]).T @ scaled + ridge
        weights = weights - np.linalg.solve(curve, slope)
    real: Numbers = weights[:-1] / spread
    return Line(weights=real, bias=float(weights[-1] - real @ centre))


def least(confidence: Numbers, answerable: NDArray[np.bool_]) -> float:
    """Return the confidence below which 5 % of the answerable questions lie."""
    return float(np.quantile(confidence[answerable], MISSED))


def area(confidence: Numbers, answerable: NDArray[np.bool_]) -> float:
    """Return how often an answerable question is surer than an unanswerable one (the area under the ROC curve)."""
    yes, no = confidence[answerable][:, None], confidence[~answerable][None, :]
    return float(((yes > no) + 0.5 * (yes == no)).mean())


def errors(known: NDArray[np.bool_], answerable: NDArray[np.bool_]) -> str:
    """Return both errors in words."""
    missed, believed = 1 - known[answerable].mean(), known[~answerable].mean()
    return f"answerable called unanswerable {missed:6.1%}, unanswerable called answerable {believed:6.1%}"


def left_out(sample: Sample) -> tuple[Numbers, NDArray[np.bool_], list[str]]:
    """Return each question's confidence and verdict by a fit without its conversation, and both errors of each."""
    confidence = np.zeros(len(sample.answerable))
    known = np.zeros(len(sample.answerable), dtype=bool)
    lines: list[str] = []
    for name in sorted(set(sample.conversation)):
        out = sample.conversation == name
        others = sample.part(~out)
        line = fitted(others)
        confidence[out] = line.confidence(sample.part(out))
        known[out] = confidence[out] >= least(line.confidence(others), others.answerable)
        answerable = sample.answerable[out]
        lines.append(
            f"{name}: {answerable.sum():4} + {(~answerable).sum():3} questions, "
            f"{errors(known[out], answerable)}, AUC {area(confidence[out], answerable):.3f}"
        )
    return confidence, known, lines


def calibration(confidence: Numbers, answerable: NDArray[np.bool_]) -> list[str]:
    """Return how many questions of each confidence have an answer."""
    lines: list[str] = []
    for low, high in pairwise(BINS):
        held = (confidence >= low) & (confidence < high)
        if held.any():
            between = f"confidence {low:.1f} to {min(high, 1):.1f}: {held.sum():4} questions"
            lines.append(f"{between}, mean {confidence[held].mean():.2f}, answerable {answerable[held].mean():.2f}")
    return lines


def report(sample: Sample, extraction: str) -> list[str]:
    """Return the figures of one extraction, each conversation left out in turn."""
    confidence, known, lines = left_out(sample)
    return [
        f"extraction {extraction}, each conversation by a fit on the others:",
        *lines,
        f"all: {errors(known, sample.answerable)}, AUC {area(confidence, sample.answerable):.3f}",
        *calibration(confidence, sample.answerable),
    ]


async def run(data: Path, home: Path) -> Sequence[str]:
    """Fit on what is found without facts, try it with them, write the fit, and return the report."""
    sample = await collect(data, home, "none")
    line = fitted(sample)
    bound = least(left_out(sample)[0], sample.answerable)
    weights = {name: round(float(w), 4) for name, w in zip(sample.names, line.weights, strict=True)}
    fit = {"weights": weights, "bias": round(line.bias, 4), "least": round(bound, 4)}
    FILE.write_text(json.dumps(fit, indent=1) + "\n", encoding="utf-8")
    stated = await collect(data, home, "observations")
    other = line.confidence(stated)
    return [
        json.dumps(fit),
        *report(sample, "none"),
        "the fit of all without facts, where the data set's observations are facts:",
        f"all: {errors(other >= bound, stated.answerable)}, AUC {area(other, stated.answerable):.3f}",
    ]


def main() -> None:
    """Write the fit and its proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the development half of LoCoMo")
    parser.add_argument("--home", type=Path, help="keep the store in this folder, for another run")
    given = parser.parse_args()
    with demo_folder() as folder:
        lines = asyncio.run(run(given.data, given.home or Path(folder)))
    shown = "\n".join(lines) + "\n"
    PROOF.write_text(f"$ python -m scripts.fit_answerable --data {given.data.name}\n{shown}", encoding="utf-8")
    print(shown, end="")


if __name__ == "__main__":
    main()
