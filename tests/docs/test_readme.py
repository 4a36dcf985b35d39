"""What the README says is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import readme

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
    bin_folder = str(Path(sys.executable).parent)
    return {**kept, "GRAPHMEM_HOME": str(tmp_path / "home"), "PATH": f"{bin_folder}{os.pathsep}{kept['PATH']}"}


def test_the_five_lines_work(tmp_path: Path, environment: dict[str, str]) -> None:
    (code,) = blocks("python")

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "M1 Ada: We moved to Oslo last week!" in done.stdout


def test_the_commands_work(tmp_path: Path, environment: dict[str, str]) -> None:
    (talk,) = blocks("json")
    commands = "\n".join(blocks("bash"))
    (tmp_path / "talk.jsonl").write_text(talk, encoding="utf-8")

    done = subprocess.run(
        ["bash", "-e", "-c", commands], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "2 messages kept" in done.stdout
    assert '"We moved to Oslo last week!"' in done.stdout
    assert done.stderr == ""


def test_generated_parts_are_as_the_program_prints_them() -> None:
    def the_same(text: str) -> str:
        """Leave out times, and ranks, which differ where processors compute in eight-bit numbers in other ways."""
        return re.sub(r"\d+ ms, ranks [\d, ]+,", "N ms, ranks N,", text)

    assert the_same(readme.written(PAGE)) == the_same(PAGE), "run: python -m scripts.readme"


def test_every_variable_is_a_setting_and_every_place_is_there() -> None:
    settings = (ROOT / "graphmem" / "settings.py").read_text(encoding="utf-8")
    table = PAGE.partition("## Settings")[2].partition("## ")[0]
    named = set(re.findall(r"`((?:GRAPHMEM|NEO4J|OPENAI)_\w+)`", table))
    read = set(re.findall(r'"((?:GRAPHMEM|NEO4J|OPENAI)_\w+)"', settings))
    places = re.findall(r"^\| `([\w./]+)`", PAGE.partition("## Where things are")[2], re.MULTILINE)

    assert named == read
    assert len(places) >= 7
    assert [p for p in places if not (ROOT / p).exists()] == []


def test_every_picture_is_there_and_small() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "browser.md"]
    shown = {
        page.parent / p for page in pages for p in re.findall(r"\(([\w./]+\.png)\)", page.read_text(encoding="utf-8"))
    }

    assert len(shown) >= 8
    assert {path: path.stat().st_size for path in shown if path.stat().st_size >= 300_000} == {}
