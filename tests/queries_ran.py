"""Hooks that end a run of the whole suite as failed where a query file was not run on an engine that it is for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, LiteralString

import pytest

from graphmem.adapters.queries import DIALECTS, Queries, load_queries

RUN: set[tuple[str, str]] = set()
"""The dialect and name of each query that ran, here or in the processes that share the tests."""

_WHOLE = pytest.StashKey[bool]()
_LEFT_OUT = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session", autouse=True)
def queries_are_noted() -> Iterator[None]:
    written = Queries.text

    def noted(self: Queries, name: str, names: Mapping[str, str] | None = None) -> LiteralString:
        RUN.add((self.dialect, name))
        return written(self, name, names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Queries, "text", noted)
        yield


def left_out(ran: set[tuple[str, str]], required: bool) -> list[str]:
    """Return the queries that did not run, of every dialect where all are required, else of those that ran at all."""
    asked = DIALECTS if required else {dialect for dialect, _ in ran}
    return [f"{d}: {name}" for d in sorted(asked) for name in load_queries(d).texts if (d, name) not in ran]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note whether all tests against stores are in the run."""
    files = {path.name for path in (Path(__file__).parent / "contract").glob("test_*.py")}
    session.config.stash[_WHOLE] = files <= {item.path.name for item in session.items}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process that shares the tests ran; one that was killed has told nothing."""
    told = getattr(node, "workeroutput", {})
    RUN.update((dialect, name) for dialect, name in told.get("queries", ()))
    node.config.stash[_WHOLE] = bool(told.get("whole"))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Tell what ran, or judge it."""
    config = session.config
    whole = config.stash.get(_WHOLE, False)
    if hasattr(config, "workeroutput"):
        config.workeroutput |= {"queries": sorted(RUN), "whole": whole}  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    elif whole and exitstatus == pytest.ExitCode.OK:
        config.stash[_LEFT_OUT] = left_out(RUN, required="REQUIRE_NEO4J" in os.environ)
        if config.stash[_LEFT_OUT]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which queries did not run."""
    for query in config.stash.get(_LEFT_OUT, list[str]()):
        terminalreporter.write_line(f"FAILED: no test ran the query {query}", red=True)
