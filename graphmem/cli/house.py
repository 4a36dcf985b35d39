"""Keeping house from the command line: looking whether all is well, and bringing a graph up to date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from graphmem.adapters.reembed import Reembedded
from graphmem.cli.common import JsonOption, printed, progress_bar, run
from graphmem.house import Check, Migrated, examine, migrate_store, reembed_store
from graphmem.settings import read_settings

commands = typer.Typer()


@commands.command()
def doctor(as_json: JsonOption = False) -> None:
    """Look whether all is well with the store: address, version, rights, schema, indexes, embedder, clock; 1 if not."""

    async def work() -> None:
        checks = await examine(read_settings())
        printed(as_json, checks, lambda console: show_checks(console, checks))
        if not all(check.well for check in checks):
            raise typer.Exit(1)

    run(work)


@commands.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only name the steps that are missing")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the graph's schema up to date; once is enough, and only one program does so at a time."""

    async def work() -> None:
        done = await migrate_store(
            read_settings(), dry_run=dry_run, progress=lambda step: print(f"taking {step.name}", file=sys.stderr)
        )
        printed(as_json, done, lambda console: show_migrated(console, done))

    run(work)


@commands.command()
def reembed(as_json: JsonOption = False) -> None:
    """Write all vectors anew with the settings' embedding model; cut short, run it again and it goes on."""

    async def work() -> None:
        with progress_bar("embedding", hidden=as_json) as moved:
            done = await reembed_store(read_settings(), progress=moved)
        printed(as_json, done, lambda console: show_reembedded(console, done))

    run(work)


def show_reembedded(console: Console, done: Reembedded) -> None:
    """Print how many vectors were written."""
    console.print(
        f"{done.store}: {done.written} vectors written, all are of {done.embedder}.", highlight=False, soft_wrap=True
    )


def show_migrated(console: Console, done: Migrated) -> None:
    """Print which steps of the schema were taken."""
    if not done.steps:
        console.print(f"{done.store} is up to date.", highlight=False)
    for name in done.steps:
        console.print(f"{'lacks' if done.dry_run else 'took'} {name}", highlight=False)


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Print what was looked at, and what to do."""
    for check in checks:
        mark = "[green]well[/]" if check.well else "[red]not well[/]"
        console.print(f"{check.name}: {mark}, {escape(check.seen)}", highlight=False, soft_wrap=True)
        if check.advice:
            console.print(f"  {escape(check.advice)}", highlight=False, soft_wrap=True)
