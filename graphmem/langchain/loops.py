"""From anywhere to the event loop that a memory lives in.

A memory's connections belong to the loop in which it was opened, so all that LangChain asks of it runs there:

- An async call in that loop is awaited as it is; one in another loop waits for that loop without blocking its own.
- A sync call waits in its thread. In the memory's own loop it would wait for itself, and raises WrongLoop at once, or,
  where LangChain has moved it to a thread meanwhile, after 10 seconds: use the async method there.
- `open_in_background` opens a memory in a thread with a loop of its own. It can then be asked from programs that have
  no loop, from notebooks, and by sync calls inside of any running loop, which they block as every sync call does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from anyio.from_thread import start_blocking_portal

from graphmem.errors import WrongLoop
from graphmem.memory import Memory
from graphmem.ports import ChatModel, Clock, Embedder
from graphmem.settings import Settings

T = TypeVar("T")
_TAKEN_UP_SECONDS = 10.0


@contextmanager
def open_in_background(
    settings: Settings | None = None,
    *,
    model: ChatModel | None = None,
    embedder: Embedder | None = None,
    clock: Clock | None = None,
) -> Generator[Memory]:
    """Open a memory in a thread with an event loop of its own, until the block is left; takes what `Memory.open` takes.

    Ask it through the parts of this package, from any thread and any loop; its own methods only answer in its own loop.
    """
    opening = Memory.open(settings, model=model, embedder=embedder, clock=clock)
    with start_blocking_portal(name="graphmem") as portal, portal.wrap_async_context_manager(opening) as memory:
        yield memory


def run(memory: Memory, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in the memory's loop and wait for it; raises WrongLoop where that would never end."""
    _check_alive(memory)
    if _running_loop() is memory.loop:
        raise WrongLoop("a sync call inside the memory's own event loop would wait for itself; await the async one.")
    begun = threading.Event()

    async def begin() -> T:
        begun.set()
        return await work()

    future = asyncio.run_coroutine_threadsafe(begin(), memory.loop)
    if not begun.wait(_TAKEN_UP_SECONDS):
        future.cancel()
        raise WrongLoop(
            f"the memory's event loop has been busy for {_TAKEN_UP_SECONDS:.0f} seconds, probably waiting for this "
            "very call: a sync method was called inside it. Await the async one, or use open_in_background."
        )
    return future.result()


async def arun(memory: Memory, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in the memory's loop and await it from this one; raises WrongLoop where that loop is over."""
    if asyncio.get_running_loop() is memory.loop:
        return await work()
    _check_alive(memory)

    async def begin() -> T:
        return await work()

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begin(), memory.loop))


def _check_alive(memory: Memory) -> None:
    if not memory.loop.is_running():
        raise WrongLoop(
            "the event loop in which this memory was opened does not run. Open it with open_in_background, or in the "
            "loop that asks."
        )


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
