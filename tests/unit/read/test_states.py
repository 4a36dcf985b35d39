from __future__ import annotations

from graphmem.models import AsOf
from graphmem.read.states import state_at, states_at
from tests.values import day, fact

NOW = day("2025-01-01")


def test_only_what_holds_at_the_asked_time_holds() -> None:
    facts = {f.id: f for f in (fact("Turin", "2023-01-01", "2024-06-13"), fact("Oslo", "2024-06-13"))}

    now = states_at(facts, AsOf(), NOW)
    then = states_at(facts, AsOf(valid=day("2024-01-01")), NOW)

    assert [facts[i].text for i in now] == ["Ada lives in Oslo"]
    assert [facts[i].text for i in then] == ["Ada lives in Turin"]


def test_what_was_not_yet_believed_does_not_hold() -> None:
    oslo = fact("Oslo", "2024-06-13", created_at=day("2024-06-20"))

    assert state_at(oslo, AsOf(known=day("2024-06-19")), NOW) is None
    assert state_at(oslo, AsOf(known=day("2024-06-20")), NOW) == oslo.state
