"""How the figures of a scale run are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from graphmem.bench.compare import Compared
from graphmem.bench.scale import Scale
from graphmem.bench.searches import Searched

MEGABYTE = 1_000_000


def show_scale(console: Console, figures: Scale) -> None:
    """Print a scale run: recall in percent, milliseconds, megabytes."""
    _show_seeds(console, figures)
    by_size = [(f"{part.least:,} to {part.most:,}", s) for part in figures.sizes for s in part.searches]
    hub = [(f"a hub of {figures.hub.facts:,}", s) for s in figures.hub.searches] if figures.hub else []
    _show_searches(console, "facts a scope", [*by_size, *hub])
    if figures.growth:
        grown = [(f"{g.scope_facts:,} of {g.facts:,}", s) for g in figures.growth for s in g.searches]
        _show_searches(console, "the same scope", grown)
        for one in figures.growth[1:]:
            shown = ", ".join(f"{strategy} {ratio}" for strategy, ratio in one.p95_ratios.items())
            console.print(f"p95 at {one.facts:,} over p95 at {figures.growth[0].facts:,}: {shown}", highlight=False)
    if figures.writes:
        console.print(f"a message is written in {_both(figures.writes.message_ms)} ms, the model left out")
    if figures.files:
        sizes = {"in all": figures.files.all, "indexes": figures.files.indexes, "logs": figures.files.logs}
        console.print("files: " + ", ".join(f"{name} {size / MEGABYTE:,.0f} MB" for name, size in sizes.items()))
    console.print(f"{figures.facts:,} facts in {figures.scopes:,} scopes, loaded in {figures.loading_seconds:.0f} s")


def show_compared(console: Console, figures: Compared) -> None:
    """Print what each way takes in milliseconds, and how many times as much a search does."""
    ways = Table("way", "p50 / p95", box=None)
    for name, milliseconds in figures.ways_ms.items():
        ways.add_row(name, _both(milliseconds))
    console.print(ways)
    for name, ratios in figures.ratios.items():
        shown = ", ".join(f"{floor} {ratio:.1f}" for floor, ratio in ratios.items())
        console.print(f"{name} over {shown}", highlight=False, soft_wrap=True)
    asked = f"{figures.questions} questions to {figures.asked_scopes} of {figures.scopes:,} scopes"
    console.print(f"{asked}, {figures.facts:,} facts in all", highlight=False)


def _show_seeds(console: Console, figures: Scale) -> None:
    table = Table("facts a scope", "scopes", "recall", "worst", "vector p50", "p95", "text p50", "p95", box=None)
    for part in figures.sizes:
        table.add_row(
            f"{part.least:,} to {part.most:,}",
            str(part.scopes),
            f"{part.recall:.1%}",
            f"{part.worst_recall:.0%}",
            *(f"{ms[p]:.1f}" for ms in (part.vector_ms, part.text_ms) for p in ("p50", "p95")),
        )
    console.print(table)


def _show_searches(console: Console, what: str, rows: Iterable[tuple[str, Searched]]) -> None:
    table = Table(what, "strategy", "named", "search p50 / p95", "stages", box=None)
    for name, found in rows:
        stages = ", ".join(f"{stage} {_both(ms)}" for stage, ms in found.stages_ms.items())
        table.add_row(name, found.strategy, f"{found.named:.0%}", _both(found.total_ms), stages)
    console.print(table)


def _both(milliseconds: Mapping[str, float]) -> str:
    return f"{milliseconds['p50']:.1f} / {milliseconds['p95']:.1f}"
