"""How the command line shows values: an answer first, then why, then how long it took."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from typing import assert_never, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from graphmem.adapters.queries import Analysis
from graphmem.analytics import Answer
from graphmem.dates import show_date, show_event
from graphmem.demo.run import AnswerShown, SessionShown
from graphmem.memory import Added
from graphmem.models import Entity, EntityPair, Fact, FactVersion, Precision, Rule
from graphmem.operations import (
    Add,
    AddEntity,
    AddRule,
    Change,
    ChangeEntity,
    ChangeRule,
    Compare,
    Cost,
    Deleted,
    Forget,
    Hide,
    Invalidate,
    InvalidateKind,
    Merge,
    NameEntity,
    Operation,
    RemoveEntity,
    RemoveSource,
    Revise,
    ReviseKind,
    Skip,
    verb,
)
from graphmem.read.context import validity
from graphmem.read.found import FoundFact, SearchResult
from graphmem.read.neighbourhood import Neighbourhood
from graphmem.work import Status, Used
from graphmem.write.clean import Cleaning
from graphmem.write.delete import Receipt
from graphmem.write.pipeline import Outcome
from graphmem.write.verify import Breach

COLOURS = {"new": "green", "merged": "cyan", "closed": "yellow", "corrected": "magenta", "skipped": "dim"}
_REVISED = "magenta"


def show_added(console: Console, added: Added) -> None:
    """Print what became of messages."""
    kept = f"{added.new} messages kept" + (f", {added.known} known already" if added.known else "")
    console.print(kept)
    show_outcome(console, added)


def show_outcome(console: Console, outcome: Added | Outcome) -> None:
    """Print the decisions, what was parked, and what waits."""
    show_changes(console, outcome.changes)
    for message, reason in outcome.parked.items():
        console.print(f"  [red]parked[/]  {escape(message)}: {escape(reason)}")
    if outcome.note:
        console.print(f"[yellow]{escape(outcome.note)}[/]")


def show_changes(console: Console, changes: Sequence[Change]) -> None:
    """Print decisions with their reasons, a line an operation."""
    for change in changes:
        for operation in change.operations:
            if not isinstance(operation, AddEntity):
                word = verb(operation)
                text = f"[{COLOURS.get(word, _REVISED)}]{word:<9}[/] {escape(_operation(operation))}"
                console.print(f"  {text}  [dim]({escape(change.reason)})[/]", highlight=False, soft_wrap=True)


def show_history(console: Console, changes: Sequence[Change]) -> None:
    """Print decisions in order, each with its id, so that it can be undone."""
    for change in changes:
        by = f", by {escape(change.editor)}" if change.editor else ""
        console.print(
            f"[dim]{change.id}[/]  {show_date(change.at, Precision.DAY)}{by}", highlight=False, soft_wrap=True
        )
        show_changes(console, [change])


def _operation(operation: Operation) -> str:
    match operation:
        case Add() | Merge() | Invalidate() | Skip() | Revise() | RemoveSource():
            return _of_fact(operation)
        case AddEntity(entity=entity) | RemoveEntity(entity=entity):
            return entity.name
        case NameEntity(alias=alias):
            return f"one more name: {alias}"
        case ChangeEntity(before=before, after=after):
            return _entity_change(before, after)
        case _:
            return _of_the_rest(operation)


def _of_fact(operation: Add | Merge | Invalidate | Skip | Revise | RemoveSource) -> str:
    match operation:
        case Add(fact=fact):
            return f"{fact.text}{_since(fact)}"
        case Invalidate(text=text, at=at, kind=kind):
            until = f", until {show_date(at, Precision.DAY)}"
            return f"{text}{until if kind is InvalidateKind.CHANGE else ': it was never so'}"
        case Merge(source=source):
            return f'one more source: "{source.quote}"'
        case RemoveSource(source=source):
            return f'a source less: "{source.quote}"'
        case Skip(text=text):
            return text
        case Revise(text=text, kind=ReviseKind.UNCERTAIN, after=after):
            since = show_date(after.uncertain_since or after.created_at, Precision.DAY)
            return f"{text}, since {since}: {after.uncertain_because}"
        case Revise(text=text, after=after):
            return f"{text}, {_span(after)}"


def _of_the_rest(operation: Compare | AddRule | ChangeRule | Forget | Hide | Deleted) -> str:
    match operation:
        case Compare(names=names):
            return names
        case AddRule(rule=rule):
            return f"{rule.text}, then: {rule.fact.text}"
        case ChangeRule(text=text) | Forget(text=text):
            return text
        case Hide(episode_ids=ids):
            return f"{len(ids)} messages are shown no more"
        case Deleted(facts=facts, unsourced=unsourced):
            return f"a message, {len(facts)} facts that only it supported; {len(unsourced)} others have a source less"
        case _:
            assert_never(operation)


def _span(state: FactVersion) -> str:
    if state.expired_at is not None:
        return "believed no more"
    interval = state.interval
    until = f" until {show_date(interval.end, Precision.DAY)}" if interval.end else ""
    return f"believed since {show_date(interval.start, interval.precision)}{until}"


def _entity_change(before: Entity, after: Entity) -> str:
    if before.canonical_id != after.canonical_id:
        return f"{before.name}: {'itself again' if after.canonical_id == after.id else 'the same as another'}"
    return f"{before.name} ({before.type}) is now {after.name} ({after.type})"


def _since(fact: Fact) -> str:
    interval = fact.interval
    if not interval.stated:
        return ""
    if fact.event:
        return f", {show_event(interval.start, interval.precision)}"
    return f", since {show_date(interval.start, interval.precision)}"


def show_result(console: Console, result: SearchResult, limit: int = 5) -> None:
    """Print what a search found: facts with dates, quotes and paths, then messages."""
    if not (result.facts or result.episodes or result.withdrawn):
        console.print("Nothing is known about this.")
    for found in result.facts[:limit]:
        _show_fact(console, found)
    for found in result.withdrawn:
        if found.fact.forgotten_at is None:
            console.print("[yellow]no longer so, and nothing known in its place:[/]")
        _show_fact(console, found)
    if not result.facts:
        for said in result.episodes[:limit]:
            episode = said.episode
            console.print(
                f'"{escape(episode.text)}"  [dim]{escape(episode.speaker)}, {episode.at:%Y-%m-%d}[/]',
                highlight=False,
                soft_wrap=True,
            )
    spent = ", ".join(f"{stage} {ms:.0f}" for stage, ms in result.timings.items() if stage != "total")
    # A reranker may be the chat model.
    asked = "" if "rerank" in result.timings else ", no model asked"
    console.print(f"[dim]{result.timings['total']:.0f} ms ({spent}){asked}[/]", highlight=False, soft_wrap=True)


def _show_fact(console: Console, found: FoundFact) -> None:
    console.print(f"[bold]{escape(found.text)}[/]  {validity(found)}", highlight=False, soft_wrap=True)
    for source in [s for s in (found.ended_by, *found.fact.sources) if s is not None and s.quote][:1]:
        said = f", {show_date(source.at, Precision.DAY)}" if source.at else ""
        console.print(
            f'  "{escape(source.quote)}"  [dim]{escape(source.speaker)}{said}[/]', highlight=False, soft_wrap=True
        )
    if found.path:
        console.print(f"  [dim]over {' -> '.join(map(escape, found.path))}[/]", highlight=False, soft_wrap=True)


def show_facts(console: Console, facts: Sequence[Fact]) -> None:
    """Print facts as a table."""
    table = Table("fact", "since", "until", "sources", Column("id", no_wrap=True), box=None, header_style="bold")
    for fact in facts:
        interval = fact.interval
        since = show_date(interval.start, interval.precision) + ("" if interval.stated else " *")
        until = show_date(interval.end, Precision.DAY) if interval.end else ""
        doubted = fact.uncertain_since
        doubt = f"  [yellow]uncertain since {show_date(doubted, Precision.DAY)}[/]" if doubted else ""
        table.add_row(escape(fact.text) + doubt, since, until, str(len(fact.sources)), fact.id)
    console.print(table)
    console.print("[dim]* known since; the start was not stated[/]")


def show_entities(console: Console, entities: Sequence[Entity]) -> None:
    """Print entities as a table."""
    names = {e.id: e.name for e in entities}
    table = Table("name", "type", "also", "merged into", Column("id", no_wrap=True), box=None, header_style="bold")
    for entity in entities:
        into = "" if entity.canonical_id == entity.id else names.get(entity.canonical_id, entity.canonical_id)
        table.add_row(escape(entity.name), entity.type, escape(", ".join(entity.aliases)), escape(into), entity.id)
    console.print(table)


def show_pairs(console: Console, pairs: Sequence[EntityPair]) -> None:
    """Print entities that may be one, with their ids."""
    if not pairs:
        console.print("nothing waits for review")
    for pair in pairs:
        for entity in (pair.other, pair.entity):
            console.print(f"{entity.id}  {escape(entity.described)}", highlight=False, soft_wrap=True)
        console.print(f"[dim]  {pair.state}[/]")


def show_cleaning(console: Console, cleaning: Cleaning) -> None:
    """Print what looks wrong and what would be done, then what was done."""
    if not cleaning.findings:
        console.print("[green]nothing looks wrong[/]")
    for finding in cleaning.findings:
        action = f"  [cyan]{escape(finding.action)}[/]" if finding.action else ""
        console.print(f"[yellow]{finding.kind}[/]  {escape(finding.what)}{action}", highlight=False, soft_wrap=True)
    show_changes(console, cleaning.changes)
    left = [f for f in cleaning.findings if not f.action]
    if left:
        console.print(
            f"left to you: {len(left)} ({', '.join(dict.fromkeys(f.kind for f in left))}), since nothing tells what is "
            "right. `correct` or `forget` a fact by its id, which --json prints.",
            highlight=False,
            soft_wrap=True,
        )


def show_receipt(console: Console, receipt: Receipt) -> None:
    """Print what a deletion took away."""
    told = {
        "deleted": (*receipt.facts, *receipt.rules, *receipt.entities),
        "a source less": receipt.unsourced,
        "believed otherwise": receipt.revised,
        "to be read again": receipt.queued,
    }
    console.print(f"deleted {receipt.episode_id}, on the record as {receipt.change_id}", highlight=False)
    for name, ids in told.items():
        if ids:
            console.print(f"{name:>18}  {', '.join(ids)}", highlight=False, soft_wrap=True)


def show_rules(console: Console, rules: Sequence[Rule]) -> None:
    """Print consequences that were stated ahead."""
    for rule in rules:
        when = f"when {rule.predicate} {rule.event}"
        console.print(
            f"[bold]{escape(rule.text)}[/]  {when}: {escape(rule.fact.text)}  [dim]{rule.state}[/]",
            highlight=False,
            soft_wrap=True,
        )


def show_neighbourhood(console: Console, found: Neighbourhood) -> None:
    """Print the facts around an entity."""
    console.print(f"[bold]{escape(found.start.described)}[/], {len(found.entities)} entities", highlight=False)
    show_facts(console, found.facts)
    if found.truncated:
        console.print("[yellow]there is more: name fewer hops[/]")


def show_analyses(console: Console, analyses: Sequence[Analysis]) -> None:
    """Print what can be asked, with the parameters."""
    for analysis in analyses:
        own = [p for p in analysis.parameters if p.name not in {"scopes", "now"}]
        shown = " ".join(f"{p.name}={p.default or p.type}" for p in own)
        console.print(f"[bold]{analysis.name}[/]  {analysis.what}  [cyan]{shown}[/]", highlight=False, soft_wrap=True)


def show_answer_table(console: Console, answer: Answer) -> None:
    """Print what an analysis found as a table."""
    table = Table(*answer.columns, box=None, header_style="bold")
    for row in answer.rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    console.print(table)
    if answer.truncated:
        console.print(f"[dim]only the first {len(answer.rows)} rows; --limit and GRAPHMEM_RESULT_BYTES bound them[/]")


def print_csv(answer: Answer) -> None:
    """Print what an analysis found as comma-separated values."""
    written = csv.writer(sys.stdout)
    written.writerow(answer.columns)
    written.writerows([_cell(value) for value in row] for row in answer.rows)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(v) for v in cast("list[object]", value))
    return "" if value is None else str(value)


def show_breaches(console: Console, breaches: Sequence[Breach]) -> None:
    """Print each promise that does not hold, and what breaks it."""
    if not breaches:
        console.print("[green]every promise holds[/]")
    for breach in breaches:
        console.print(f"[red]{breach.promise}[/]: {escape(breach.what)}", highlight=False, soft_wrap=True)


def show_status(console: Console, status: Status) -> None:
    """Print how much a scope holds, and what it cost."""
    shown = {name: getattr(status, name) for name in Status.__slots__ if name not in {"cost", "waiting_for"}}
    shown |= {"asked": cost_in_words(status.cost)}
    shown |= {"waiting": status.waiting_for} if status.waiting_for else {}
    for name, value in shown.items():
        console.print(f"{name:>10}  {value}", highlight=False, soft_wrap=True)


def cost_in_words(cost: Cost) -> str:
    """Return what asking models took, in words."""
    if not cost.calls:
        return "no model"
    money = "dollars unknown" if cost.money is None else f"${cost.money:.4f}"
    cached = f" ({cost.tokens_cached:,} cached)" if cost.tokens_cached else ""
    tokens = f"{cost.tokens_in:,} tokens in{cached}, {cost.tokens_out:,} out"
    return f"{cost.calls:,} calls, {tokens}, {cost.seconds:.1f} s, {money}"


def show_usage(console: Console, used: Sequence[Used]) -> None:
    """Print what asking models took, a line for each day, model and prompt, and the sum."""
    for entry in used:
        about = f"{entry.day}  {entry.cost.model or 'no answer'}  {entry.cost.prompt_version or entry.kind}"
        console.print(f"{escape(about)}: {cost_in_words(entry.cost)}", highlight=False, soft_wrap=True)
    console.print(f"in all: {cost_in_words(sum((u.cost for u in used), Cost()))}", highlight=False, soft_wrap=True)


def show_session(console: Console, session: SessionShown) -> None:
    """Print what a session of the demo led to."""
    console.print(f"\n[bold]{session.at:%d %b %Y}[/]  {session.messages} messages", highlight=False, soft_wrap=True)
    show_changes(console, session.changes)
    for message, reason in session.parked.items():
        console.print(f"  [red]parked[/]  {escape(message)}: {escape(reason)}")


def show_answer(console: Console, answer: AnswerShown) -> None:
    """Print a question of the demo with the facts that answer it."""
    when = f"  [cyan](as of {answer.as_of:%d %b %Y})[/]" if answer.as_of else ""
    console.print(f"\n[bold blue]{escape(answer.question)}[/]{when}", highlight=False, soft_wrap=True)
    asked = [f for f in answer.result.facts if f.text in answer.expected]
    shown = sorted(asked, key=lambda f: answer.expected.index(f.text)) or list(answer.result.facts[:2])
    for found in shown:
        _show_fact(console, found)
    missing = [e for e in answer.expected if e not in {f.text for f in asked}]
    for text in missing:
        console.print(f"  [red]not found:[/] {escape(text)}")
    ranks = ", ".join(str(1 + list(answer.result.facts).index(f)) for f in shown)
    console.print(
        f"[dim]{answer.result.timings['total']:.0f} ms, ranks {ranks}, no model asked[/]",
        highlight=False,
        soft_wrap=True,
    )
