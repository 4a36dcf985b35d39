from __future__ import annotations

import threading

import pytest

from graphmem.adapters import in_threads as module
from graphmem.adapters.in_threads import MOST, in_threads


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 50])
async def test_what_is_made_comes_in_the_order_of_the_items(count: int) -> None:
    assert await in_threads(lambda share: [2 * n for n in share], list(range(count))) == [2 * n for n in range(count)]


async def test_shares_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: 64)
    # Passed only when all of them wait here together.
    together = threading.Barrier(MOST, timeout=20)

    def work(share: list[int]) -> list[int]:
        together.wait()
        return share

    assert await in_threads(work, list(range(10))) == list(range(10))


async def test_what_goes_wrong_in_one_share_is_raised() -> None:
    def work(share: list[int]) -> list[float]:
        return [1 / n for n in share]

    with pytest.raises(ZeroDivisionError):
        await in_threads(work, [1, 2, 0])
