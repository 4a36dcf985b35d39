"""Fit how much each sign counts in a ranking: ``python -m scripts.fit_ranking --data FILE --ranking late``.

What is fitted, always on the development half of LoCoMo only, and each time from the same start:

- `late`, messages once they are compared token by token: to the recall of evidence in the first 5, 10 and 20, since
  that in the first ten alone changes by leaps of single questions.
- `first`, messages before, or without that: to the recall in the first 10, and among those that are compared then.
- `late-fact` and `first-fact`: of the same what it counts that a fact was stated in a message, with the data set's
  statements as facts, and all else as it stands.
- `facts`: to the recall of what statements have of the evidence in the first 5, 10 and 20; and, as much, to how often
  the last fact of several hops is the first or among the first ten, in development and rare words.

Printed is the recall in the first ten, beside what weights fitted on all conversations but one reach on that one, which
is what is to be expected elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from graphmem import AsOf, Memory, Scope
from graphmem.bench.locomo import CATEGORIES, Conversation, Question, load_conversations
from graphmem.bench.multihop import TO_FIT, DiaryChat, multihop_memory, tell_graph
from graphmem.bench.multihop_graph import generate_graph
from graphmem.bench.multihop_questions import draw_questions
from graphmem.bench.systems.graph import GraphIndex
from graphmem.cli.bench_common import alone
from graphmem.demo.run import demo_folder
from graphmem.ontology import load_ontology
from graphmem.read.found import FoundFact, SearchResult
from graphmem.read.rank import CHOSEN
from graphmem.read.weights import FILE, load_weights
from scripts.fitting import Case, Floats, report

FIRST = (5, 10, 20)
LAST_FACT = (1, 10)
ALL = 1000
"""The most results of a search."""
GRAPH_FACTS, GRAPH_QUESTIONS, GRAPH_SEED = 1000, 120, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Whose weights, from where they are fitted, and which sign keeps its weight, as only the ratios matter."""

    weights: Literal["first", "late", "facts"]
    start: Mapping[str, float]
    fixed: str
    extraction: Literal["none", "observations"] = "none"
    fitted: tuple[int, ...] = FIRST


_HELD = load_weights()
_LATE = {
    "own": 1.0,
    "window": 1.0,
    "words": 0.1,
    "near": 0.05,
    "near_window": 0.15,
    "speaker": 0.3,
    "date": 0.6,
    "question": -0.1,
}
_FIRST = {"words": 0.5, "near": 0.5, "near_window": 0.5, "speaker": 0.3, "date": 0.6, "question": -0.1}
_FACTS = {
    "near": 0.3,
    "late": 0.3,
    "words": 0.3,
    "chain": 5.0,
    "date": 0.3,
    "sure": 0.1,
    "recent": 0.1,
    "order": 0.3,
}
RANKINGS = {
    "late": Ranking(weights="late", start=_LATE, fixed="window"),
    "first": Ranking(weights="first", start=_FIRST, fixed="words", fitted=(10, CHOSEN)),
    "late-fact": Ranking(weights="late", start={"fact": 0.0}, fixed="window", extraction="observations"),
    "first-fact": Ranking(
        weights="first", start={"fact": 0.0}, fixed="words", extraction="observations", fitted=(10, CHOSEN)
    ),
    "facts": Ranking(weights="facts", start=_FACTS, fixed="chain", extraction="observations"),
}


async def message_cases(conversations: Sequence[Conversation], ranking: Ranking, names: Sequence[str]) -> list[Case]:
    """Search for every question, and take the messages' signs out of the parts of their scores."""

    def case(conversation: Conversation, question: Question, result: SearchResult, _index: GraphIndex) -> Case:
        ranked = [e for e in result.episodes if ranking.fixed in e.parts]
        return Case(
            source="LoCoMo",
            part=conversation.id,
            kind=CATEGORIES[question.category],
            signs=_signs([e.parts for e in ranked], _weights(ranking), names),
            brings=_brings([{e.episode.message_id} for e in ranked], question.evidence),
            wanted=len(question.evidence),
            fitted=ranking.fitted,
        )

    return await _searched(conversations, ranking, case)


async def fact_cases(conversations: Sequence[Conversation], ranking: Ranking, names: Sequence[str]) -> list[Case]:
    """Do the same for facts: what they bring is turns of the evidence that they were stated in."""
    stated = {(c.id, turn) for c in conversations for note in c.observations for turn in note.message_ids}

    def case(conversation: Conversation, question: Question, result: SearchResult, index: GraphIndex) -> Case:
        wanted = [turn for turn in question.evidence if (conversation.id, turn) in stated]
        turns = [{index.turns[s.episode_id] for s in f.fact.sources} for f in result.facts]
        return Case(
            source="LoCoMo",
            part=conversation.id,
            kind=CATEGORIES[question.category],
            signs=_signs([f.parts for f in result.facts], _weights(ranking), names),
            brings=_brings(turns, wanted),
            wanted=len(wanted),
            fitted=ranking.fitted,
        )

    return [c for c in await _searched(conversations, ranking, case) if c.wanted]


