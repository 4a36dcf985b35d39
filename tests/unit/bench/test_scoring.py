from __future__ import annotations

import pytest

from graphmem.bench.locomo import Question
from graphmem.bench.scoring import Asked, Marked, by_category, fitting, means, scored
from graphmem.bench.system import Found, Passage


def passages(*turns: str) -> tuple[Passage, ...]:
    return tuple(Passage(text="word " * 100, turns=tuple(some.split())) for some in turns)


def words(text: str) -> int:
    return len(text.split())


QUESTION = Question(text="?", category=1, evidence=("a", "b"))


def test_turns_count_at_their_rank_and_passages_where_they_fit() -> None:
    found = Found(passages=passages("x a", "a y", "z u", "b v"), context="said " * 30, turns=frozenset({"b", "x"}))

    asked = scored(QUESTION, found, "turns", 5.0, words)

    assert dict(asked.at) == {5: 0.5, 10: 1.0, 20: 1.0}, "x a y z u | b"
    assert dict(asked.within) == {500: 1.0, 1000: 1.0, 2000: 1.0}
    assert (asked.given, asked.tokens) == (0.5, 30)


def test_a_passage_that_does_not_fit_ends_the_budget() -> None:
    ranked = passages("a", "x", "b")

    assert fitting(ranked, 299, words) == {"a", "x"}
    assert fitting(ranked, 99, words) == set()


@pytest.mark.parametrize(("ranking", "at", "within"), [("passages", 0, 3), ("none", 0, 0), ("turns", 3, 3)])
def test_what_a_system_does_not_rank_is_not_scored(ranking: str, at: int, within: int) -> None:
    asked = scored(QUESTION, Found(passages=(), context="", turns=frozenset()), ranking, 1.0, words)  # type: ignore[arg-type]

    assert (len(asked.at), len(asked.within)) == (at, within)
    assert (means([asked])["recall_at"] is None) == (at == 0)


def test_means_by_category_and_of_what_was_judged() -> None:
    def mark(category: int, *, generous: bool | None, text: str = "Molde") -> Asked:
        marked = Marked(
            text=text,
            f1=0.5,
            bleu1=0.25,
            generous=generous,
            strict=False,
            milliseconds=200.0,
            tokens_in=40,
            tokens_out=4,
        )
        return Asked(category=category, milliseconds=100.0, given=1.0, tokens=10, marked=marked)

    asked = [mark(1, generous=True), mark(4, generous=False, text=""), mark(4, generous=None)]

    judged = means(asked)["judged"]
    assert (judged["j"], judged["strict"], judged["f1"], judged["bleu1"]) == (50.0, 0.0, 50.0, 25.0)
    assert judged["total_ms"] == {"p50": 300.0, "p95": 300.0}
    assert (judged["unanswered"], judged["unjudged"]) == (1, 1)
    assert {name: part["judged"]["j"] for name, part in by_category(asked).items()} == {
        "multi-hop": 100.0,
        "single-hop": 0.0,
    }
