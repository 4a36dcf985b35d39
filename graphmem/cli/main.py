"""The commands. Exit codes: 0 done, 1 an error said in words, 2 wrong usage, 3 some messages were parked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from graphmem.analytics import ROWS, Answer
from graphmem.cli import add, ask, bench, edits, house, service, show, talk
from graphmem.cli.add import PARKED
from graphmem.cli.common import (
    AsOfOption,
    JsonOption,
    KnownOption,
    LimitOption,
    ScopeOption,
    ScopesOption,
    ShellScopeOption,
    clocks,
    entity_id,
    named_scope,
    named_scopes,
    printed,
    progress_bar,
    run,
    said,
    with_memory,
)
from graphmem.demo.run import SessionShown, demo_folder, demo_settings, play
from graphmem.errors import InvalidInput
from graphmem.memory import Memory
from graphmem.serial import plain
from graphmem.settings import read_settings
from graphmem.write.pipeline import Outcome

T = TypeVar("T")

app = typer.Typer(
    help="The long-term memory of AI agents, kept as a graph.", no_args_is_help=True, add_completion=False
)
app.add_typer(bench.commands, name="bench")
app.add_typer(edits.commands)
app.add_typer(house.commands)
app.add_typer(talk.commands)
app.add_typer(service.commands)
app.add_typer(service.queue, name="queue")
app.add_typer(service.keys, name="keys")


@app.command()
def demo(as_json: JsonOption = False) -> None:
    """Watch a year of talk become dated facts, and ask about it; needs no model and no server."""
    run(lambda: _demo(as_json))


app.command()(add.add)


app.command()(ask.search)
app.command()(ask.facts)


@app.command()
def entities(scope: ScopeOption = "", limit: LimitOption = 100, as_json: JsonOption = False) -> None:
    """List the people, places and things that a scope knows."""

    async def work(memory: Memory) -> None:
        found = await memory.entities(scope=named_scope(scope), limit=limit)
        printed(as_json, found, lambda console: show.show_entities(console, found))

    with_memory(work)


@app.command()
def neighbourhood(
    entity: Annotated[str, typer.Argument(help="an entity's name or id")],
    scope: ScopeOption = "",
    hops: Annotated[int, typer.Option(min=1, max=6, help="how far")] = 1,
    as_of: AsOfOption = None,
    known: KnownOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the facts within some hops of an entity."""

    async def work(memory: Memory) -> None:
        start = await entity_id(memory, entity, named_scope(scope))
        found = await memory.neighbourhood(start, scope=named_scope(scope), hops=hops, as_of=clocks(as_of, known))
        printed(as_json, found, lambda console: show.show_neighbourhood(console, found))

    with_memory(work)


