"""Work that goes on beside other work, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
FINISH_SECONDS = 1.0


class Beside:
    """Tasks of an `async with` block; what still runs where the block ends, by an error, is ended and waited for.

    Unlike a TaskGroup it raises what the block raises, and not a group of errors; and where that is an error, the tasks
    have a second to end by themselves, since the driver forgets the socket of a connection that is cancelled while it
    is opened.
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin some work, whose result or error is there for whoever awaits it."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def __aenter__(self) -> Beside:
        """Begin with nothing."""
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        """End what still runs."""
        if isinstance(error, Exception) and self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
