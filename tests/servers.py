"""Servers that live for some minutes: soon up, and with no work that only pays in the long run."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import arcadedb_embedded
from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity

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


@dataclass
class OwnServer:
    """A server that is started, stopped and killed, each time on the same port with the same data."""

    home: Path
    options: dict[str, str]
    password: str | None = None
    port: int = 0
    pid: int = 0
    more: dict[str, str] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, more: Mapping[str, str] | None = None) -> None:
        self.more = dict(more or {})
        options = {**self.options, **self.more}
        running = short_lived(home=self.home, port=self.port, password=self.password, options=options)
        self.pid = self.stack.enter_context(running).pid

    def stop(self) -> None:
        self.stack.close()
        self.pid = 0

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def uri(self, scheme: str = "bolt") -> str:
        return f"{scheme}://127.0.0.1:{self.port}"

    async def runs(self, more: Mapping[str, str] | None = None) -> None:
        """Start it with these options, where it does not run with just them."""
        if self.pid and self.more != dict(more or {}):
            await asyncio.to_thread(self.stop)
        if not self.pid:
            await asyncio.to_thread(self.start, more)

    def ask(self, statement: LiteralString, database: str = "neo4j", **parameters: Any) -> list[dict[str, Any]]:
        with self.driver() as driver:
            return [dict(r) for r in driver.execute_query(statement, parameters, database_=database).records]

    def driver(self) -> Driver:
        auth = ("neo4j", self.password) if self.password else None
        uri = self.uri("bolt+ssc" if self.password else "bolt")
        return GraphDatabase.driver(uri, auth=auth, notifications_min_severity=NotificationMinimumSeverity.OFF)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def quick_embedded_stores() -> None:
    """Let the embedded stores that this process starts, and those that its commands start, be such servers too."""
    os.environ.setdefault("JAVA_TOOL_OPTIONS", " ".join((*QUICK, f"-XX:SharedArchiveFile={class_archive()}")))


def class_archive() -> Path:
    """Return where `tests.class_archive` keeps what it makes; where nothing is, a JVM goes without."""
    files = [JAVA, *sorted(JARS.glob("*.jar"))]
    states = "\n".join(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files)
    return KEPT / f"{hashlib.sha256(states.encode()).hexdigest()[:16]}.jsa"
