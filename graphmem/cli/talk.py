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
from graphmem.cli.common import JsonOption, ScopeOption, named_scope, printed, progress_bar, run, said, with_memory
from graphmem.errors import GraphMemError
from graphmem.files import read_messages
from graphmem.memory import Memory
from graphmem.settings import read_settings
from graphmem.wiring import recording

PARKED = 3

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
    messages_file: Annotated[Path, typer.Argument(help="messages as JSON or JSON Lines")],
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep the messages of a file, draw facts from them, and write down what the model answers."""
    messages = said(lambda: read_messages(messages_file))

    async def work() -> None:
        settings = read_settings()
        model = recording(settings, recording_file)
        try:
            async with Memory.open(settings, model=model) as memory:
                with progress_bar("reading", hidden=as_json) as moved:
                    added = await memory.add(messages, scope=named_scope(scope), progress=moved)
        finally:
            await model.close()
        printed(as_json, added, lambda console: show.show_added(console, added))
        if added.parked:
            raise typer.Exit(PARKED)

    run(work)
