"""The benchmarks as commands, and how their figures are printed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphmem.bench.calls import Calls, CallScores, Counting, ObservedChat, run_conversation, run_stories
from graphmem.bench.conflicts import ConflictScores, StoryChat, load_stories, run_conflicts
from graphmem.bench.locomo import load_conversations
from graphmem.bench.multihop import TENANT, DiaryChat, Sizes, multihop_memory, run_multihop
from graphmem.bench.multihop_phrasings import Phrasings
from graphmem.bench.probe import Probed, read_probe, run_probe, write_metric
from graphmem.bench.writes import InstantChat, run_writes
from graphmem.cli.bench_common import StoreOption, alone
from graphmem.cli.bench_locomo import locomo
from graphmem.cli.bench_scale import compare, scale
from graphmem.cli.common import JsonOption, printed, run
from graphmem.cli.show_multihop import show_multihop
from graphmem.client import Client
from graphmem.client.connection import WAIT_SECONDS
from graphmem.demo.run import demo_folder
from graphmem.memory import Memory
from graphmem.serial import plain
from graphmem.wiring import build

commands = typer.Typer(help="Measure quality and speed.", no_args_is_help=True)


commands.command()(locomo)


@commands.command()
def probe(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON: `messages`; `questions` of `question`, `expects`, `fact` false if a message will do"
        ),
    ],
    url: Annotated[str, typer.Option(help="where the service is")] = "http://127.0.0.1:8000",
    key: Annotated[str | None, typer.Option(envvar="GRAPHMEM_KEY", help="a key with the right admin")] = None,
    name: Annotated[str, typer.Option(help="the probe's, and its user's: probe-NAME")] = "default",
    metric: Annotated[Path | None, typer.Option(help="a *.prom file to write the shares to, for Prometheus")] = None,
    wait: Annotated[float, typer.Option(min=0, max=300, help="seconds to wait for the facts")] = WAIT_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Ask a running service questions whose facts are known; 1 where one is not found, or no service."""

    async def work() -> None:
        try:
            async with Client(url, key) as client:
                probed = await run_probe(name, read_probe(file), client, wait)
        except BaseException:
            # The file would go on telling what was.
            if metric is not None:
                write_metric(name, None, metric)
            raise
        if metric is not None:
            write_metric(name, probed, metric)
        printed(as_json, probed, lambda console: _show_probe(console, probed))
        if probed.missed or probed.without_fact:
            raise typer.Exit(1)

    run(work)


def _show_probe(console: Console, probed: Probed) -> None:
    facts = "none expects a fact" if probed.in_facts is None else f"{probed.in_facts:.0%} of the facts expected"
    console.print(
        f"{probed.found:.0%} of {probed.questions} questions found what they expect, {facts}; "
        f"{probed.telling_seconds:.1f} s to tell, {probed.asking_seconds:.1f} s to ask."
    )
    if probed.pending or probed.parked:
        console.print(f"{probed.pending} messages are pending still, {probed.parked} parked; see graphmem queue list.")
    for question in probed.missed:
        console.print(f"missed: {escape(question)}")
    for question in sorted({*probed.without_fact} - {*probed.missed}):
        console.print(f"in a message only: {escape(question)}")


