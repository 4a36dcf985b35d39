"""How systems are scored, all alike: the share of a question's evidence among what comes back, by turns and tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from graphmem.bench.latency import percentiles
from graphmem.bench.locomo import CATEGORIES, Question
from graphmem.bench.system import Found, Passage, Ranking, Way

TURNS = (5, 10, 20)
TOKENS = (500, 1000, 2000)
Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A model's answer to a question: its likeness to the right one, the judges' verdicts, what it took.

    A verdict is None where a judge gave none.
    """

    text: str
    f1: float
    bleu1: float
    generous: bool | None
    strict: bool | None
    milliseconds: float
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with what came back: shares of its evidence, the tokens of the context, the time of the search."""

    category: int
    milliseconds: float
    given: float
    tokens: int
    at: Mapping[int, float] = field(default_factory=dict[int, float])
    within: Mapping[int, float] = field(default_factory=dict[int, float])
    marked: Marked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares of evidence found, in percent, and how long it took in milliseconds.

    `recall_at` counts turns, `recall_within_tokens` passages that fit whole; each is None for a system that ranks
    nothing of the kind. `given` is the recall of the context that a model would be given, and its mean tokens.
    `judged` is what a model made of it, None where none was asked.
    """

    recall_at: Shares | None
    recall_within_tokens: Shares | None
    by_category: Mapping[str, Any]
    latency_ms: Mapping[str, float]
    questions: int
    dropped_evidence: int
    indexing_seconds: float
    store: str
    embedder: str
    extraction: str | None
    conversations: tuple[str, ...] = field(default_factory=tuple[str, ...])
    system: str
    strategy: str | None = None
    reranker: str | None = None
    ways: Mapping[str, Way]
    given: Shares
    indexing_calls: int
    indexing_tokens: int
    remarks: Mapping[str, Way]
    judged: Mapping[str, Any] | None = None
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def label(self) -> str:
        """The system and what sets it apart, in few words."""
        words = (str(w) for w in self.ways.values() if w != "none")
        if self.system == "rag":
            words = (f"{self.ways['chunk_tokens']}", f"k={self.ways['k']}")
        return " ".join((self.system, *words))


def scored(
    question: Question, found: Found, ranking: Ranking, milliseconds: float, count_tokens: Callable[[str], int]
) -> Asked:
    """Return the shares of a question's evidence in what was found for it."""
    wanted = set(question.evidence)

    def share(turns: frozenset[str] | set[str]) -> float:
        return len(turns & wanted) / len(wanted)

    ranked = tuple(dict.fromkeys(t for p in found.passages for t in p.turns))
    return Asked(
        category=question.category,
        milliseconds=milliseconds,
        given=share(found.turns),
        tokens=count_tokens(found.context),
        at={k: share(set(ranked[:k])) for k in TURNS} if ranking == "turns" else {},
        within={b: share(fitting(found.passages, b, count_tokens)) for b in TOKENS} if ranking != "none" else {},
    )


def fitting(passages: Sequence[Passage], budget: int, count_tokens: Callable[[str], int]) -> set[str]:
    """Return the turns of the first passages that fit into a budget of tokens together."""
    used, kept = 0, set[str]()
    for passage in passages:
        used += count_tokens(passage.text)
        if used > budget:
            break
        kept |= set(passage.turns)
    return kept


def means(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the mean shares of some questions in percent, and what a model made of them where one was asked."""
    figures: dict[str, Any] = {
        "recall_at": _percent([a.at for a in asked]),
        "recall_within_tokens": _percent([a.within for a in asked]),
        "given": {
            "recall": round(100 * mean(a.given for a in asked), 2),
            "tokens": round(mean(a.tokens for a in asked), 1),
        },
    }
    if any(a.marked for a in asked):
        figures["judged"] = _judged(asked)
    return figures


def by_category(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the means of each category that occurs."""
    return {
        name: {**means(some), "questions": len(some)}
        for number, name in CATEGORIES.items()
        if (some := [a for a in asked if a.category == number])
    }


def _percent(shares: Sequence[Mapping[int, float]]) -> dict[str, float] | None:
    return {str(k): round(100 * mean(s[k] for s in shares), 2) for k in shares[0]} or None


def _judged(asked: Sequence[Asked]) -> dict[str, Any]:
    marked = [(a, a.marked) for a in asked if a.marked is not None]
    verdicts = {name: [v for _, m in marked if (v := getattr(m, name)) is not None] for name in ("generous", "strict")}
    totals = [a.milliseconds + m.milliseconds for a, m in marked]
    return {
        "j": _share(verdicts["generous"]),
        "strict": _share(verdicts["strict"]),
        "f1": round(100 * mean(m.f1 for _, m in marked), 2),
        "bleu1": round(100 * mean(m.bleu1 for _, m in marked), 2),
        "total_ms": percentiles(totals) if len(totals) > 1 else {},
        "tokens_in": round(mean(m.tokens_in for _, m in marked), 1),
        "tokens_out": round(mean(m.tokens_out for _, m in marked), 1),
        "unanswered": sum(not m.text for _, m in marked),
        "unjudged": sum(m.generous is None or m.strict is None for _, m in marked),
    }


def _share(verdicts: Sequence[bool]) -> float | None:
    return round(100 * mean(verdicts), 2) if verdicts else None
