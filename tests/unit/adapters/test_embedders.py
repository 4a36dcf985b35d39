"""The local embedder, as a program of its own would use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.adapters.embedders import LocalEmbedder

_LOAD = "import asyncio; from graphmem.adapters.embedders import LocalEmbedder; asyncio.run(LocalEmbedder().load())"


def test_the_models_runtime_keeps_no_record_of_its_use(tmp_path: Path) -> None:
    around = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", _LOAD], env={**around, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}, check=True
    )

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_texts_beyond_the_window_are_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    embedder = LocalEmbedder()

    await embedder.embed(["Ada lives in Oslo.", "word " * 510])
    assert embedder.truncated == 0
    await embedder.embed(["word " * 511, "word " * 600])
    await embedder.embed_query("word " * 600)

    assert embedder.truncated == 3
    assert len([r for r in caplog.records if "truncated" in r.message]) == 1
