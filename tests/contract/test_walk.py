"""A walk over facts finds the one way there is among however many facts somebody has."""

from __future__ import annotations

import pytest

from graphmem import Memory
from graphmem.read import expand

LIKED = ("the sea", "old maps", "rye bread", "chess", "green tea", "trains", "kites", "herons")


@pytest.mark.parametrize(("subject", "other"), [("Mia Larsen", "Zoe Quist"), ("Zoe Quist", "Mia Larsen")])
async def test_of_somebody_with_more_facts_than_are_looked_at_the_asked_one_is_walked_over(
    memory: Memory, scope: str, subject: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for thing in LIKED[:4]:
        await memory.assert_fact("Mia Larsen", "LIKES", thing, scope=scope)
    await memory.assert_fact(subject, "MARRIED_TO", other, scope=scope)
    for thing in LIKED[4:]:
        await memory.assert_fact("Mia Larsen", "LIKES", thing, scope=scope)
    await memory.assert_fact("Zoe Quist", "STUDIED_AT", "Molde College", scope=scope)
    monkeypatch.setattr(expand, "DEGREE", 3)

    found = await memory.search("Where did the wife of Mia Larsen study?", scope=scope)

    first = found.facts[0]
    assert first.text == "Zoe Quist studied at Molde College"
    assert first.path == (f"{subject} is married to {other}",)
