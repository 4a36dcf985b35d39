from __future__ import annotations

from graphmem.read.context import NOTHING, render_context
from graphmem.read.found import FoundEpisode, FoundFact
from tests.values import episode, fact


def found(value: str, since: str, score: float) -> FoundFact:
    new = fact(value, since, stated=True)
    return FoundFact(fact=new, state=new.state, score=score, parts={}, path=())


def words(text: str) -> int:
    return len(text.split())


FACTS = [found("Oslo", "2024-06-13", 2.0), found("Turin", "2023-01-01", 1.0)]
SAID = [FoundEpisode(episode=episode("We moved to Oslo last week!"), score=1.0, parts={}, path=())]


def test_the_best_are_chosen_and_shown_in_order_of_time() -> None:
    text = render_context(FACTS, SAID, 200, words)

    assert text == (
        "Facts:\n"
        '- Ada lives in Turin (since 1 Jan 2023): "Turin" ()\n'
        '- Ada lives in Oslo (since 13 Jun 2024): "Oslo" ()\n'
        "\n"
        "Said:\n"
        "- 20 Jun 2024 Ada: We moved to Oslo last week!"
    )


def test_a_small_budget_keeps_the_best() -> None:
    text = render_context(FACTS, SAID, 26, words)

    assert "Oslo" in text
    assert "Turin" not in text
    assert words(text) <= 26


def test_nothing_found_is_said() -> None:
    assert render_context([], [], 100, words) == NOTHING
