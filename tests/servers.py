"""Servers that live for some minutes: soon up, and with no work that only pays in the long run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import arcadedb_embedded

from scripts import neo4j_local

# With one compiler alone, Java keeps so little room for what it compiled that it throws parts away, and does it again.
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=240m")
PLANS_ONCE = {
    "dbms.cypher.min_replan_interval": "1h",
    "dbms.cypher.statistics_divergence_threshold": "1.0",
    # Else a query is planned once more when it is asked the tenth time.
    "internal.cypher.expression_engine": "INTERPRETED",
    # Else a query has a plan for none, for a few and for many values of each parameter.
    "internal.cypher.use_parameter_size": "false",
}
PACKAGE = Path(arcadedb_embedded.__file__).parent
JAVA, JARS = PACKAGE / "jre" / "bin" / "java", PACKAGE / "jars"
KEPT = Path(__file__).parents[1] / ".pytest_cache" / "classes"


def short_lived(
    version: str = neo4j_local.DEFAULT_VERSION, *, options: Mapping[str, str] | None = None, **how: Any
) -> AbstractContextManager[neo4j_local.Server]:
    """Run a server as `neo4j_local.running` does."""
    return neo4j_local.running(version, options={**PLANS_ONCE, **(options or {})}, jvm=QUICK, **how)


def quick_embedded_stores() -> None:
    """Let the embedded stores that this process starts, and those that its commands start, be such servers too."""
    os.environ.setdefault("JAVA_TOOL_OPTIONS", " ".join((*QUICK, f"-XX:SharedArchiveFile={class_archive()}")))


def class_archive() -> Path:
    """Return where `tests.class_archive` keeps what it makes; where nothing is, a JVM goes without."""
    files = [JAVA, *sorted(JARS.glob("*.jar"))]
    states = "\n".join(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files)
    return KEPT / f"{hashlib.sha256(states.encode()).hexdigest()[:16]}.jsa"
