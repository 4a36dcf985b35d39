"""How the figures of multi-hop questions are printed."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from graphmem.bench.multihop import MultiHop


def show_multihop(console: Console, scores: MultiHop) -> None:
    """Print hits of the last fact by hops, by the asked time and by the last step, in percent."""
    table = Table("last fact found", "hit@1", "hit@10", "MRR", "questions", box=None)
    _row(table, "all", scores.overall)
    for hops, part in scores.by_hops.items():
        _row(table, f"{hops} hop{'s' if hops != '1' else ''}", part)
    for time, part in scores.by_time.items():
        _row(table, time, part)
    console.print(table)
    last = Table("last step", "hit@1", "hit@10", "MRR", "questions", box=None)
    for name, part in scores.by_last_relation.items():
        _row(last, name, part)
    console.print(last)
    console.print(
        f"{scores.phrasings} phrasings; {scores.graphs} graphs of {scores.facts:,} facts, loaded in "
        f"{scores.loading_seconds:.0f} s; search p50 {scores.search_ms['p50']:.0f} ms, p95 "
        f"{scores.search_ms['p95']:.0f} ms after warm-up; {scores.embedder} on {scores.store}",
        highlight=False,
    )


def _row(table: Table, name: str, part: Mapping[str, float]) -> None:
    figures = (f"{part[figure]:.1f}" if figure in part else "" for figure in ("hit@1", "hit@10", "mrr"))
    table.add_row(name, *figures, str(part["questions"]))
