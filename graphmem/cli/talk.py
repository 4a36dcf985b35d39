"""Talking with a memory in a terminal, and recording what a model answers."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from graphmem.agent import Agent, Answered
from graphmem.cli import show
from graphmem.cli.add import PARKED
from graphmem.cli.common import JsonOption, ScopeOption, named_scope, printed, progress_bar, run, said, with_memory
from graphmem.errors import GraphMemError
from graphmem.intake.intake import open_intake
from graphmem.intake.items import Options
from graphmem.intake.load import look_at, message_batches
from graphmem.intake.report import refuse
from graphmem.memory import Memory
from graphmem.settings import read_settings
from graphmem.wiring import recording

commands = typer.Typer()


@commands.command()
def chat(
    scope: ScopeOption = "",
    session: Annotated[str, typer.Option(help="the conversation to go on with")] = "chat",
    facts: Annotated[bool, typer.Option("--facts", help="show what was recalled for each answer")] = False,
) -> None:
    """Talk with a model that remembers; an empty line or Ctrl-D ends it."""

    async def work(memory: Memory) -> None:
        whose, console = named_scope(scope), Console()
        async with Agent(memory) as agent:
            while text := (await asyncio.to_thread(_line)).strip():
                answers: list[Answered] = []
                try:
                    async for piece in agent.stream(text, scope=whose, session=session, done=answers.append):
                        print(piece, end="", flush=True)
                except GraphMemError as exc:
                    print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
                print()
                if facts and answers:
                    show.show_result(console, answers[0].recalled, 5)

    with_memory(work)


def _line() -> str:
    try:
        return input("> ")
    except EOFError:
        return ""


@commands.command()
def record(
    recording_file: Annotated[Path, typer.Argument(help="where replies are appended, for GRAPHMEM_REPLAY")],
    messages_file: Annotated[Path, typer.Argument(help="messages, in any form that graphmem add reads")],
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep the messages of a file, draw facts from them, and write down what the model answers."""
    intakes = said(lambda: [open_intake(messages_file, Options())])
    said(lambda: refuse(look_at(intakes, None), skip_bad=False))

    async def work() -> None:
        settings = read_settings()
        model = recording(settings, recording_file)
        try:
            async with Memory.open(settings, model=model) as memory:
                for batch in message_batches(intakes, skip_bad=False):
                    await memory.add(batch, scope=named_scope(scope), wait=False)
                with progress_bar("reading", hidden=as_json) as moved:
                    outcome = await memory.process(scope=named_scope(scope), progress=moved)
        finally:
            await model.close()
        printed(as_json, outcome, lambda console: show.show_outcome(console, outcome))
        if outcome.parked:
            raise typer.Exit(PARKED)

    run(work)
