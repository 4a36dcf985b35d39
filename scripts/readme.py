"""Write the generated parts of README.md: ``python -m scripts.readme``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
SHOWN = ("20 Jun 2024", "01 Oct 2024", "Where does Ada live?", "Where did Ada live in spring?", "In which city")


def demo() -> str:
    """Return the demo's sessions and answers that the README shows."""
    blocks = run("demo").strip().split("\n\n")
    return "\n\n".join(b for b in blocks if b.startswith(SHOWN))


def commands() -> str:
    """Return the list of commands with what each is for."""
    table = run("--help").partition("Commands")[2]
    found: list[list[str]] = []
    for line in table.splitlines()[1:]:
        text = line.strip("│╭╰╮╯─ ")
        if re.match(r"│ \w", line):
            found.append(re.split(r"\s{2,}", text, maxsplit=1))
        elif text and found:
            found[-1][1] += f" {text}"
    width = max(len(name) for name, _ in found)
    return "\n".join(f"graphmem {name:<{width}} {what}" for name, what in found)


def run(*arguments: str) -> str:
    """Return what a command prints, without a model and 110 columns wide."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
    done = subprocess.run(
        [sys.executable, "-m", "graphmem", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"},
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


PARTS = {"demo": demo, "help": commands}


def written(text: str) -> str:
    """Return the page with its generated parts written anew."""
    for name, made in PARTS.items():
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        head, found, rest = text.partition(begin)
        if not found:
            sys.exit(f"README.md has no part {begin}.")
        text = f"{head}{begin}\n```text\n{made()}\n```\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
