"""Work that goes on beside other work, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Beside:
    """Tasks of an `async with` block; what still runs where the block ends, by an error, is cancelled and waited for.

    Unlike a TaskGroup it raises what the block raises, and not a group of errors.
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

    async def __aexit__(self, *_: object) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
