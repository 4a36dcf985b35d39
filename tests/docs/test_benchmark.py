"""The commands of docs/benchmark.md are run, on a little conversation and a chat model of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.openai_server import Answer, completion, openai_server
from tests.unit.bench import little

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"


def answer(body: dict[str, Any]) -> Answer:
    system = body["messages"][0]["content"]
    if "flat list" in system:
        return completion('{"reason": "new", "action": "ADD", "target": null, "text": null}')
    if "mark an answer" in system:
        return completion('{"reason": "so", "correct": true}')
    return completion('{"word": "ready"}' if "response_format" in body else "in Molde")


def test_the_commands_work(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    data = [{**little.data()[0], "sample_id": "conv-26"}]
    (tmp_path / "locomo10.json").write_text(json.dumps(data), encoding="utf-8")
    faults = [{**little.FAULTS[0], "sample_id": "conv-26"}]
    (tmp_path / "audit.json").write_text(json.dumps(faults), encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"

    with openai_server(answer) as url:
        model = {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "none",
            "GRAPHMEM_HOME": str(tmp_path / "home"),
            "PATH": path,
        }
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(blocks)],
            env={**kept, **model},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert "J strict" in done.stdout
    written = {p.name for p in tmp_path.iterdir()}
    assert {"graphmem.json", "recall.png", "systems.json", "judged.png", "replies.jsonl", "judged.json"} <= written
    systems = {row["system"] for row in json.loads((tmp_path / "judged.json").read_text())["systems"]}
    assert {f"`{name}`" for name in systems} == set(re.findall(r"^\| (`[\w-]+`)", text, re.MULTILINE)) - {"`--system`"}
