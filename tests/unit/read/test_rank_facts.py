from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.models import AsOf, Fact
from graphmem.read.asked import Asked
from graphmem.read.expand import Expanded
from graphmem.read.question import read_question
from graphmem.read.rank_facts import rank_facts
from graphmem.read.seeds import Scored, Seeds
from tests.values import day, fact

NOW = day("2024-11-25")
NOTHING = Scored(episodes={}, facts={})


def ranked(question: str, *facts: Fact, doubted: str | None = None) -> list[str]:
    by_id = {f.id: f for f in facts}
    states = {
        i: replace(f.state, uncertain_since=day("2024-10-01") if f.value == doubted else None) for i, f in by_id.items()
    }
    asked = Asked(text=question, told=question, scopes=(), question=read_question(question, NOW), as_of=AsOf(), now=NOW)
    expanded = Expanded(facts=by_id, chains={}, near={}, tokens={}, episodes={}, passing=set())
    found = rank_facts(asked, Seeds(near=NOTHING, words=NOTHING, named=()), expanded, {}, states)
    return [f.fact.value for f in found]


def visits() -> list[Fact]:
    return [fact(city, since, predicate="VISITED") for city, since in (("Rome", "2024-03-02"), ("Oslo", "2023-05-01"))]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Which city did Ada visit last?", "Rome"),
        ("What is the most recent city Ada visited?", "Rome"),
        ("Which city did Ada visit first?", "Oslo"),
        ("What was the earliest visit of Ada?", "Oslo"),
        ("Which cities did Ada visit?", "Rome"),
        ("Which cities did Ada visit before 2024?", "Oslo"),
        ("Which cities did Ada visit before 2025?", "Rome"),
    ],
)
def test_of_facts_that_say_the_same_what_is_asked_for_comes_first_else_the_latest(question: str, first: str) -> None:
    assert ranked(question, *visits())[0] == first
    assert ranked(question, *reversed(visits()))[0] == first


def test_the_order_is_one_among_facts_of_a_kind() -> None:
    newer = fact("chess", "2024-10-10", predicate="LIKES")

    assert ranked("Which city did Ada visit last?", *visits(), newer)[0] == "Rome", (
        "as recent in its kind, and asked for"
    )
    assert ranked("What did Ada like first in the city?", *visits(), newer)[0] == "chess"


def test_what_is_sure_comes_before_what_is_doubted_or_hardly_believed() -> None:
    lived = fact("Oslo"), fact("Turin")

    assert ranked("Where does Ada live?", *lived, doubted="Oslo") == ["Turin", "Oslo"]
    assert ranked("Where does Ada live?", fact("Oslo", confidence=0.4), lived[1]) == ["Turin", "Oslo"]
    assert ranked("Where does Ada live in Oslo?", *lived, doubted="Oslo")[0] == "Oslo", "it is asked for"
