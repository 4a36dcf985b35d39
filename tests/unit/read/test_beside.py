from __future__ import annotations

import asyncio

import pytest

from graphmem.read.beside import Beside


async def test_work_begins_at_once_and_its_result_is_there_for_all_who_ask() -> None:
    begun = asyncio.Event()

    async def work() -> int:
        begun.set()
        return 3

    async with Beside() as beside:
        task = beside.begin(work())
        await asyncio.wait_for(begun.wait(), 5)
        assert (await task, await task) == (3, 3)


async def test_an_error_of_the_block_ends_the_work_and_is_raised_as_it_is() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    async def failing_beside_it() -> None:
        async with Beside() as beside:
            beside.begin(endless())
            await asyncio.sleep(0)
            raise ValueError("the block's own")

    with pytest.raises(ValueError, match="the block's own"):
        await failing_beside_it()
    assert ended == ["endless"]


async def test_short_work_ends_by_itself_where_the_block_fails_but_not_where_that_is_cancelled() -> None:
    ended: list[str] = []

    async def short() -> None:
        await asyncio.sleep(0.05)
        ended.append("short")

    async def block(error: Exception | None) -> None:
        async with Beside() as beside:
            beside.begin(short())
            await asyncio.sleep(0)
            if error is not None:
                raise error
            await asyncio.Event().wait()

    with pytest.raises(ValueError, match="the block's own"):
        await block(ValueError("the block's own"))
    cancelled = asyncio.create_task(block(None))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    assert ended == ["short"]


async def test_an_error_of_the_work_reaches_whoever_waits_for_it() -> None:
    async def failing() -> None:
        raise ValueError("the work's own")

    with pytest.raises(ValueError, match="the work's own"):
        async with Beside() as beside:
            await beside.begin(failing())
