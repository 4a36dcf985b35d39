from __future__ import annotations

from typing import Any

from graphmem.read.choose import Offer, Worth, choose, shown_lines
from tests.values import day

WORTH = Worth(fact=1, fact_from=1, message_from=1, length=1, covered=0.01)


def offer(name: str, value: float, **more: Any) -> Offer:
    values: dict[str, Any] = {
        "id": name,
        "text": f"{name} says so",
        "bare": name,
        "value": value,
        "messages": (f"m_{name}",),
        "section": "Facts:",
        "at": day("2024-06-20"),
    }
    return Offer(**{**values, **more})


def words(text: str) -> int:
    return len(text.split())


def chosen(*offers: Offer, budget: int = 100) -> list[str]:
    return [o.id for o in choose(offers, budget, words, WORTH)]


def test_what_is_worth_more_for_its_length_comes_first() -> None:
    long = offer("long", 1.0, text="far " * 100)

    assert chosen(long, offer("short", 0.5), budget=200) == ["short", "long"]


def test_what_does_not_fit_is_passed_over() -> None:
    assert chosen(offer("a", 1.0, text="so " * 30), offer("b", 0.1), budget=10) == ["b"]


def test_a_line_whose_messages_are_covered_waits() -> None:
    same, other = offer("same", 0.9, messages=("m_a",)), offer("other", 0.1)

    assert chosen(offer("a", 1.0), same, other) == ["a", "other", "same"]


def test_a_message_that_is_quoted_whole_is_not_shown() -> None:
    fact = offer("fact", 1.0, messages=("m1",), quote="Hello", whole=frozenset({"m1"}))
    message = offer("m1", 0.5, messages=("m1",), whole=frozenset({"m1"}), is_message=True)

    assert chosen(fact, message) == ["fact"]


def test_a_quote_gives_way_to_its_message_and_is_given_once() -> None:
    first = offer("first", 1.0, messages=("m1",), quote="Hello")
    again = offer("again", 0.9, messages=("m2",), quote="Hello")
    message = offer("m1", 0.5, messages=("m1",), whole=frozenset({"m1"}), is_message=True)

    alone = choose([first, again], 100, words, WORTH)
    both = choose([first, message], 100, words, WORTH)

    assert shown_lines(alone) == {"first": "first says so", "again": "again"}
    assert shown_lines(both) == {"first": "first", "m1": "m1 says so"}
    assert [o.id for o in both] == ["first", "m1"]


def test_a_heading_is_paid_once() -> None:
    under = [offer(name, 1.0, heading="one two three") for name in ("a", "b")]

    assert len(choose(under, 12, words, WORTH)) == 2
    assert len(choose([under[0], offer("b", 1.0, heading="four five six")], 12, words, WORTH)) == 1
