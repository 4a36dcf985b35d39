"""The worker: draws facts from what waits in the queue, scope by scope, beside any number of other workers.

A scope is claimed by a lease that is renewed while its messages are read, and what a writer that lost its lease commits
late is not written: a message is settled once, inside the scope's lock.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from graphmem.errors import GraphMemError
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.queue import Due
from graphmem.settings import Service
from graphmem.write.pipeline import Outcome

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many scopes are read at once, how often the queue is looked at, and after how many tries messages are parked.

    A model that does not answer is asked again after 1 second, twice as long each time, up to 5 minutes.
    """

    parallel: int = 4
    look_seconds: float = 0.5
    attempts: int = 8
    finish_seconds: float = 20.0
    beside_seconds: float = 10.0

    @classmethod
    def of(cls, service: Service) -> Pace:
        """Return the pace that the settings of the service ask for."""
        return cls(parallel=service.worker_parallel, attempts=service.worker_attempts)


@dataclass(slots=True)
class Worker:
    """Reads what waits until it is stopped; `told` hears what came of each scope."""

    memory: Memory
    pace: Pace = field(default_factory=Pace)
    told: Callable[[Scope, Outcome], None] | None = None
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    _scopes: dict[str, Scope] = field(default_factory=dict[str, Scope])
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until `stop` is called; then finish what is being read, for up to `finish_seconds`.

        What is done beside the writes has `beside_seconds` more.
        """
        failures = 0
        while not self._stopped.is_set():
            self._news.clear()
            try:
                started = await self._start_due()
                failures = 0
            except GraphMemError as exc:
                failures, started = failures + 1, 0
                if failures == 1:
                    _log.warning("the queue cannot be read: %s", exc)
            if not started:
                await self._wait(self._wait_seconds(failures))
        await self._finish()
        await self.memory.finish(self.pace.beside_seconds)

    async def run_until_empty(self) -> None:
        """Work until nothing is due; what failed and waits to be tried again stays in the queue."""
        while await self._start_due() or self._running:
            if self._running:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                # The callbacks of what ended run first.
                await asyncio.sleep(0)

    def wake(self) -> None:
        """Look at the queue at once: messages came."""
        self._news.set()

    def stop(self) -> None:
        """Take up nothing more."""
        self._stopped.set()
        self._news.set()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def _wait_seconds(self, failures: int) -> float:
        return min(self.pace.look_seconds * 2 ** min(failures, 6), 10.0) * random.uniform(0.8, 1.2)  # noqa: S311

    async def _start_due(self) -> int:
        """Begin with scopes that are due, as many as there is room for, one of each tenant first."""
        room = self.pace.parallel - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return 1
        due = await self.memory.due(busy=list(self._scopes.values()), each=room)
        held = {s.tenant for s in self._scopes.values()}
        # A tenant for whom nothing is read goes before those for whom something is.
        chosen = sorted(due, key=lambda d: d.scope.tenant in held)[:room]
        for one in chosen:
            task = asyncio.create_task(self._read(one))
            self._running[one.scope.key] = task
            self._scopes[one.scope.key] = one.scope
            task.add_done_callback(partial(self._ended, one))
        return len(chosen)

    def _ended(self, due: Due, task: asyncio.Task[None]) -> None:
        """Let go of a scope; after a defect it is put off first, so that it is not read again and again."""
        key, error = due.scope.key, None if task.cancelled() else task.exception()
        if error is None:
            self._let_go(key)
            return
        _log.error("a defect while the messages of %s were read", key, exc_info=error)
        after = asyncio.create_task(self._postpone(due, f"{type(error).__name__}: {error}"))
        self._running[key] = after
        after.add_done_callback(lambda _: self._let_go(key))

    def _let_go(self, key: str) -> None:
        self._running.pop(key, None)
        self._scopes.pop(key, None)
        self._news.set()

    async def _read(self, due: Due) -> None:
        patient = due.attempts + 1 < self.pace.attempts
        try:
            outcome = await self.memory.process(scope=due.scope, patient=patient)
            if outcome.waits_for is not None:
                await self._postpone(due, outcome.waits_for)
        except GraphMemError as exc:
            _log.warning("the messages of %s were not read: %s", due.scope.key, exc)
            await self._postpone(due, str(exc))
            return
        if self.told is not None:
            self.told(due.scope, outcome)

    async def _postpone(self, due: Due, reason: str) -> None:
        seconds = min(SHORTEST_SECONDS * 2.0**due.attempts, LONGEST_SECONDS) * random.uniform(0.8, 1.2)  # noqa: S311
        try:
            await self.memory.postpone(seconds, reason, scope=due.scope)
        except GraphMemError as exc:
            # It is due still, and the store is asked again no sooner than the queue is.
            _log.warning("%s was not put off: %s", due.scope.key, exc)
            await asyncio.sleep(self.pace.look_seconds)

    async def _finish(self) -> None:
        """Let what is being read end; what takes too long is broken off, and waits for another worker."""
        left = set(self._running.values())
        if not left:
            return
        _, late = await asyncio.wait(left, timeout=self.pace.finish_seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=5)
