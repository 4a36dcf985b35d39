"""`graphmem add`: files are looked at whole, a report and an estimate are printed, and only then messages are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.cli import show, show_intake
from graphmem.cli.common import JsonOption, ScopeOption, named_scope, printed, progress_bar, said, with_memory
from graphmem.errors import InvalidInput
from graphmem.intake.csv_table import read_mapping
from graphmem.intake.estimate import Estimate, Estimator
from graphmem.intake.intake import Intake, open_intake
from graphmem.intake.items import Format, Options
from graphmem.intake.load import keep, look_at, message_batches
from graphmem.intake.report import Report, refuse
from graphmem.intake.times import named_zone, read_time
from graphmem.memory import Added, Memory
from graphmem.models import Scope
from graphmem.ontology import load_ontology
from graphmem.prices import load_prices
from graphmem.serial import plain
from graphmem.settings import read_settings
from graphmem.write.clean import Cleaning
from graphmem.write.pipeline import Outcome

PARKED = 3


def add(
    files: Annotated[
        list[Path],
        typer.Argument(help="messages as JSON, JSON Lines, CSV, transcripts of chats, or OpenAI's conversations.json"),
    ],
    scope: ScopeOption = "",
    wait: Annotated[bool, typer.Option(help="draw facts at once; else only keep the messages")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="stop after the report and the estimate")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="leave out what cannot be read")] = False,
    form: Annotated[
        Format | None, typer.Option("--format", help="how the files are written, if not told right")
    ] = None,
    mapping: Annotated[str | None, typer.Option("--map", help="CSV: text=body,at=sent,speaker=from")] = None,
    zone: Annotated[str, typer.Option(help="of times that name none, such as Europe/Oslo")] = "UTC",
    start: Annotated[str | None, typer.Option(help="when a talk without times began")] = None,
    dates: Annotated[
        Literal["dmy", "mdy"] | None, typer.Option(help="what 05/06/2024 means, if the file does not tell")
    ] = None,
    session: Annotated[str | None, typer.Option(help="of messages that name none")] = None,
    keep_repeats: Annotated[bool, typer.Option("--keep-repeats", help="keep equal messages each time")] = False,
    check: Annotated[bool, typer.Option("--check", help="report what looks wrong about what came in")] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep the messages of a file, and draw facts from them."""
    chosen = said(lambda: _options(mapping, zone, start, dates, session, keep_repeats))
    intakes = said(lambda: [open_intake(path, chosen, form) for path in files])
    _look_and_keep(intakes, _How(scope, wait=wait, dry_run=dry_run, skip_bad=skip_bad, check=check, as_json=as_json))


@dataclass(frozen=True, slots=True)
class _How:
    """What is to be done with the files, once they are opened."""

    scope: str
    wait: bool
    dry_run: bool
    skip_bad: bool
    check: bool
    as_json: bool


def _look_and_keep(intakes: Sequence[Intake], how: _How) -> None:
    """Print the report and the estimate; then keep the messages, unless they are refused or it is a dry run."""
    reports, estimate = said(lambda: _looked_at(intakes, how))

    def report(console: Console) -> None:
        show_intake.show_reports(console, reports, skip_bad=how.skip_bad)
        show_intake.show_estimate(console, estimate)

    refused = not how.skip_bad and any(r.refused for r in reports)
    told: dict[str, Any] = {"reports": plain(reports), "estimate": plain(estimate)}
    if how.dry_run or refused or not how.as_json:
        printed(how.as_json, told, report)
    said(lambda: refuse(reports, skip_bad=how.skip_bad))
    if not how.dry_run:
        with_memory(lambda memory: _keep(memory, intakes, sum(r.messages for r in reports), how, told))


async def _keep(memory: Memory, intakes: Sequence[Intake], total: int, how: _How, told: Mapping[str, Any]) -> None:
    added = await _kept_and_read(memory, intakes, total, how)
    cleaned = Cleaning(findings=())
    if how.check:
        cleaned = await memory.clean(scope=named_scope(how.scope), messages=added.episode_ids)

    def human(console: Console) -> None:
        show.show_added(console, added)
        if how.check:
            show.show_cleaning(console, cleaned)

    more = {"findings": plain(cleaned.findings)} if how.check else {}
    printed(how.as_json, {**plain(added), **told, **more}, human)
    if added.parked:
        raise typer.Exit(PARKED)


def _options(
    mapping: str | None,
    zone: str,
    start: str | None,
    dates: Literal["dmy", "mdy"] | None,
    session: str | None,
    keep_repeats: bool,
) -> Options:
    where = named_zone(zone)
    try:
        began = None if start is None else read_time(start, where, dates or "dmy")[0]
    except (ValueError, OverflowError) as exc:
        raise InvalidInput(f"--start {start!r} is no time ({exc}); write 2024-06-20T20:00:00Z.") from exc
    return Options(
        zone=where,
        start=began,
        dates=dates,
        columns=read_mapping(mapping),
        session=session,
        keep_repeats=keep_repeats,
    )


def _looked_at(intakes: Sequence[Intake], how: _How) -> tuple[tuple[Report, ...], Estimate]:
    settings = read_settings()
    estimator = Estimator(
        settings=settings,
        ontology=load_ontology(settings.ontology),
        prices=load_prices(settings.prices),
        count=LocalEmbedder().count_tokens,
        scope=Scope(user=named_scope(how.scope), tenant=settings.tenant),
    )
    with progress_bar("looking", hidden=how.as_json) as moved:
        reports = look_at(intakes, estimator, lambda done: moved(done, None))
    return reports, estimator.estimate()


async def _kept_and_read(memory: Memory, intakes: Sequence[Intake], total: int, how: _How) -> Added:
    whose = named_scope(how.scope)
    batches = message_batches(intakes, skip_bad=how.skip_bad)
    with progress_bar("keeping", hidden=how.as_json) as moved:
        with_ids = how.check or how.as_json
        loaded = await keep(memory, batches, scope=whose, total=total, with_ids=with_ids, progress=moved)
    outcome = Outcome()
    if how.wait:
        with progress_bar("reading", hidden=how.as_json) as moved:
            # What is read at once is a page of what waits, and more may wait than this command brought.
            outcome = await memory.process(
                scope=whose, progress=lambda done, page: moved(done, max(done, page, loaded.new))
            )
        if sum(len(c.episode_ids) for c in outcome.changes) + len(outcome.parked) < loaded.new:
            # A worker on the same graph may have read some of them meanwhile.
            others = await memory.history(scope=whose, after=loaded.change_number)
            numbered = {c.number: c for c in (*others, *outcome.changes)}
            outcome = replace(outcome, changes=tuple(numbered[n] for n in sorted(numbered)))
    return Added(
        episode_ids=loaded.episode_ids,
        new=loaded.new,
        known=loaded.known,
        changes=outcome.changes,
        parked=outcome.parked,
        note=outcome.note,
    )
