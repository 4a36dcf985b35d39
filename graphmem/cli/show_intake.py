"""How the command line shows what files hold and what reading them will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from graphmem.intake.estimate import Estimate
from graphmem.intake.report import SHOWN, Report
from graphmem.intake.scripts import LATIN

_NAMES = 5
_MOSTLY = 0.8
_KINDS = {
    "json": "messages as JSON",
    "jsonl": "messages as JSON Lines",
    "transcript": "a transcript",
    "openai": "OpenAI's chat export",
    "csv": "a CSV table",
}


def show_reports(console: Console, reports: Sequence[Report], *, skip_bad: bool) -> None:
    """Print how each file stands, a line for each thing that there is to say."""
    for report in reports:
        span = f", {report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M}" if report.first else ""
        _print(console, f"[bold]{escape(report.file)}[/]: {_KINDS[report.format]}, {report.messages:,} messages{span}")
        for name, text in _lines(report, skip_bad):
            _print(console, f"  {name:<9} {escape(text)}")
        for refused in report.first_refused:
            _print(console, f"    [red]{refused.where}[/]: {escape(refused.why)}")
        if report.refused > SHOWN:
            _print(console, f"    and {report.refused - SHOWN:,} more")


def _lines(report: Report, skip_bad: bool) -> Iterator[tuple[str, str]]:
    if report.messages:
        yield "speakers", _counts(report.speakers)
        yield "roles", _counts(report.roles)
        yield "sessions", _counts(report.sessions)
        yield "letters", _letters(report.scripts)
    yield from (("times", text) for text in _times(report))
    yield from (("repeats", text) for text in _repeats(report))
    for what, times in report.left_out.items():
        yield "left out", f"{times:,} {what}"
    if report.refused:
        done = "left out" if skip_bad else "in the way; --skip-bad leaves them out"
        yield "refused", f"{report.refused:,}, {report.empty:,} of them empty ({report.empty_share:.1%} of all), {done}"


def _times(report: Report) -> Iterator[str]:
    if report.naive_times:
        yield f"{report.naive_times:,} name no zone and are read in {report.zone}"
    if report.inferred_times:
        yield f"{report.inferred_times:,} messages have none of their own and follow the one before or the start"
    if report.out_of_order:
        yield f"{report.out_of_order:,} are before the message above them, first in {report.first_out_of_order}"


def _repeats(report: Report) -> Iterator[str]:
    if report.repeated_contents:
        yield f"{report.repeated_contents:,} of equal speaker, time and text are kept once"
    if report.repeated_ids:
        yield f"{report.repeated_ids:,} of an id that was there before are kept once"
    if report.repeated_ids_that_differ:
        yield (
            f"{report.repeated_ids_that_differ:,} of these say something else under the same id, first in "
            f"{report.first_that_differs}: only the first words are kept"
        )


def _counts(counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{name} {times:,}" for name, times in list(counts.items())[:_NAMES])
    return f"{len(counts):,}: {shown}, ..." if len(counts) > _NAMES else shown


def _letters(scripts: Mapping[str, float]) -> str:
    if not scripts:
        return "none"
    shown = ", ".join(f"{name} {share:.1%}" for name, share in scripts.items())
    return shown if scripts.get(LATIN, 0.0) >= _MOSTLY else f"{shown}; the local embedder knows English best"


def show_estimate(console: Console, estimate: Estimate) -> None:
    """Print what reading will take."""
    if estimate.model is None:
        _print(console, f"[bold]estimate[/]: {estimate.message_tokens:,} tokens of messages; no model is asked")
        return
    dollars = "dollars unknown: name its price in GRAPHMEM_PRICES"
    money = dollars if estimate.dollars is None else f"about ${estimate.dollars:,.4f}"
    _print(
        console,
        f"[bold]estimate[/]: {escape(estimate.model)}, {estimate.calls:,} calls to read, {estimate.summary_calls:,} to "
        f"summarise, at most {estimate.settling_calls:,} more where something contradicts; about "
        f"{estimate.tokens_in:,} tokens in ({estimate.message_tokens:,} of messages) and {estimate.tokens_out:,} out; "
        f"{money}",
    )


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)