@commands.command()
def calls(
    data: Annotated[Path, typer.Option(help="the LoCoMo data set's JSON file")],
    conversation: Annotated[str, typer.Option(help="one of its conversations")] = "conv-26",
    batch: Annotated[int, typer.Option(min=1, max=100, help="messages read at once")] = 8,
    scenarios: Annotated[Path | None, typer.Option(help="folder of *.yaml with stories, counted beside")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count how often a model is asked: a conversation answered from its recorded statements, and stories."""

    async def work() -> None:
        (found,) = load_conversations(data, [conversation])
        told: Calls | None = None
        with demo_folder() as folder:
            settings = replace(alone(Path(folder), store, tenant="calls"), batch_messages=batch)
            model = Counting(ObservedChat(found))
            async with Memory.open(settings, model=model) as memory:
                first, again = await run_conversation(found, memory, model, batch)
            if scenarios is not None:
                stories = load_stories(scenarios)
                chat = StoryChat(stories)
                model = Counting(chat)
                async with Memory.open(settings, model=model) as memory:
                    told = await run_stories(stories, memory, model, chat, batch)
        scores = CallScores(conversation=conversation, batch=batch, first=first, second_run_calls=again, stories=told)
        printed(as_json, scores, lambda console: show_calls(console, scores))

    run(work)


@commands.command()
def conflicts(
    scenarios: Annotated[Path, typer.Option(help="folder of *.yaml with stories, such as tests/scenarios")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell written stories, and count what was closed, kept and doubted as it should; false closings first."""

    async def work() -> None:
        stories = load_stories(scenarios)
        model = StoryChat(stories)
        with demo_folder() as folder:
            async with Memory.open(alone(Path(folder), store, tenant="stories"), model=model) as memory:
                scores = await run_conflicts(stories, memory, model)
        printed(as_json, scores, lambda console: show_conflicts(console, scores))
        if scores.right < scores.stories:
            raise typer.Exit(1)

    run(work)


commands.command()(scale)
commands.command()(compare)


@commands.command()
def writes(
    facts: Annotated[int, typer.Option(min=0, help="how many facts the scope holds before")] = 10_000,
    batch: Annotated[int, typer.Option(min=1, max=100, help="messages read at once")] = 8,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what a write takes beside the model, embedding included, in a scope that holds many facts."""

    async def work() -> None:
        model = InstantChat()
        with demo_folder() as folder:
            settings = replace(alone(Path(folder), store), batch_messages=batch)
            parts = await build(settings, model=model)
            try:
                figures = await run_writes(Memory(parts), model, parts.store, parts.embedder, facts, batch)
            finally:
                await parts.close()
        figures = replace(figures, store=store or "embedded")
        printed(as_json, figures, lambda console: console.print(plain(figures)))

    run(work)


@commands.command()
def multihop(
    graphs: Annotated[int, typer.Option(min=1, help="how many graphs")] = 2,
    facts: Annotated[int, typer.Option(min=50, help="how many facts in each")] = 5000,
    questions: Annotated[int, typer.Option(help="how many questions over all of them")] = 300,
    phrasings: Annotated[Phrasings, typer.Option(help="nothing may be fitted to the final and open ones")] = (
        Phrasings.DEVELOPMENT
    ),
    seed: Annotated[int, typer.Option(help="what the graphs and questions are drawn from")] = 1,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for the end of chains of 1 to 4 facts by naming only their beginning, in words that facts do not have.

    The ontology has them neither, but for the open phrasings: what shares a word with the others is taken out of it.
    """

    async def work() -> None:
        sizes, model = Sizes(graphs=graphs, facts=facts, questions=questions, seed=seed), DiaryChat()
        with demo_folder() as folder:
            async with multihop_memory(alone(Path(folder), store, TENANT), phrasings, model) as memory:
                figures = await run_multihop(memory, model, sizes, phrasings, lambda text: print(text, file=sys.stderr))
        figures = replace(figures, store=store or "embedded")
        printed(as_json, figures, lambda console: show_multihop(console, figures))

    run(work)


def show_calls(console: Console, scores: CallScores) -> None:
    """Print how often a model was asked."""
    table = Table("", scores.conversation, "stories", box=None)
    told = scores.stories
    for name in Calls.__slots__:
        table.add_row(
            name.replace("_", " "), str(getattr(scores.first, name)), str(getattr(told, name)) if told else ""
        )
    console.print(table)
    console.print(f"{scores.second_run_calls} calls the second time")


def show_conflicts(console: Console, scores: ConflictScores) -> None:
    """Print how the stories ended, by kind."""
    shown = ("false_closings", "closed", "kept", "uncertain", "right", "stories", "asked", "statements")
    table = Table("kind", *(name.replace("_", " ") for name in shown), box=None)
    for kind, part in scores.by_kind.items():
        table.add_row(kind, *(str(part[name]) for name in shown))
    console.print(table)
    for verdict in scores.wrong:
        console.print(f"[red]{escape(verdict.story)}[/]: {escape(str(verdict))}", highlight=False, soft_wrap=True)
    console.print(
        f"{scores.false_closings} false closings, {scores.missed_closings} missed; {scores.right} of {scores.stories} "
        f"stories right; the model decided about {scores.asked_share} % of {scores.statements} statements",
        highlight=False,
        soft_wrap=True,
    )
