from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphmem.bench.near import LARGEST, SMALLEST
from graphmem.bench.scale import WATCHED, growth_steps, scope_counts
from graphmem.cli.main import app
from graphmem.errors import InvalidInput


@pytest.mark.parametrize(("facts", "scopes"), [(100_000, 1000), (20_000, 200), (300, 5), (10, 1)])
def test_sizes_run_from_large_to_small_and_add_up(facts: int, scopes: int) -> None:
    counts = scope_counts(facts, scopes)

    assert sum(counts) == facts
    assert len(counts) == scopes
    assert min(counts) >= SMALLEST
    assert max(counts) <= LARGEST


@pytest.mark.parametrize(("facts", "scopes"), [(10, 2), (100_000, 1), (5, 0)])
def test_what_does_not_fit_is_refused(facts: int, scopes: int) -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        scope_counts(facts, scopes)


@pytest.mark.parametrize("sizes", [[700], [300, 1000], [1000, 10_000, 100_000], [5000, 20_000]])
def test_growth_reaches_each_size_and_begins_with_the_scope_that_is_watched(sizes: list[int]) -> None:
    steps = growth_steps(sizes)

    assert steps[0][0] == min(WATCHED, sizes[0])
    assert list(accumulate(map(sum, steps))) == sizes


@pytest.mark.parametrize("sizes", [[1000, 1000], [2000, 1000], [5, 1000], [1000, 1005]])
def test_sizes_that_do_not_rise_are_refused(sizes: list[int]) -> None:
    with pytest.raises(InvalidInput, match="must rise"):
        growth_steps(sizes)


def test_a_small_run_on_the_embedded_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        app, ["bench", "scale", "--growth", "60,120", "--hub", "60", "--questions", "4", "--json"]
    )

    figures = json.loads(done.stdout)
    assert sum(part["scopes"] for part in figures["sizes"]) == figures["scopes"]
    assert all(part["recall"] == 1.0 for part in figures["sizes"]), "exact at this size"
    searches = [s for part in (*figures["sizes"], *figures["growth"], figures["hub"]) for s in part["searches"]]
    named = {s["strategy"]: s["named"] for s in searches}
    assert all(s["named"] == 1.0 for s in searches if s["strategy"] != "triplet"), named
    assert all({"embed", "seeds", "expand", "rank", "tokens"} <= set(s["stages_ms"]) for s in searches)
    assert [g["facts"] for g in figures["growth"]] == [60, 120]
    assert figures["growth"][0]["p95_ratios"] == {s["strategy"]: 1.0 for s in figures["growth"][0]["searches"]}
    assert figures["writes"]["statements"]
    assert 0 < figures["files"]["indexes"] < figures["files"]["all"]


def test_sizes_that_are_no_numbers_are_refused() -> None:
    done = CliRunner().invoke(app, ["bench", "scale", "--growth", "1k,10k"])

    assert done.exit_code == 1
    assert "must be numbers" in done.stderr
