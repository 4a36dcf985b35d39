"""Keeping house from the command line: looking whether all is well, and bringing a graph up to date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from graphmem.cli.common import JsonOption, printed, progress_bar, run
from graphmem.house.backup import BackedUp
from graphmem.house.doctor import Check, examine
from graphmem.house.reembed import Reembedded
from graphmem.house.restore import Restored
from graphmem.house.upkeep import Migrated, backup_store, migrate_store, reembed_store, restore_store
from graphmem.models import Scope
from graphmem.settings import Settings, read_settings

commands = typer.Typer()


@commands.command()
def doctor(as_json: JsonOption = False) -> None:
    """Look whether all is well: address, version, rights, schema, indexes, embedder, clock, model; 1 if not."""

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


ScopesOption = Annotated[list[str] | None, typer.Option("--scope", "-s", help="only this user's memory, repeatable")]


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="a new file, JSON Lines")],
    scope: ScopesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole graph, or some scopes, to a file; cut short, run it again and it goes on."""

    async def work() -> None:
        settings = read_settings()
        with progress_bar("scopes", hidden=as_json) as moved:
            done = await backup_store(settings, file, scopes=_scopes(scope, settings), progress=moved)
        printed(as_json, done, lambda console: show_backed_up(console, done))

    run(work)


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="a backup")],
    scope: ScopesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup, or some scopes of it, into the graph; cut short, run it again and it goes on."""

    async def work() -> None:
        settings = read_settings()
        with progress_bar("scopes", hidden=as_json) as moved:
            done = await restore_store(settings, file, scopes=_scopes(scope, settings), progress=moved)
        printed(as_json, done, lambda console: show_restored(console, done))

    run(work)


def _scopes(users: Sequence[str] | None, settings: Settings) -> list[Scope] | None:
    return [Scope(user=user, tenant=settings.tenant) for user in users] if users else None


def show_backed_up(console: Console, done: BackedUp) -> None:
    """Print how much was written."""
    console.print(
        f"{done.file}: {done.scopes} scopes, {done.nodes} nodes, {done.relationships} relationships.",
        highlight=False,
        soft_wrap=True,
    )


def show_restored(console: Console, done: Restored) -> None:
    """Print how much was brought in."""
    before = f", {done.before} were there already" if done.before else ""
    console.print(
        f"{done.store}: {done.scopes} scopes{before}, {done.nodes} nodes, {done.relationships} relationships.",
        highlight=False,
        soft_wrap=True,
    )


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
