"""Work for a model in this process, shared by threads: the runtimes of models let others run meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 4
"""How many threads one call takes at most, on a machine that may have other things to do."""


async def in_threads(work: Callable[[list[T]], list[R]], items: Sequence[T]) -> list[R]:
    """Return what `work` makes of items, in their order, each thread with a share of them."""
    shares = max(1, min(len(items), os.cpu_count() or 1, MOST))
    made = await asyncio.gather(*(asyncio.to_thread(work, list(items[n::shares])) for n in range(shares)))
    return [made[i % shares][i // shares] for i in range(len(items))]
