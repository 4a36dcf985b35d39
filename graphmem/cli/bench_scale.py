"""`graphmem bench scale` and `graphmem bench compare`: how soon searches answer in a large graph."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from graphmem.bench.compare import run_compare
from graphmem.bench.scale import Plan, growth_steps, run_scale, scope_counts
from graphmem.bench.searches import ASKED
from graphmem.bench.writes import InstantChat
from graphmem.cli.bench_common import StoreOption, alone
from graphmem.cli.common import JsonOption, printed, run
from graphmem.cli.show_scale import show_compared, show_scale
from graphmem.demo.run import demo_folder
from graphmem.errors import InvalidInput
from graphmem.settings import Settings
from graphmem.wiring import build

INDEX_SECONDS = 600.0

FactsOption = Annotated[int, typer.Option(help="how many facts in all")]
ScopesOption = Annotated[int, typer.Option(help="how many scopes share them, unevenly: 10 to 20,000 each")]
QuestionsOption = Annotated[int, typer.Option(min=4, help="how many questions are timed, of each kind")]


def scale(
    facts: FactsOption = 100_000,
    scopes: ScopesOption = 1000,
    growth: Annotated[
        str | None, typer.Option(help="sizes to load one after the other instead, such as 1000,10000,100000")
    ] = None,
    hub: Annotated[int, typer.Option(min=0, help="about how many facts of one person is asked at last")] = 10_000,
    files: Annotated[Path | None, typer.Option(help="the folder of the server's files, to be weighed")] = None,
    questions: QuestionsOption = ASKED,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty store with invented people, and measure seeds, whole searches, writes and the room of the files."""

    async def work() -> None:
        plan = Plan(
            steps=growth_steps(_sizes(growth)) if growth else [scope_counts(facts, scopes)], hub=hub, asked=questions
        )
        model = InstantChat()
        with demo_folder() as folder:
            parts = await build(_patient(Path(folder), store), model=model)
            try:
                weighed = files or (None if store else Path(folder))
                figures = await run_scale(parts, plan, model, lambda text: print(text, file=sys.stderr), weighed)
            finally:
                await parts.close()
        figures = replace(figures, store=store or "embedded")
        printed(as_json, figures, lambda console: show_scale(console, figures))

    run(work)


def compare(
    facts: FactsOption = 20_000,
    scopes: ScopesOption = 200,
    questions: QuestionsOption = ASKED,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time the same questions on a plain scan, on plain indexes of the store, and as whole searches; prints ratios."""

    async def work() -> None:
        plan = Plan(steps=[scope_counts(facts, scopes)], asked=questions)
        with demo_folder() as folder:
            parts = await build(_patient(Path(folder), store))
            try:
                figures = await run_compare(parts, plan, lambda text: print(text, file=sys.stderr))
            finally:
                await parts.close()
        figures = replace(figures, store=store or "embedded")
        printed(as_json, figures, lambda console: show_compared(console, figures))

    run(work)


def _patient(folder: Path, store: str | None) -> Settings:
    """Return settings for a store that may build its vector index when it is first asked after so many writes."""
    return replace(alone(folder, store), neo4j_query_timeout=INDEX_SECONDS)


def _sizes(growth: str) -> list[int]:
    sizes = [part.strip() for part in growth.split(",")]
    if not all(part.isdecimal() for part in sizes):
        raise InvalidInput(f"--growth {growth} must be numbers with commas between them: 1000,10000,100000.")
    return [int(part) for part in sizes]
