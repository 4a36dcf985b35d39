from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphmem.cli.main import app


def test_a_search_is_set_against_a_scan_and_plain_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = CliRunner().invoke(
        app, ["bench", "compare", "--facts", "700", "--scopes", "2", "--questions", "8", "--json"]
    )

    figures = json.loads(done.stdout)
    assert {"embed", "plain scan", "vector index", "text index"} < set(figures["ways_ms"])
    assert figures["asked_scopes"] == 1, "the largest, where none is large"
    assert all(ratio > 0 for ratios in figures["ratios"].values() for ratio in ratios.values())
    assert not list(tmp_path.glob("graphmem-*")), "its store is thrown away whole"
