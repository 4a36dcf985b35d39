"""LangChain is loaded by those who use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = "import sys, {module}; print(any(m.partition('.')[0] == 'langchain_core' for m in sys.modules))"


@pytest.mark.parametrize(
    ("module", "loaded"), [("graphmem", "False"), ("graphmem.cli.main", "False"), ("graphmem.langchain", "True")]
)
def test_importing_graphmem_does_not_import_langchain(module: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == loaded
