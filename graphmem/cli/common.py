"""What all commands share: whose memory, JSON or tables, errors in words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from graphmem.dates import parse_date
from graphmem.errors import GraphMemError, InvalidInput, NotFound, ScopeMissing
from graphmem.memory import Memory
from graphmem.models import AsOf
from graphmem.serial import dump
from graphmem.settings import read_settings

T = TypeVar("T")
ScopeOption = Annotated[str, typer.Option("--scope", "-s", envvar="GRAPHMEM_SCOPE", help="whose memory: a user")]
ScopesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", "-s", help="whose memory: a user; repeatable [env var: GRAPHMEM_SCOPE]", show_default=False
    ),
]
# A repeatable option would cut its variable at the blanks in a user's name.
ShellScopeOption = Annotated[str, typer.Option("--shell-scope", envvar="GRAPHMEM_SCOPE", hidden=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="true when: 2024, 2024-05, 2024-05-31 or a full time")]
KnownOption = Annotated[str | None, typer.Option("--known", help="as believed when, in the same forms")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", help="at most so many")]


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


def named_scopes(scopes: list[str] | None, of_shell: str) -> list[str]:
    """Return the scopes that were named, else that of the shell; raises ScopeMissing."""
    return [named_scope(scope) for scope in scopes or [of_shell]]


async def entity_id(memory: Memory, named: str, scope: str) -> str:
    """Return the id of the entity that an id or a name means; raises NotFound, and InvalidInput where it may be two."""
    try:
        return (await memory.entity(named, scope=scope)).id
    except NotFound:
        found = await memory.entities_named(named, scope=scope)
    match found:
        case (only,):
            return only.id
        case ():
            raise NotFound(f"there is no entity {named!r} in this scope, by id or name; see: graphmem entities.")
        case _:
            those = "; ".join(f"{e.id} {e.described}" for e in found)
            raise InvalidInput(f"{named!r} may be any of these, so name one by its id: {those}.")


@contextmanager
def progress_bar(what: str, *, hidden: bool) -> Generator[Callable[[int, int | None], None]]:
    """Show how many of how many are done, where people watch; None where nobody knows how many there are."""
    with Progress(console=Console(stderr=True), disable=hidden or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def clocks(valid: str | None, known: str | None) -> AsOf:
    """Return the clocks that two options name; raises InvalidInput."""
    return AsOf(valid=time("--as-of", valid), known=time("--known", known))


def time(option: str, text: str | None) -> datetime | None:
    """Return the time that an option names; raises InvalidInput."""
    if text is None:
        return None
    try:
        return parse_date(text)[0]
    except ValueError as exc:
        raise InvalidInput(
            f"{option} {text!r} is no time ({exc}); write 2024, 2024-05, 2024-05-31 or a full time."
        ) from exc
