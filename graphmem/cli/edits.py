"""The commands that change what is believed by hand."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from graphmem.cli import show
from graphmem.cli.common import JsonOption, ScopeOption, named_scope, printed, said, with_memory
from graphmem.memory import Memory
from graphmem.models import Sameness
from graphmem.operations import Change

FromOption = Annotated[str | None, typer.Option("--from", help="true since: 2024, 2024-05, 2024-05-31 or a full time")]
ToOption = Annotated[str | None, typer.Option("--to", help="true until the end of this, in the same forms")]
CorrectedToOption = Annotated[
    str | None, typer.Option("--to", help="true until the end of this, in the same forms; open takes the end away")
]
EditorOption = Annotated[
    str, typer.Option("--editor", help="who says so", default_factory=getpass.getuser, show_default="you")
]


commands = typer.Typer()


@commands.command("assert")
def assert_fact(
    subject: str,
    predicate: Annotated[str, typer.Argument(help="a predicate of the ontology, such as LIVES_IN")],
    value: str,
    editor: EditorOption,
    scope: ScopeOption = "",
    since: FromOption = None,
    until: ToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Believe a fact because you say so; what it contradicts is closed."""

    async def work(memory: Memory) -> None:
        changes = await memory.assert_fact(
            subject,
            predicate,
            value,
            scope=named_scope(scope),
            valid_from=since,
            valid_to=until,
            editor=editor,
        )
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def correct(
    fact: str,
    editor: EditorOption,
    value: Annotated[str | None, typer.Option(help="what is right instead")] = None,
    scope: ScopeOption = "",
    since: FromOption = None,
    until: CorrectedToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put right a fact that was believed by mistake: its value or its dates."""

    async def work(memory: Memory) -> None:
        changes = await memory.correct(
            fact,
            scope=named_scope(scope),
            value=value,
            valid_from=since,
            valid_to=until,
            editor=editor,
        )
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def forget(
    fact: str,
    editor: EditorOption,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Believe a fact no more, and show it no more; `undo` brings it back."""

    async def work(memory: Memory) -> None:
        _shown(await memory.forget(fact, scope=named_scope(scope), editor=editor), as_json)

    with_memory(work)


@commands.command()
def entity(
    entity_id: str,
    editor: EditorOption,
    name: Annotated[str | None, typer.Option(help="its name from now on")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="its type from now on")] = None,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give an entity another name or type; the old name stays known."""

    async def work(memory: Memory) -> None:
        changes = await memory.change_entity(entity_id, scope=named_scope(scope), name=name, type=kind, editor=editor)
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def merge(
    winner: Annotated[str, typer.Argument(help="the id of the entity whose name stays")],
    loser: Annotated[str, typer.Argument(help="the id of the entity that is the same")],
    editor: EditorOption,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make two entities one; `undo` or `split` takes it back."""

    async def work(memory: Memory) -> None:
        changes = await memory.merge_entities(winner, loser, scope=named_scope(scope), editor=editor)
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def split(
    entity_id: str,
    editor: EditorOption,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a merged entity itself again, with the facts that named it."""

    async def work(memory: Memory) -> None:
        changes = await memory.split_entity(entity_id, scope=named_scope(scope), editor=editor)
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def merges(
    scope: ScopeOption = "",
    pending: Annotated[bool, typer.Option("--pending/--all", help="only those that wait for review")] = True,
    as_json: JsonOption = False,
) -> None:
    """List entities of like names that may be one; answer with `merge` or `distinct`."""

    async def work(memory: Memory) -> None:
        found = await memory.merges(scope=named_scope(scope), state=Sameness.PENDING if pending else None)
        printed(as_json, found, lambda console: show.show_pairs(console, found))

    with_memory(work)


@commands.command()
def distinct(
    one: Annotated[str, typer.Argument(help="the id of an entity")],
    other: Annotated[str, typer.Argument(help="the id of another one")],
    editor: EditorOption,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Note that two entities are two, so that they wait for review no more."""

    async def work(memory: Memory) -> None:
        _shown(await memory.never_the_same(one, other, scope=named_scope(scope), editor=editor), as_json)

    with_memory(work)


@commands.command()
def clean(
    editor: EditorOption,
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="mend what can be mended; else only report")] = False,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Report what looks wrong in a scope, and mend it with --apply; each mending can be undone."""

    async def work(memory: Memory) -> None:
        cleaned = await memory.clean(scope=named_scope(scope), dry_run=not apply, editor=editor)
        printed(as_json, cleaned, lambda console: show.show_cleaning(console, cleaned))

    with_memory(work)


@commands.command()
def delete(
    message: Annotated[str, typer.Argument(help="the id of a kept message, ep_...")],
    editor: EditorOption,
    scope: ScopeOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a message with what only it supported; it cannot be undone."""
    whose = said(lambda: named_scope(scope))
    if not yes:
        typer.confirm(f"Delete {message} and what only it supported, for good?", abort=True)

    async def work(memory: Memory) -> None:
        receipt = await memory.delete(message, scope=whose, editor=editor)
        printed(as_json, receipt, lambda console: show.show_receipt(console, receipt))

    with_memory(work)


@commands.command()
def undo(
    change: Annotated[str, typer.Argument(help="a change's id, from history")],
    editor: EditorOption,
    cascade: Annotated[bool, typer.Option("--cascade", help="with all later ones that build on it")] = False,
    scope: ScopeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a decision back, which is itself a decision on the record."""

    async def work(memory: Memory) -> None:
        changes = await memory.undo(change, scope=named_scope(scope), cascade=cascade, editor=editor)
        _shown(changes, as_json)

    with_memory(work)


@commands.command()
def erase(
    scope: ScopeOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete all that a scope holds; it cannot be undone."""
    whose = said(lambda: named_scope(scope))
    if not yes:
        typer.confirm(f"Delete everything that {whose!r} holds?", abort=True)

    async def work(memory: Memory) -> None:
        erased = await memory.erase(scope=whose)
        told = ", ".join(f"{n} {label}" for label, n in erased.deleted.items()) or "nothing"
        told += f"\n{erased.remains}" if erased.remains else ""
        printed(as_json, erased, lambda console: console.print(f"erased: {told}", highlight=False, soft_wrap=True))

    with_memory(work)


def _shown(changes: tuple[Change, ...], as_json: bool) -> None:
    printed(as_json, changes, lambda console: show.show_changes(console, changes))
