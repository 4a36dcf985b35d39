"""The messages of a session, read back in order."""

from __future__ import annotations

import pytest

from graphmem import Memory, Message, Role
from graphmem.errors import InvalidInput
from tests.conftest import Add as Story
from tests.values import day


def at(text: str, session: str, role: Role = Role.USER) -> Message:
    return Message(text=text, at=day("2024-01-10"), session=session, role=role)


async def test_a_session_is_read_back_in_order_and_apart_from_others(memory: Memory, scope: str) -> None:
    await memory.add([at("One.", "a"), at("Two.", "a", Role.ASSISTANT), at("Elsewhere.", "b")], scope=scope, wait=False)
    await memory.add(at("Three.", "a"), scope=scope, wait=False)
    await memory.add(at("Somebody else's.", "a"), scope=f"{scope}-other", wait=False)

    found = await memory.messages(scope=scope, session="a")
    last = await memory.messages(scope=scope, session="a", limit=2)

    assert [(e.text, e.role) for e in found] == [("One.", "user"), ("Two.", "assistant"), ("Three.", "user")]
    assert [e.text for e in last] == ["Two.", "Three."]
    assert [e.text for e in await memory.messages(scope=scope, session="b")] == ["Elsewhere."]
    assert await memory.messages(scope=scope, session="c") == ()


async def test_what_was_asked_to_be_forgotten_is_there_without_its_words(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("And a dog, Rex.", "2024-01-11")
    await story("Please forget where I live.", "2024-02-01")

    assert [e.text for e in await memory.messages(scope=scope, session="main")] == ["", "And a dog, Rex.", ""]


async def test_a_limit_beyond_all_measure_is_refused(memory: Memory, scope: str) -> None:
    for limit in (0, 1001):
        with pytest.raises(InvalidInput, match="limit"):
            await memory.messages(scope=scope, session="main", limit=limit)
