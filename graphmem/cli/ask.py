"""The commands that ask: search and facts, with their filters."""

from __future__ import annotations

from typing import Annotated

import typer

from graphmem.checks import metadata_of
from graphmem.cli import show
from graphmem.cli.common import (
    AsOfOption,
    JsonOption,
    KnownOption,
    LimitOption,
    ScopeOption,
    ScopesOption,
    ShellScopeOption,
    clocks,
    named_scope,
    named_scopes,
    printed,
    time,
    with_memory,
)
from graphmem.memory import Memory
from graphmem.models import Filters
from graphmem.read.context import Template
from graphmem.read.rerank import Mode
from graphmem.read.strategies import MIX, Strategy

Many = list[str] | None
SinceOption = Annotated[str | None, typer.Option("--since", help="said or true at or after 2024, 2024-05, 2024-05-31")]
UntilOption = Annotated[str | None, typer.Option("--until", help="said or true before, in the same forms")]
PredicateOption = Annotated[Many, typer.Option("--predicate", help="only this predicate, such as LIVES_IN; repeatable")]
TypeOption = Annotated[Many, typer.Option("--type", help="only about this type of entity, such as Place; repeatable")]
SessionOption = Annotated[Many, typer.Option("--session", help="only from this session; repeatable")]
AgentOption = Annotated[Many, typer.Option("--agent", help="only from messages to this agent; repeatable")]
SourceOption = Annotated[Many, typer.Option("--source", help="only from the message of this id; repeatable")]
MetadataOption = Annotated[
    Many, typer.Option("--metadata", help="only from messages whose metadata has key=value; repeatable")
]
ConfidenceOption = Annotated[float | None, typer.Option("--confidence", help="only facts of at least this, 0 to 1")]


def search(
    question: str,
    scope: ScopesOption = None,
    shell_scope: ShellScopeOption = "",
    as_of: AsOfOption = None,
    known: KnownOption = None,
    limit: LimitOption = 10,
    tokens: Annotated[int, typer.Option(help="size of the context")] = 1000,
    context: Annotated[bool, typer.Option("--context", help="print the context for a prompt only")] = False,
    template: Annotated[Template, typer.Option(help="what the context is made of")] = "mixed",
    strategy: Annotated[Strategy, typer.Option(help="what is begun from: all, the named, or the nearest facts")] = MIX,
    rerank: Annotated[Mode | None, typer.Option(help="how many of the best a reranker reads too")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    predicate: PredicateOption = None,
    kind: TypeOption = None,
    session: SessionOption = None,
    agent: AgentOption = None,
    source: SourceOption = None,
    metadata: MetadataOption = None,
    confidence: ConfidenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the facts and messages that answer a question."""

    async def work(memory: Memory) -> None:
        filters = _filters(since, until, predicate, kind, session, agent, source, metadata, confidence)
        found = await memory.search(
            question,
            scope=named_scopes(scope, shell_scope),
            as_of=clocks(as_of, known),
            limit=limit,
            tokens=tokens,
            rerank=rerank,
            strategy=strategy,
            filters=filters,
            template=template,
        )
        printed(
            as_json, found, lambda console: print(found.text) if context else show.show_result(console, found, limit)
        )

    with_memory(work)


def facts(
    scope: ScopeOption = "",
    as_of: AsOfOption = None,
    known: KnownOption = None,
    limit: LimitOption = 100,
    after: Annotated[str | None, typer.Option("--after", help="the `next` of the page before")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    predicate: PredicateOption = None,
    kind: TypeOption = None,
    session: SessionOption = None,
    agent: AgentOption = None,
    source: SourceOption = None,
    metadata: MetadataOption = None,
    confidence: ConfidenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the facts that hold."""

    async def work(memory: Memory) -> None:
        filters = _filters(since, until, predicate, kind, session, agent, source, metadata, confidence)
        page = await memory.facts_page(
            scope=named_scope(scope), as_of=clocks(as_of, known), limit=limit, after=after, filters=filters
        )
        printed(as_json, page.facts, lambda console: show.show_facts(console, page.facts))
        if page.next:
            typer.echo(f"There are more: --after {page.next}", err=True)

    with_memory(work)


def _filters(
    since: str | None,
    until: str | None,
    predicates: Many,
    types: Many,
    sessions: Many,
    agents: Many,
    sources: Many,
    metadata: Many,
    confidence: float | None,
) -> Filters | None:
    """Return what the options let through, None where none is given."""
    filters = Filters(
        since=time("--since", since),
        until=time("--until", until),
        predicates=_tuple(predicates),
        types=_tuple(types),
        confidence=confidence,
        sessions=_tuple(sessions),
        agents=_tuple(agents),
        sources=_tuple(sources),
        metadata=metadata_of(metadata) if metadata else None,
    )
    return None if filters == Filters() else filters


def _tuple(values: Many) -> tuple[str, ...] | None:
    return tuple(values) if values else None
