"""What all commands share: whose memory, JSON or tables, errors in words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from graphmem.errors import GraphMemError, ScopeMissing
from graphmem.memory import Memory
from graphmem.serial import dump
from graphmem.settings import read_settings

T = TypeVar("T")
ScopeOption = Annotated[str, typer.Option("--scope", "-s", envvar="GRAPHMEM_SCOPE", help="whose memory: a user")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]


def with_memory(work: Callable[[Memory], Awaitable[None]]) -> None:
    """Run work on the memory that the settings name."""

    async def opened() -> None:
        async with Memory.open(read_settings()) as memory:
            await work(memory)

    run(opened)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run asynchronous work to its end."""
    said(lambda: asyncio.run(work()))


def said(work: Callable[[], T]) -> T:
    """Say an error of ours in one line, and leave with 1."""
    try:
        return work()
    except GraphMemError as exc:
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
        raise typer.Exit(1) from exc


def printed(as_json: bool, value: Any, human: Callable[[Console], None]) -> None:
    """Print a value as JSON, or as people read it."""
    if as_json:
        print(dump(value))
    else:
        human(Console())


def named_scope(scope: str) -> str:
    """Return the scope that was named; raises ScopeMissing."""
    if not scope:
        raise ScopeMissing("no scope: pass --scope ada, or set GRAPHMEM_SCOPE for this shell.")
    return scope


@contextmanager
def progress_bar(what: str, *, hidden: bool) -> Generator[Callable[[int, int | None], None]]:
    """Show how many of how many are done, where people watch; None where nobody knows how many there are."""
    with Progress(console=Console(stderr=True), disable=hidden or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
