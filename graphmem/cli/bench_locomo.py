"""The benchmark LoCoMo as a command: graphmem and the baselines, with and without a chat model."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from graphmem.adapters.embedded_server import CACHE
from graphmem.bench.audit import load_faults, without_faults
from graphmem.bench.chart import check_chart, draw
from graphmem.bench.comparison import Setting, compare
from graphmem.bench.judge import PARALLEL, Judge
from graphmem.bench.locomo import Conversation, load_conversations
from graphmem.bench.replies import AnyChat, Replies, kept
from graphmem.bench.scoring import Scores
from graphmem.bench.system import System
from graphmem.bench.systems.catalogue import ALL, Ingredients, Wanted, check, make
from graphmem.bench.systems.flat import FlatMemory
from graphmem.cli.bench_common import StoreOption, alone
from graphmem.cli.common import run
from graphmem.cli.show_locomo import show_rows, show_scores
from graphmem.demo.run import demo_folder
from graphmem.errors import InvalidInput, ModelUnavailable
from graphmem.memory import Memory
from graphmem.ports import Talker
from graphmem.serial import plain
from graphmem.settings import read_settings
from graphmem.wiring import build, build_model

REPLIES = "locomo-replies.jsonl"
_NO_MODEL = (
    "--judge needs a chat model that answers in words: set OPENAI_API_KEY (and OPENAI_BASE_URL, GRAPHMEM_MODEL), and "
    "leave --no-model out."
)


def locomo(
    data: Annotated[Path, typer.Option(help="the data set's JSON file")],
    conversation: Annotated[list[str] | None, typer.Option(help="only these conversations")] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="graphmem | mem0-base | rag | bm25 | full-context | openai-memory | all; can be repeated"),
    ] = None,
    strategy: Annotated[list[str] | None, typer.Option(help="mix | entity | triplet; can be repeated")] = None,
    reranker: Annotated[list[str] | None, typer.Option(help="none | fast | quality; can be repeated")] = None,
    extraction: Annotated[list[str] | None, typer.Option(help="none | observations; can be repeated")] = None,
    errors: Annotated[
        Path | None, typer.Option(help="leave out the questions that this audit finds fault with (a JSON file)")
    ] = None,
    judge: Annotated[bool, typer.Option("--judge", help="let the chat model answer, and judge the answers")] = False,
    no_model: Annotated[bool, typer.Option("--no-model", help="ask no chat model, even where one is set")] = False,
    replies: Annotated[
        Path | None, typer.Option(help=f"where the model's replies are kept; {REPLIES} in GRAPHMEM_HOME's cache")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=100, help="questions that the model answers at once")] = PARALLEL,
    chart: Annotated[Path | None, typer.Option(help="draw the figures into this PNG file")] = None,
    store: StoreOption = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="write the figures to this file, - for the screen")
    ] = None,
) -> None:
    """Measure on LoCoMo how much of each question's evidence comes back, how soon, and what a model makes of it."""
    wanted = Wanted(
        systems=system or Wanted().systems,
        strategies=strategy or Wanted().strategies,
        rerankers=reranker or Wanted().rerankers,
        extractions=extraction or Wanted().extractions,
    )
    asking = Asking(judge=judge, allowed=not no_model, replies=replies, parallel=parallel)

    async def work() -> None:
        check(wanted)
        if chart is not None:
            check_chart(chart)
        conversations, excluded = _conversations(data, conversation or (), errors)
        async with _opened(wanted, asking, store) as (made, setting):
            scores = await compare(made, replace(setting, conversations=conversations, excluded=excluded))
        if chart is not None:
            draw(scores, chart)
        _tell(scores, alone=system is None and len(scores) == 1, json_out=json_out)

    run(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whether a chat model is asked, for what, and where its replies are kept."""

    judge: bool
    allowed: bool
    replies: Path | None
    parallel: int


def _conversations(
    data: Path, wanted: Sequence[str], errors: Path | None
) -> tuple[Sequence[Conversation], dict[str, int]]:
    conversations = load_conversations(data, wanted)
    left, excluded = without_faults(conversations, load_faults(errors) if errors else {})
    if sum(len(c.questions) for c in left) < 2:
        raise InvalidInput("fewer than two questions are left; name more conversations.")
    return left, excluded


@asynccontextmanager
async def _opened(wanted: Wanted, asking: Asking, store: str | None) -> AsyncGenerator[tuple[list[System], Setting]]:
    """Open a store, and a chat model where one is to be asked; yield the systems, and what is the same for all."""
    async with AsyncExitStack() as open_now:
        replies = await _replies(wanted, asking, open_now)
        folder = open_now.enter_context(demo_folder())
        parts = await build(alone(Path(folder), store))
        open_now.push_async_callback(parts.close)
        made = make(wanted, Ingredients(memory=Memory(parts), embedder=parts.embedder, replies=replies))
        yield (
            made,
            Setting(
                conversations=(),
                count_tokens=parts.embedder.count_tokens,
                store=store or "embedded",
                embedder=parts.embedder.name,
                progress=lambda text: print(text, file=sys.stderr),
                judge=Judge(replies, asking.parallel) if asking.judge and replies else None,
            ),
        )


async def _replies(wanted: Wanted, asking: Asking, open_now: AsyncExitStack) -> Replies | None:
    """Return the settings' chat model where something asks one; raises ModelUnavailable where a judge has none."""
    given = read_settings()
    asks = asking.judge or FlatMemory.name in wanted.systems or ALL in wanted.systems
    model = build_model(replace(given, replay=None)) if asks and asking.allowed else None
    if model is not None:
        open_now.push_async_callback(model.close)
    if asking.judge and not isinstance(model, Talker):
        raise ModelUnavailable(_NO_MODEL)
    if model is None:
        return None
    file = open_now.enter_context(kept(asking.replies or given.home / CACHE / REPLIES))
    return Replies(cast("AnyChat", model), file)


def _tell(scores: Sequence[Scores], *, alone: bool, json_out: Path | None) -> None:
    """Print the figures, or write them as JSON: one object for graphmem alone, else a list of systems."""
    figures = plain(scores[0] if alone else {"systems": scores})
    if json_out is not None and str(json_out) == "-":
        print(json.dumps(figures, indent=1))
        return
    if json_out is not None:
        json_out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if alone:
        show_scores(Console(), scores[0])
    else:
        show_rows(scores)
