"""Load on a service over loopback: searches alone, then with messages coming in beside them; figures as JSON.

    python -m scripts.load --store bolt://127.0.0.1:7687 --facts 100000 --clients 50 --seconds 60 --messages 10000

The store is filled with invented people, or holds them from the same run before. No question is asked twice. Messages
are kept and indexed by a worker of its own; no model reads them. The processor's time is that of the processes by
/proc, so Linux only; a Neo4j server's is counted where its process is named by --store-pid.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from graphmem import Memory
from graphmem.bench.latency import percentiles
from graphmem.bench.people import QUESTIONS
from graphmem.bench.scale import TENANT, Plan, open_loader, scope_counts
from graphmem.bench.searches import Held
from graphmem.settings import read_settings
from graphmem.wiring import build

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MESSAGES_AT_ONCE = 10
TURNS = ("this week", "by now", "at present", "as you know", "please", "today", "again", "in short")


@dataclass(slots=True)
class Asked:
    """What came of requests: their milliseconds, and the statuses of those that failed."""

    taken: list[float] = field(default_factory=list[float])
    failed: list[str] = field(default_factory=list[str])


def spent(pid: int) -> tuple[float, int]:
    """Return the seconds of processor time that a process and its children took, and its resident bytes."""
    seconds, resident = 0.0, 0
    for one in (pid, *_children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / TICKS
        resident += int(fields[21]) * PAGE
    return seconds, resident


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    direct = [int(child) for child in found.read_text(encoding="ascii").split()] if found.exists() else []
    return [one for child in direct for one in (child, *_children(child))]


@contextmanager
def started(environment: Mapping[str, str], *command: str) -> Generator[subprocess.Popen[str]]:
    """Run a command of graphmem beside, and stop it at the end."""
    running = subprocess.Popen(
        [sys.executable, "-m", "graphmem", *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)


def questions(held: Sequence[Held]) -> Iterator[tuple[str, str]]:
    """Yield users and questions, no pair twice."""
    random = np.random.default_rng(17)
    number = 0
    while True:
        one = held[number % len(held)]
        who = one.people[int(random.integers(0, len(one.people)))]
        asked = QUESTIONS[number % len(QUESTIONS)].format(who).rstrip("?")
        yield one.scope.user, f"{asked}, {TURNS[number % len(TURNS)]} ({number})?"
        number += 1


class Client:
    """One client of the service, on a connection of its own.

    In the standard library's client a request takes 0.3 ms of the processor that the service is measured on; in
    httpx, with 50 at once, 3.7.
    """

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def send(self, path: str, body: Mapping[str, Any], expected: int, asked: Asked) -> None:
        """Send a request, and enter what came of it."""
        start = time.perf_counter()
        try:
            self._connection.request("POST", path, json.dumps(body), self._headers)
            with self._connection.getresponse() as found:
                found.read()
        except (HTTPException, OSError) as exc:
            asked.failed.append(type(exc).__name__)
            self._connection.close()
            return
        asked.taken.append((time.perf_counter() - start) * 1000)
        if found.status != expected:
            asked.failed.append(str(found.status))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def searching(made: Callable[[], Client], drawn: Callable[[], tuple[str, str]], until: float, asked: Asked) -> None:
    """Ask one question after the other until a time."""
    with closing(made()) as client:
        while time.monotonic() < until:
            user, question = drawn()
            client.send("/v1/search", {"user": user, "query": question}, 200, asked)


def telling(made: Callable[[], Client], users: Sequence[str], messages: int, asked: Asked) -> None:
    """Send messages, some at a time."""
    with closing(made()) as client:
        for start in range(0, messages, MESSAGES_AT_ONCE):
            said = [
                {"text": f"Note {n}: the ferry to Molde left on time.", "at": "2024-05-01T12:00:00Z"}
                for n in range(start, min(start + MESSAGES_AT_ONCE, messages))
            ]
            user = users[start // MESSAGES_AT_ONCE % len(users)]
            client.send("/v1/messages", {"user": user, "messages": said}, 202, asked)


async def measured(
    made: Callable[[], Client],
    drawn: Callable[[], tuple[str, str]],
    given: argparse.Namespace,
    processes: Mapping[str, int],
    users: Sequence[str] = (),
) -> dict[str, Any]:
    """Search with all clients for the time given, with messages beside where users are named; returns the figures."""
    searches, told = Asked(), Asked()
    before = {name: spent(pid) for name, pid in processes.items()}
    start = time.monotonic()
    early = asyncio.create_task(_resident(processes, given.seconds / 5))
    with ThreadPoolExecutor(given.clients + 1) as threads:
        until, loop = start + given.seconds, asyncio.get_running_loop()
        work = [loop.run_in_executor(threads, searching, made, drawn, until, searches) for _ in range(given.clients)]
        if users:
            work.append(loop.run_in_executor(threads, telling, made, users, given.messages, told))
        await asyncio.gather(*work)
    seconds = time.monotonic() - start
    after = {name: spent(pid) for name, pid in processes.items()}
    count = max(1, len(searches.taken))
    return {
        "searches": len(searches.taken),
        "searches_per_second": round(len(searches.taken) / seconds, 1),
        "search_ms": percentiles(searches.taken),
        "search_p99_ms": round(float(np.percentile(searches.taken, 99)), 1),
        "errors": len(searches.failed) + len(told.failed),
        "failed": sorted({*searches.failed, *told.failed}),
        "messages": given.messages if users else 0,
        "message_requests_ms": percentiles(told.taken) if told.taken else None,
        "cpu_ms_per_search": {n: round((after[n][0] - before[n][0]) / count * 1000, 1) for n in after},
        "resident_mb": {"after_a_fifth": await early, "at_the_end": {n: round(after[n][1] / 1e6) for n in after}},
    }


def _one_by_one(drawn: Iterator[tuple[str, str]]) -> Callable[[], tuple[str, str]]:
    """Return what draws the next of something for one thread at a time."""
    drawing = threading.Lock()

    def one() -> tuple[str, str]:
        with drawing:
            return next(drawn)

    return one


async def _resident(processes: Mapping[str, int], seconds: float) -> dict[str, int]:
    """Return the megabytes that processes hold after some seconds."""
    await asyncio.sleep(seconds)
    return {name: round(spent(pid)[1] / 1e6) for name, pid in processes.items()}


async def run(given: argparse.Namespace) -> dict[str, Any]:
    """Fill the store, serve it, and put the load on it."""
    with tempfile.TemporaryDirectory(prefix="graphmem-load-", ignore_cleanup_errors=True) as folder:
        settings = replace(read_settings(), home=Path(folder), neo4j_uri=given.store, tenant=TENANT, extraction="none")
        settings = replace(settings, neo4j_query_timeout=600.0)
        held, key = await _filled(settings, given)
        own = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_"))}
        environment = {
            **own,
            "GRAPHMEM_HOME": folder,
            "GRAPHMEM_EXTRACTION": "none",
            "GRAPHMEM_RATE": "100000000/minute",
            "GRAPHMEM_CONCURRENCY": str(max(64, 2 * given.clients)),
            "GRAPHMEM_LOG_LEVEL": "warning",
            **({"NEO4J_URI": given.store} if given.store else {}),
        }
        command = ("serve", "--port", "0", "--host", "127.0.0.1", "--no-worker", "--processes", str(given.processes))
        with started(environment, *command) as service, started(environment, "worker") as worker:
            assert service.stdout is not None
            url = service.stdout.readline().split()[0]
            processes = {"service": service.pid, "worker": worker.pid}
            if given.store_pid:
                processes["store"] = given.store_pid
            return await _loaded(url, key, held, given, processes)


async def _filled(settings: Any, given: argparse.Namespace) -> tuple[list[Held], str]:
    parts = await build(settings)
    try:
        plan = Plan(steps=[scope_counts(given.facts, given.scopes)])
        loader = await open_loader(parts, plan, lambda text: print(text, file=sys.stderr))
        await loader.load(plan.steps[0], lambda text: print(text, file=sys.stderr))
        made = await Memory(parts).create_key(tenant=TENANT, rights=["admin"])
        return [one.held for one in loader.loaded], made.secret
    finally:
        await parts.close()


async def _loaded(
    url: str, key: str, held: Sequence[Held], given: argparse.Namespace, processes: Mapping[str, int]
) -> dict[str, Any]:
    made, drawn = partial(Client, url, key), _one_by_one(questions(held))
    await asyncio.to_thread(searching, made, drawn, time.monotonic() + min(10, given.seconds), Asked())
    alone = await measured(made, drawn, given, processes)
    users = [one.scope.user for one in held[:50]]
    beside = await measured(made, drawn, given, processes, users)
    return {"facts": given.facts, "clients": given.clients, "alone": alone, "with_messages": beside}


def main() -> None:
    """Put load on a service and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="a Bolt address; else an embedded store of its own")
    parser.add_argument("--store-pid", type=int, help="the process of that store, to count its processor time")
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--scopes", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--messages", type=int, default=10_000)
    print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
