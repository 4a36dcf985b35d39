"""Shares the tests between processes so that each runs those of few engines, whose servers it starts once."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SERVERS = ("neo4j", "neo4j2026")
"""The engines that take long to start; their names stand in the ids of tests that are for each engine."""


class ByEngine(LoadScopeScheduling):
    """A file's tests of one engine stay together, and a process goes on with the engines whose servers it has."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        self._started: dict[Any, set[str]] = {}

    def _split_scope(self, nodeid: str) -> str:
        return f"{nodeid.split('::', 1)[0]}@{engine_of(nodeid)}"

    def _assign_work_unit(self, node: Any) -> None:
        scope = min(self.workqueue, key=lambda unit: self._distance(unit, node))
        self.workqueue.move_to_end(scope, last=False)
        self._started.setdefault(node, set()).add(_engine(scope))
        super()._assign_work_unit(node)

    def _distance(self, scope: str, node: Any) -> int:
        """Return how little a process should do this next; of equals, what comes first is done first."""
        engine = _engine(scope)
        if engine not in SERVERS:
            return 2
        if engine in self._started.get(node, set()):
            return 0
        others = (started for other, started in self._started.items() if other is not node)
        return 3 if any(engine in started for started in others) else 1


def engine_of(nodeid: str) -> str:
    """Return which of SERVERS a test is for, by its id, or ""."""
    named = nodeid.partition("[")[2].rstrip("]").split("-")
    return next((engine for engine in SERVERS if engine in named), "")


def _engine(scope: str) -> str:
    return scope.rpartition("@")[2]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByEngine | None:
    """Share by engine where files are to stay together, `--dist loadfile`."""
    return ByEngine(config, log) if config.getoption("dist") == "loadfile" else None
