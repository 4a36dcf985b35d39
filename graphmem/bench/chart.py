"""The paper's charts: what a context holds of the evidence against its tokens, and against the time of the search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from graphmem.bench.extra import needed
from graphmem.bench.scoring import Scores
from graphmem.errors import FileUnwritable

LEAST_MS = 0.1
"""Where a search takes less, it is drawn here, since the axis is logarithmic."""
_Panel: TypeAlias = tuple[str, str, Callable[[Scores], float], Callable[[Scores], float]]
_MARKERS = {"graphmem": "*", "mem0-base": "o", "rag": "s", "bm25": "^", "full-context": "D", "openai-memory": "P"}
_RECALL = "evidence in the given context, %"
_J = "answers judged right, %"


def check_chart(path: Path) -> None:
    """Raise, before anything is measured, what drawing would raise: InvalidInput, FileUnwritable."""
    needed("matplotlib", "--chart")
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise FileUnwritable(f"cannot write {path}: name a .png file in a folder that is there.")


def draw(scores: Sequence[Scores], path: Path) -> None:
    """Write a PNG of two panels, and of two more with the judge's figures where answers were judged."""
    figure_class: Any = needed("matplotlib.figure", "--chart").Figure
    rows = [_recall_panels()]
    if all(s.judged for s in scores):
        rows.append(_judged_panels())
    figure = figure_class(figsize=(14, 6 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 2, squeeze=False)
    for row, panels in zip(axes, rows, strict=True):
        for axis, panel in zip(row, panels, strict=True):
            _fill(axis, panel, scores)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=9)
    figure.suptitle(f"LoCoMo, {scores[0].questions} questions, {scores[0].embedder}", fontsize=12)
    try:
        figure.savefig(path, dpi=110, metadata={"Software": None})
    except OSError as exc:
        raise FileUnwritable(f"cannot write {path}: {exc}.") from exc


def _recall_panels() -> tuple[_Panel, _Panel]:
    def recall(s: Scores) -> float:
        return s.given["recall"]

    return (
        ("tokens of the context (mean)", _RECALL, lambda s: s.given["tokens"], recall),
        (f"search, ms (p95; {LEAST_MS} stands for less, too)", _RECALL, lambda s: s.latency_ms["p95"], recall),
    )


def _judged_panels() -> tuple[_Panel, _Panel]:
    def judged(s: Scores) -> Mapping[str, Any]:
        return s.judged or {}

    return (
        ("tokens of the context (mean)", _J, lambda s: s.given["tokens"], lambda s: judged(s)["j"] or 0.0),
        ("search and answer, ms (p95)", _J, lambda s: judged(s)["total_ms"]["p95"], lambda s: judged(s)["j"] or 0.0),
    )


def _fill(axis: Any, panel: _Panel, scores: Sequence[Scores]) -> None:
    across, up, x, y = panel
    colours: Any = needed("matplotlib", "--chart").colormaps["tab20"]
    for number, one in enumerate(scores):
        marker = _MARKERS[one.system]
        axis.scatter(
            [max(x(one), LEAST_MS)],
            [y(one)],
            marker=marker,
            s=220 if marker == "*" else 70,
            color=colours(number % 20),
            edgecolors="black",
            linewidths=0.5,
            label=one.label,
            zorder=3,
        )
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.set_ylim(0, 103)
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.grid(visible=True, which="both", alpha=0.25)