@app.command()
def rules(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """List the consequences that were stated ahead, and what became of them."""

    async def work(memory: Memory) -> None:
        found = await memory.rules(scope=named_scope(scope))
        printed(as_json, found, lambda console: show.show_rules(console, found))

    with_memory(work)


@app.command()
def history(
    about: Annotated[str | None, typer.Argument(help="a fact's or an entity's id; else everything")] = None,
    scope: ScopeOption = "",
    limit: LimitOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Tell the decisions about a fact or an entity, or all of them, in order."""

    async def work(memory: Memory) -> None:
        found = await memory.history(about, scope=named_scope(scope), limit=limit)
        printed(as_json, found, lambda console: show.show_history(console, found))

    with_memory(work)


@app.command()
def cypher(
    name: Annotated[str | None, typer.Argument(help="an analysis; without one they are listed")] = None,
    scope: ScopesOption = None,
    shell_scope: ShellScopeOption = "",
    query: Annotated[str | None, typer.Option("--query", "-q", help="a query of your own; it can only read")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", "-p", help="a parameter as name=value")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="at most so many rows")] = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print comma-separated values")] = False,
) -> None:
    """Ask Cypher about what scopes know: a named analysis, a query of your own; without either list the analyses."""
    if name is not None and query is not None:
        raise typer.BadParameter("an analysis or --query, not both.")
    given = said(lambda: dict(map(_assigned, param or ())))

    async def work(memory: Memory) -> None:
        if name is None and query is None:
            known = memory.analyses()
            printed(as_json, known, lambda console: show.show_analyses(console, known))
            return
        if query is not None:
            values = {key: _value(text) for key, text in given.items()}
            most = ROWS if limit is None else limit
            answer = await memory.cypher(query, scope=named_scopes(scope, shell_scope), parameters=values, limit=most)
        else:
            answer = await _analysed(memory, str(name), named_scopes(scope, shell_scope), given, limit)
        if as_csv:
            show.print_csv(answer)
        else:
            printed(as_json, answer, lambda console: show.show_answer_table(console, answer))

    with_memory(work)


@app.command()
def status(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """Say how much a scope holds, and what this memory is made of."""

    async def work(memory: Memory) -> None:
        found = await memory.status(scope=named_scope(scope))
        printed(as_json, found, lambda console: show.show_status(console, found))

    with_memory(work)


@app.command()
def verify(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """Check the ledger's promises on a scope; 1 where one does not hold."""

    async def work(memory: Memory) -> None:
        found = await memory.verify(scope=named_scope(scope))
        printed(as_json, found, lambda console: show.show_breaches(console, found))
        if found:
            raise typer.Exit(1)

    with_memory(work)


@app.command()
def retry(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """Process parked messages again."""
    _draw(scope, Memory.retry, as_json)


@app.command()
def process(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """Draw facts from the messages that wait, for instance for a budget of calls or tokens."""
    _draw(scope, Memory.process, as_json)


@app.command()
def reextract(scope: ScopeOption = "", as_json: JsonOption = False) -> None:
    """Let the model read the messages that were kept without one."""
    _draw(scope, Memory.reextract, as_json)


@app.command()
def summary(
    scope: ScopeOption = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="bring it up to date first")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the rolling summary of what was said, which the model is shown beside new messages."""

    async def work(memory: Memory) -> None:
        if refresh:
            await memory.summarise(scope=named_scope(scope))
        text = await memory.summary(scope=named_scope(scope))
        printed(as_json, {"summary": text}, lambda _: print(text or "Nothing is summarised yet."))

    with_memory(work)


@app.command()
def usage(
    scope: ScopeOption = "",
    days: Annotated[int | None, typer.Option(min=1, help="only the last so many days (UTC)")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what asking models took: calls, tokens, seconds, dollars."""

    async def work(memory: Memory) -> None:
        used = await memory.usage(scope=named_scope(scope), days=days)
        printed(as_json, used, lambda console: show.show_usage(console, used))

    with_memory(work)


def _draw(scope: str, deed: Callable[..., Awaitable[Outcome]], as_json: bool) -> None:
    """Let facts be drawn from messages, and tell what came of it; leaves with 3 where some were parked."""

    async def work(memory: Memory) -> None:
        with progress_bar("reading", hidden=as_json) as moved:
            outcome = await deed(memory, scope=named_scope(scope), progress=moved)
        printed(as_json, outcome, lambda console: show.show_outcome(console, outcome))
        if outcome.parked:
            raise typer.Exit(PARKED)

    with_memory(work)


async def _demo(as_json: bool) -> None:
    console = Console()
    settings = read_settings()
    with demo_folder() as folder:
        chosen = demo_settings(settings, Path(folder))
        if not as_json:
            model = "replies recorded for this sample" if chosen.replay else f"the model {chosen.model}"
            console.print(f"A store of its own starts; the conversation is read with {model}.")
        shown: list[Any] = []
        missed = 0
        async with Memory.open(chosen) as memory:
            async for part in play(memory):
                if as_json:
                    shown.append(plain(part))
                elif isinstance(part, SessionShown):
                    show.show_session(console, part)
                else:
                    show.show_answer(console, part)
                missed += not isinstance(part, SessionShown) and not part.answered
        if as_json:
            print(json.dumps(shown, ensure_ascii=False))
    if missed and chosen.replay:
        raise typer.Exit(1)


async def _analysed(memory: Memory, name: str, scopes: list[str], given: dict[str, str], limit: int | None) -> Answer:
    """Answer a named analysis in at most `limit` rows, whether it takes a limit itself or not."""
    takes = {p.name for analysis in memory.analyses() if analysis.name == name for p in analysis.parameters}
    if limit is not None and "limit" in takes:
        return await memory.analyse(name, scope=scopes, parameters={**given, "limit": limit})
    found = await memory.analyse(name, scope=scopes, parameters=given)
    if limit is None or len(found.rows) <= limit:
        return found
    return replace(found, rows=found.rows[:limit], truncated=True)


def _assigned(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InvalidInput(f"--param {text!r} must be name=value.")
    return name.strip(), value


def _value(text: str) -> Any:
    """Return a parameter as JSON has it, or else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
