"""Multi-hop questions: whether a search finds the last fact of a chain whose beginning alone is named."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from graphmem.bench.latency import percentiles
from graphmem.bench.multihop_graph import Named, Told, generate_graph, parts
from graphmem.bench.multihop_phrasings import Phrasings
from graphmem.bench.multihop_questions import HOPS, Question, draw_questions
from graphmem.bench.triples import plain_triple
from graphmem.bench.unlisted import unlisted_ontology
from graphmem.errors import InvalidInput
from graphmem.memory import Memory
from graphmem.models import AsOf, Message, Scope
from graphmem.ontology import load_ontology
from graphmem.ports import ChatReply, ChatRequest
from graphmem.settings import MOST_TOKENS, Settings
from graphmem.wiring import build
from graphmem.write.extract import EXTRACT
from graphmem.write.summary import KIND as SUMMARY

TENANT = "multihop"
RESULTS = 10
WARM_UP = 20
BATCH = 50
ADDED_AT_ONCE = 500
WRITER = "Diary"
TO_FIT = frozenset({Phrasings.DEVELOPMENT, Phrasings.RARE})
"""The phrasings that may be looked at."""
_BEGUN = datetime(2024, 2, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiHop:
    """How often, in percent, the last fact of a chain is the first or among the first ten that a search returns.

    `asked` counts what the scripted model was asked, by kind; `missed` are the questions without their fact, kept of
    those phrasings only that may be looked at.
    """

    phrasings: Phrasings
    graphs: int
    facts: int
    questions: int
    overall: Mapping[str, float]
    by_hops: Mapping[str, Mapping[str, float]]
    by_time: Mapping[str, Mapping[str, float]]
    by_last_relation: Mapping[str, Mapping[str, float]]
    search_ms: Mapping[str, float]
    loading_seconds: float
    stored_facts: int
    asked: Mapping[str, int]
    store: str
    embedder: str
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A question whose fact was not among the results, and the chain that leads to it."""

    question: str
    chain: tuple[str, ...]


class DiaryChat:
    """Reads each message of a diary as the one fact that it states; entities of like names stay apart."""

    name = "diary"

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._told: dict[str, Told] = {}

    def tell(self, facts: Mapping[str, Told]) -> None:
        """Learn what the messages state, by their ids."""
        self._told |= facts

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the facts of the shown messages with all names in them; what is alike is let stand beside the rest."""
        self.asked[request.kind] += 1
        if request.kind == EXTRACT:
            told = {request.names[f"message:{m}"]: self._told[m] for m in request.message_ids}
            named = dict.fromkeys(n for fact in told.values() for n in (fact.subject, fact.object))
            reply: dict[str, Any] = {
                "entities": [_entity(n) for n in named],
                "triples": [_triple(short, fact) for short, fact in told.items()],
            }
        elif request.kind == SUMMARY:
            reply = {"summary": "A diary about who lives where, works at what and belongs to whom."}
        else:
            stands = {"reason": "both are known", "action": "add"}
            met = {kind: [s for n, s in request.names.items() if n.startswith(kind)] for kind in ("triple:", "pair:")}
            reply = {
                "decisions": [{**stands, "triple": t, "fact": None, "at": None, "kind": None} for t in met["triple:"]],
                "entities": [{**stands, "pair": p} for p in met["pair:"]],
            }
        return ChatReply(text=json.dumps(reply), model=self.name)

    async def close(self) -> None:
        """Nothing is open."""


def _entity(named: Named) -> dict[str, Any]:
    return {"name": named.name, "type": parts()["types"][named.kind], "aliases": []}


def _triple(short: str, told: Told) -> dict[str, Any]:
    start, end = told.valid
    return plain_triple(
        short,
        told.text,
        told.subject.name,
        told.predicate,
        told.object.name,
        valid_from=start,
        valid_to=end,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many graphs, how many facts in each, and how many questions over all of them; the seed makes them."""

    graphs: int = 2
    facts: int = 5000
    questions: int = 300
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    question: Question
    rank: int | None
    milliseconds: float


@asynccontextmanager
async def multihop_memory(settings: Settings, phrasings: Phrasings, model: DiaryChat) -> AsyncGenerator[Memory]:
    """Open a memory that `model` reads diaries for, by an ontology without the words of the phrasings but open ones."""
    settings = replace(settings, batch_messages=BATCH, prompt_tokens=MOST_TOKENS, summary_tokens=MOST_TOKENS)
    with TemporaryDirectory() as folder:
        if phrasings is not Phrasings.OPEN:
            # What shares a word with the questions is taken out.
            file = Path(folder) / "unlisted.toml"
            file.write_text(unlisted_ontology(phrasings), encoding="utf-8")
            settings = replace(settings, ontology=file)
        parts = await build(settings, model=model)
    try:
        if phrasings is not Phrasings.OPEN:
            # What is carried was made of all paraphrases.
            await parts.reader.relations.learn_all()
        yield Memory(parts)
    finally:
        await parts.close()


