from __future__ import annotations

from pathlib import Path

import pytest

from scripts import neo4j_local

MAVEN = """#!/bin/sh
mkdir lib
for jar in server-1 neo4j-browser-5.24.0; do echo new > lib/$jar.jar; done
echo called >> "$(dirname "$0")/calls"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Maven's stand-in brings two jars, and leaves a line here each time."""
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text(MAVEN, encoding="utf-8")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    monkeypatch.setenv("GRAPHMEM_NEO4J_CACHE", str(tmp_path / "cache"))
    return maven.parent / "calls"


def test_jars_are_brought_once(calls: Path) -> None:
    lib = neo4j_local.prepare("5.26.30")

    assert neo4j_local.prepare("5.26.30") == lib
    assert sorted(p.name for p in lib.iterdir()) == ["neo4j-browser-5.24.0.jar", "server-1.jar"]
    assert calls.read_text(encoding="utf-8") == "called\n"


def test_a_folder_from_before_neo4j_browser_is_completed_in_place(calls: Path, tmp_path: Path) -> None:
    old = tmp_path / "cache" / "5.26.30" / "server-1.jar"
    old.parent.mkdir(parents=True)
    old.write_text("old", encoding="utf-8")

    lib = neo4j_local.prepare("5.26.30")

    assert (lib / "neo4j-browser-5.24.0.jar").exists()
    assert old.read_text(encoding="utf-8") == "old"
    assert calls.exists()
