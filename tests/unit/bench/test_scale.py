from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphmem.bench.scale import LARGEST, SMALLEST, scope_counts
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


def test_a_small_run_on_the_embedded_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["bench", "scale", "--facts", "700", "--scopes", "3", "--json"])

    figures = json.loads(done.stdout)
    assert sum(part["scopes"] for part in figures["sizes"]) == 3
    assert all(part["recall"] == 1.0 for part in figures["sizes"]), "exact at this size"