async def run_multihop(
    memory: Memory, model: DiaryChat, sizes: Sizes, phrasings: Phrasings, progress: Callable[[str], None]
) -> MultiHop:
    """Tell each graph to a scope of its own, message by message, ask its questions, and score what comes back.

    `memory` must have `model` as its model. Raises InvalidInput where the graphs are too small for the questions.
    """
    asked: list[_Asked] = []
    loading, stored = 0.0, 0
    scopes = [Scope(tenant=TENANT, user=f"graph{n}-{uuid.uuid4().hex[:12]}") for n in range(sizes.graphs)]
    for number, (scope, count) in enumerate(zip(scopes, _shares(sizes), strict=True)):
        facts = generate_graph(sizes.facts, sizes.seed + number)
        questions = draw_questions(facts, count, phrasings, sizes.seed + number, load_ontology())
        start = time.perf_counter()
        await tell_graph(facts, scope, memory, model, progress)
        loading += time.perf_counter() - start
        stored += (await memory.status(scope=scope)).facts
        progress(f"graph {number + 1}: warming up, then {count} questions")
        for question in questions[:WARM_UP]:
            await _ask(question, scope, memory)
        asked += [await _ask(question, scope, memory) for question in questions]
    status = await memory.status(scope=scopes[0])
    return MultiHop(
        phrasings=phrasings,
        graphs=sizes.graphs,
        facts=sizes.facts,
        questions=len(asked),
        overall=_scores(asked),
        by_hops={str(h): _scores([a for a in asked if a.question.hops == h]) for h in HOPS},
        by_time={
            "now": _scores([a for a in asked if a.question.as_of is None]),
            "as of": _scores([a for a in asked if a.question.as_of is not None]),
        },
        by_last_relation={
            name: _scores([a for a in asked if a.question.relations[-1] == name])
            for name in sorted({a.question.relations[-1] for a in asked})
        },
        search_ms=percentiles([a.milliseconds for a in asked]),
        loading_seconds=round(loading, 1),
        stored_facts=stored,
        asked=dict(model.asked),
        store=status.store,
        embedder=status.embedder,
        missed=tuple(_missed(a.question) for a in asked if a.rank is None) if phrasings in TO_FIT else (),
    )


def _shares(sizes: Sizes) -> list[int]:
    """Return how many questions each graph gets; raises InvalidInput for too few of them."""
    if sizes.questions < sizes.graphs * len(HOPS):
        raise InvalidInput(
            f"{sizes.questions} questions are too few: each of {sizes.graphs} graphs needs {len(HOPS)}, one a length."
        )
    even, more = divmod(sizes.questions, sizes.graphs)
    return [even + (number < more) for number in range(sizes.graphs)]


async def tell_graph(
    facts: Sequence[Told], scope: Scope, memory: Memory, model: DiaryChat, progress: Callable[[str], None]
) -> None:
    """Add each fact as a message; raises InvalidInput with the reason where one was not read."""
    said = [
        Message(
            text=fact.text,
            at=_BEGUN + timedelta(minutes=10 * number),
            speaker=WRITER,
            id=f"{scope.user}-{number}",
            session=f"page-{number // 20}",
        )
        for number, fact in enumerate(facts)
    ]
    model.tell({str(message.id): fact for message, fact in zip(said, facts, strict=True)})
    for start in range(0, len(said), ADDED_AT_ONCE):
        added = await memory.add(said[start : start + ADDED_AT_ONCE], scope=scope)
        if added.parked:
            raise InvalidInput(f"the store did not read a message: {next(iter(added.parked.values()))}")
        progress(f"{min(start + ADDED_AT_ONCE, len(said))} of {len(said)} facts told")


async def _ask(question: Question, scope: Scope, memory: Memory) -> _Asked:
    as_of = AsOf(valid=question.as_of) if question.as_of else None
    start = time.perf_counter()
    result = await memory.search(question.text, scope=scope, as_of=as_of, limit=RESULTS)
    milliseconds = (time.perf_counter() - start) * 1000
    found = [(f.fact.subject, f.fact.predicate, f.fact.value) for f in result.facts[:RESULTS]]
    rank = found.index(question.gold) + 1 if question.gold in found else None
    return _Asked(question=question, rank=rank, milliseconds=milliseconds)


def _scores(asked: Sequence[_Asked]) -> dict[str, float]:
    """Return hit@1, hit@10 and the mean reciprocal rank in percent, and of how many questions."""
    ranks = [a.rank for a in asked]
    if not ranks:
        return {"questions": 0}
    return {
        "hit@1": round(100 * mean(r == 1 for r in ranks), 1),
        "hit@10": round(100 * mean(r is not None for r in ranks), 1),
        "mrr": round(100 * mean(1 / r if r else 0.0 for r in ranks), 1),
        "questions": len(ranks),
    }


def _missed(question: Question) -> Missed:
    return Missed(question=question.text, chain=tuple(fact.text for fact in question.chain))
