"""The figures of LoCoMo as people read them: one system by category, or a row for each system."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from graphmem.bench.locomo import CATEGORIES
from graphmem.bench.scoring import TOKENS, TURNS, Scores

WIDTH = 180
_NOTHING = "-"


def show_scores(console: Console, scores: Scores) -> None:
    """Print a run of graphmem: shares of evidence in percent."""
    table = Table("", *(f"R@{k}" for k in TURNS), *(f"{k} tokens" for k in TOKENS), "given", "questions", box=None)
    whole: dict[str, Any] = {
        "recall_at": scores.recall_at,
        "recall_within_tokens": scores.recall_within_tokens,
        "given": scores.given,
        "questions": scores.questions,
    }
    for name, part in {"all": whole, **scores.by_category}.items():
        table.add_row(name, *_recall(part), _one(part["given"]["recall"]), str(part["questions"]))
    console.print(table)
    if scores.judged:
        console.print(_judged_table([scores]))
    console.print(
        f"search p50 {scores.latency_ms['p50']:.0f} ms, p95 {scores.latency_ms['p95']:.0f} ms after warm-up, embedding "
        f"included; indexed in {scores.indexing_seconds:.0f} s; {scores.given['tokens']:,.0f} tokens given; "
        f"{scores.embedder} on {scores.store}; strategy {scores.strategy}, reranker {scores.reranker}, extraction "
        f"{scores.extraction}; {_left_out(scores)}",
        highlight=False,
    )


def show_rows(rows: Sequence[Scores]) -> None:
    """Print a row for each system, and a second table where a model answered and judged."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = _rows()
    columns = (*(f"R@{k}" for k in TURNS), *(f"in {k}" for k in TOKENS), "given", *CATEGORIES.values())
    for name in (*columns, "tokens", "p50 ms", "p95 ms", "index s", "calls"):
        table.add_column(name, justify="right")
    for row in rows:
        given = [_one(row.by_category.get(name, {}).get("given", {}).get("recall")) for name in CATEGORIES.values()]
        recalls = {"recall_at": row.recall_at, "recall_within_tokens": row.recall_within_tokens}
        table.add_row(
            row.label,
            *_recall(recalls),
            _one(row.given["recall"]),
            *given,
            f"{row.given['tokens']:,.0f}",
            _one(row.latency_ms["p50"]),
            _one(row.latency_ms["p95"]),
            _one(row.indexing_seconds),
            str(row.indexing_calls),
        )
    console.print(table)
    if any(row.judged for row in rows):
        console.print(_judged_table(rows))
    first = rows[0]
    console.print(
        f"{first.questions} questions, {', '.join(first.conversations)}; {first.embedder} on {first.store}; "
        f"{_left_out(first)}. Evidence in percent: R@k in the best k turns, in N: in N tokens of the best, given: in "
        "the context that a model is given, then by category.",
        highlight=False,
        soft_wrap=True,
    )


def _judged_table(rows: Sequence[Scores]) -> Table:
    table = _rows()
    columns = ("J", "J strict", "F1", "BLEU-1", *(f"J {name}" for name in CATEGORIES.values()))
    for name in (*columns, "total p50 ms", "p95 ms", "tokens in", "out", "unanswered", "unjudged"):
        table.add_column(name, justify="right")
    for row in rows:
        judged: Mapping[str, Any] = row.judged or {}
        parts = [row.by_category.get(name, {}).get("judged", {}) for name in CATEGORIES.values()]
        table.add_row(
            row.label,
            *(_one(judged[name]) for name in ("j", "strict", "f1", "bleu1")),
            *(_one(part.get("j")) for part in parts),
            *(f"{judged['total_ms'][p]:,.0f}" for p in ("p50", "p95")),
            *(f"{judged[name]:,.0f}" for name in ("tokens_in", "tokens_out", "unanswered", "unjudged")),
        )
    return table


def _rows() -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("", no_wrap=True)
    return table


def _recall(part: Mapping[str, Any]) -> list[str]:
    at: Mapping[str, float] = part["recall_at"] or {}
    within: Mapping[str, float] = part["recall_within_tokens"] or {}
    return [*(_one(at.get(str(k))) for k in TURNS), *(_one(within.get(str(b))) for b in TOKENS)]


def _one(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.1f}"


def _left_out(scores: Scores) -> str:
    told = f"{scores.dropped_evidence} evidence ids do not resolve"
    if scores.excluded:
        kinds = ", ".join(f"{count} {kind}" for kind, count in scores.excluded.items())
        told += f"; {sum(scores.excluded.values())} questions left out by the audit ({kinds})"
    return told
