"""The long runs: each command's output goes to docs/proof/, with the command that made it. See ``make proof``."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts import neo4j_local
from scripts.fit_ranking import RANKINGS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "proof"
RUN = [sys.executable, "-m"]


def prove(name: str, module: str, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
    """Run one command and keep what it prints; a failure ends the proof."""
    given = dict(variables or {})
    print(f"{name}: {module} {shlex.join(arguments)}", flush=True)
    done = subprocess.run(
        [*RUN, module, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **given}
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stdout}{done.stderr}")
    shown = shlex.join(Path(a).name if Path(a).is_absolute() else a for a in arguments)
    command = " ".join([*(f"{k}={v}" for k, v in given.items()), "python -m", module, shown])
    (FOLDER / f"{name}.txt").write_text(f"$ {command}\n{done.stdout}", encoding="utf-8")


def _prove_scale(version: str, server: neo4j_local.Server) -> None:
    named = ("--json", "--store", server.bolt_uri)
    prove(f"scale-neo4j-{version}", "graphmem", "bench", "scale", "--files", str(server.home / "data"), *named)
    sizes = ("--facts", "100000", "--scopes", "1000")
    prove(f"compare-neo4j-{version}", "graphmem", "bench", "compare", *sizes, *named)


def _prove_server(version: str) -> None:
    with neo4j_local.running(version, heap="2g", page_cache="1g") as server:
        _prove_scale(version, server)
        here = ("--store", server.bolt_uri, "--store-pid", str(server.pid))
        prove(f"load-neo4j-{version}", "scripts.load", "--processes", "2", "--seconds", "600", *here)
        for facts in ("10000", "100000"):
            measured = ("bench", "writes", "--facts", facts, "--json", "--store", server.bolt_uri)
            prove(f"writes-{facts}-neo4j-{version}", "graphmem", *measured)
    grown = "10000,100000,1000000"
    with neo4j_local.running(version, heap="4g", page_cache="4g") as server:
        measured = ("bench", "scale", "--growth", grown, "--json", "--store", server.bolt_uri)
        prove(f"growth-neo4j-{version}", "graphmem", *measured)


def _prove_locomo(data: Path) -> None:
    for batch in ("8", "2"):
        counted = ("bench", "calls", "--data", str(data), "--scenarios", "tests/scenarios", "--json")
        prove(f"calls-batch-{batch}", "graphmem", *counted, "--batch", batch)
    prove("answerable", "scripts.fit_answerable", "--data", str(data))
    for ranking in RANKINGS:
        name = "ranking" if ranking == "late" else f"ranking-{ranking}"
        prove(name, "scripts.fit_ranking", "--data", str(data), "--ranking", ranking)
    measured = ("bench", "locomo", "--data", str(data), "--json", "-")
    one = (*measured, "--conversation", "conv-26")
    prove("locomo-conv-26-embedded", "graphmem", *one)
    prove("locomo-conv-26-observations", "graphmem", *one, "--extraction", "observations")
    for version in neo4j_local.RELEASES:
        with neo4j_local.running(version) as server:
            prove(f"locomo-conv-26-neo4j-{version}", "graphmem", *one, "--store", server.bolt_uri)
    prove("locomo-embedded", "graphmem", *measured)
    modes = ("--reranker", "none", "--reranker", "fast", "--reranker", "quality")
    prove("locomo-rerankers", "graphmem", *one, "--system", "graphmem", *modes)
    files = ("--chart", str(FOLDER / "locomo-systems.png"), "--json", str(FOLDER / "locomo-systems.json"))
    compared = ("--system", "all", "--extraction", "none", "--extraction", "observations", "--no-model")
    prove("locomo-systems", "graphmem", "bench", "locomo", "--data", str(data), *compared, *files)


def main() -> None:
    """Run all proofs; those on a benchmark only where its file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locomo", type=Path, help="the LoCoMo data set, which is not part of this project")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    prove("opening", "scripts.opening")
    prove("hub", "scripts.hub")
    prove("image", "scripts.image")
    prove("disk-full", "scripts.disk_full")
    prove("conflicts", "graphmem", "bench", "conflicts", "--scenarios", "tests/scenarios", "--json")
    for phrasings, name in (("final", "multihop-embedded"), ("open", "multihop-open")):
        prove(name, "graphmem", "bench", "multihop", "--phrasings", phrasings, "--json")
    prove("writes-embedded", "graphmem", "bench", "writes", "--json")
    lives = {"GRAPHMEM_PROPERTY_EXAMPLES": "300"}
    prove("lives", "pytest", "-q", "tests/contract/test_ledger_properties.py", variables=lives)
    full = {"GRAPHMEM_FULL_COUNTS": "1"}
    contract = ("filters", "guard", "hostile_replies", "migrate", "scenarios")
    counted = ("tests/unit/intake/test_intake.py", *(f"tests/contract/test_{name}.py" for name in contract))
    prove("full-counts", "pytest", "-q", *counted, variables=full)
    prove("schema", "pytest", "-q", "tests/api/test_schema.py", variables=full)
    prove("isolation", "pytest", "-q", "tests/api/test_isolation.py", variables=full)
    prove("kills", "pytest", "-q", "tests/api/test_kill.py", variables=full)
    prove("store-away", "pytest", "-q", "tests/api/store_check.py")
    sizes = ("--facts", "20000", "--scopes", "200", "--json")
    prove("scale-embedded", "graphmem", "bench", "scale", *sizes)
    prove("growth-embedded", "graphmem", "bench", "scale", "--growth", "1000,10000,20000", "--json")
    prove("compare-embedded", "graphmem", "bench", "compare", *sizes)
    for version in neo4j_local.RELEASES:
        _prove_server(version)
    if given.locomo is None:
        print("LoCoMo is left out: name its file with --locomo.")
        return
    _prove_locomo(given.locomo.resolve())


if __name__ == "__main__":
    main()