async def _searched(
    conversations: Sequence[Conversation],
    ranking: Ranking,
    case: Callable[[Conversation, Question, SearchResult, GraphIndex], Case],
) -> list[Case]:
    late = "off" if ranking.weights == "first" else "on"
    found: list[Case] = []
    with demo_folder() as folder:
        settings = replace(alone(Path(folder), None), extraction="none", late_interaction=late)
        async with Memory.open(settings) as memory:
            index = GraphIndex(memory, ranking.extraction)
            for conversation in conversations:
                await index.index(conversation)
                for question in conversation.questions:
                    result = await memory.search(question.text, scope=index.scope(conversation), limit=ALL)
                    found.append(case(conversation, question, result, index))
    return found


async def hop_cases(ranking: Ranking, names: Sequence[str]) -> list[Case]:
    """Ask for the ends of chains over a graph, in the words that may be looked at."""
    found: list[Case] = []
    facts = generate_graph(GRAPH_FACTS, GRAPH_SEED)
    for phrasings in sorted(TO_FIT):
        model, scope = DiaryChat(), Scope(user="graph", tenant="multihop")
        with demo_folder() as folder:
            async with multihop_memory(alone(Path(folder), None, "multihop"), phrasings, model) as memory:
                await tell_graph(facts, scope, memory, model, _said)
                for question in draw_questions(facts, GRAPH_QUESTIONS, phrasings, GRAPH_SEED, load_ontology()):
                    as_of = AsOf(valid=question.as_of) if question.as_of else None
                    result = await memory.search(question.text, scope=scope, as_of=as_of, limit=ALL)
                    last = [_triple(f) == question.gold for f in result.facts]
                    found.append(
                        Case(
                            source="several hops",
                            part=phrasings.value,
                            kind=phrasings.value,
                            signs=_signs([f.parts for f in result.facts], _weights(ranking), names),
                            brings=np.array(last, dtype=bool)[:, None],
                            wanted=1,
                            fitted=LAST_FACT,
                        )
                    )
    return found


def _brings(held: Sequence[Collection[str | None]], wanted: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[one in some for one in wanted] for some in held], dtype=bool).reshape(len(held), len(wanted))


def _triple(found: FoundFact) -> tuple[str, str, str]:
    return found.fact.subject, found.fact.predicate, found.fact.value


def _said(text: str) -> None:
    print(text, file=sys.stderr)


def _weights(ranking: Ranking) -> Mapping[str, float]:
    return {"first": _HELD.first, "late": _HELD.late, "facts": _HELD.facts}[ranking.weights]


def _signs(parts: Sequence[Mapping[str, float]], weights: Mapping[str, float], names: Sequence[str]) -> Floats:
    rows = [[of.get(name, 0.0) / weights[name] for name in names] for of in parts]
    return np.array(rows, dtype=np.float64).reshape(-1, len(names))


async def _cases(data: Path, ranking: Ranking, names: Sequence[str]) -> list[Case]:
    conversations = load_conversations(data)
    if ranking.weights != "facts":
        return await message_cases(conversations, ranking, names)
    return [*await fact_cases(conversations, ranking, names), *await hop_cases(ranking, names)]


def main() -> None:
    """Print figures as a table, and write the weights where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the development half of LoCoMo")
    parser.add_argument("--ranking", choices=tuple(RANKINGS), default="late", help="what is fitted")
    parser.add_argument("--write", action="store_true", help="write the fitted weights into the program")
    given = parser.parse_args()
    ranking = RANKINGS[given.ranking]
    held = _weights(ranking)
    names = [name for name, weight in held.items() if weight]
    if ranking.extraction == "none":
        # Without facts nothing is stated in a message.
        names.remove("fact")
    free = [i for i, name in enumerate(names) if name in ranking.start and name != ranking.fixed]
    every = asyncio.run(_cases(given.data, ranking, names))
    standing = np.array([held[name] for name in names])
    start = np.array([ranking.start.get(name, held[name]) for name in names])
    print(f"{len(every)} questions; weights as they stand: {dict(zip(names, standing.tolist(), strict=True))}")
    new = report(every, standing, start, free)
    kept = {name: round(float(weight), 3) for name, weight in zip(names, new, strict=True)}
    print(f"weights fitted on all: {kept}")
    if given.write:
        _write(ranking.weights, {**held, **kept})


def _write(name: str, weights: Mapping[str, float]) -> None:
    held = cast("dict[str, Any]", json.loads(FILE.read_text(encoding="utf-8"))) | {name: weights}
    lines = ",\n".join(f' "{name}": {json.dumps(part)}' for name, part in held.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
