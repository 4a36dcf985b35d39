"""Systems compared on the same questions: each indexes the conversations, is asked, scored, and, if wished, judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from graphmem.bench.judge import Judge
from graphmem.bench.latency import percentiles
from graphmem.bench.locomo import Conversation, Question
from graphmem.bench.scoring import Asked, Scores, by_category, means, scored
from graphmem.bench.system import Found, Indexed, System

WARM_UP = 100
COUNTED_TEXTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all systems of a run: the conversations, how tokens are counted, who judges."""

    conversations: Sequence[Conversation]
    count_tokens: Callable[[str], int]
    store: str
    embedder: str
    progress: Callable[[str], None]
    judge: Judge | None = None
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])


async def compare(systems: Sequence[System], setting: Setting) -> list[Scores]:
    """Measure one system after the other; raises ModelError where a model is asked and does not answer."""
    counted = replace(setting, count_tokens=lru_cache(COUNTED_TEXTS)(setting.count_tokens))
    return [await _measured(system, counted) for system in systems]


async def _measured(system: System, setting: Setting) -> Scores:
    name = " ".join(str(w) for w in (system.name, *system.ways.values()))
    indexed: list[Indexed] = []
    for conversation in setting.conversations:
        setting.progress(f"{name}: indexing {conversation.id}: {len(conversation.messages)} turns")
        indexed.append(await system.index(conversation))
    setting.progress(f"{name}: warming up with {WARM_UP} questions")
    first = setting.conversations[0]
    for question in first.questions[:WARM_UP]:
        await system.ask(first, question.text)
    asked, contexts = await _asked(system, name, setting)
    if setting.judge is not None:
        asked = await _judged(asked, contexts, name, setting.judge, setting)
    return _scores(system, indexed, asked, setting)


async def _asked(system: System, name: str, setting: Setting) -> tuple[list[Asked], list[tuple[Question, str]]]:
    asked: list[Asked] = []
    contexts: list[tuple[Question, str]] = []
    for conversation in setting.conversations:
        setting.progress(f"{name}: asking {conversation.id}: {len(conversation.questions)} questions")
        for question in conversation.questions:
            found, milliseconds = await _timed(system, conversation, question)
            asked.append(scored(question, found, system.ranking, milliseconds, setting.count_tokens))
            contexts.append((question, found.context))
    return asked, contexts


async def _timed(system: System, conversation: Conversation, question: Question) -> tuple[Found, float]:
    start = time.perf_counter()
    found = await system.ask(conversation, question.text)
    return found, (time.perf_counter() - start) * 1000


async def _judged(
    asked: Sequence[Asked], contexts: Sequence[tuple[Question, str]], name: str, judge: Judge, setting: Setting
) -> list[Asked]:
    setting.progress(f"{name}: {judge.name} answers {len(asked)} questions and judges the answers")
    marked = await judge.mark_all(contexts, lambda done: setting.progress(f"{name}: {done} of {len(asked)} judged"))
    return [replace(a, marked=m) for a, m in zip(asked, marked, strict=True)]


def _scores(system: System, indexed: Sequence[Indexed], asked: Sequence[Asked], setting: Setting) -> Scores:
    figures: dict[str, Any] = means(asked)
    if setting.judge is not None:
        figures["judged"] = {**figures["judged"], "model": setting.judge.name}
    return Scores(
        **figures,
        by_category=by_category(asked),
        latency_ms=percentiles([a.milliseconds for a in asked]),
        questions=len(asked),
        dropped_evidence=sum(c.dropped for c in setting.conversations),
        indexing_seconds=round(sum(i.seconds for i in indexed), 2),
        store=setting.store,
        embedder=setting.embedder,
        extraction=_way(system, "extraction"),
        conversations=tuple(c.id for c in setting.conversations),
        system=system.name,
        strategy=_way(system, "strategy"),
        reranker=_way(system, "reranker"),
        ways=system.ways,
        indexing_calls=sum(i.calls for i in indexed),
        indexing_tokens=sum(i.tokens for i in indexed),
        remarks=system.remarks,
        excluded=setting.excluded,
    )


def _way(system: System, name: str) -> str | None:
    value = system.ways.get(name)
    return None if value is None else str(value)
