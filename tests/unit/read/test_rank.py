from __future__ import annotations

from graphmem.models import AsOf, Entity, Fact
from graphmem.read.expand import Expanded
from graphmem.read.question import read_question
from graphmem.read.rank import rank_facts, state_at, states_at
from graphmem.read.seeds import Seeds
from tests.values import day, fact

NOW = day("2025-01-01")
ADA = Entity(id="en_ada", scope="test/ada", name="Ada", type="Person", canonical_id="en_ada")


def person(subject: str, predicate: str, value: str, text: str) -> Fact:
    return fact(
        value,
        "2024-01-01",
        id=f"fa_{subject}_{value}",
        predicate=predicate,
        subject_id=f"en_{subject}",
        subject=subject,
        text=text,
        sources=(),
    )


def ranked(question: str, facts: list[Fact], as_of: AsOf | None = None) -> list[tuple[str, tuple[str, ...]]]:
    seeds = Seeds(near_episodes={}, word_episodes={}, near_facts={}, word_facts={}, entities=(ADA,))
    expanded = Expanded(facts={f.id: f for f in facts}, reached={}, episodes={}, near={})
    holding = states_at(expanded.facts, as_of or AsOf(), NOW)
    found = rank_facts(read_question(question), seeds, expanded, holding)
    return [(f.text, f.path) for f in found]


BOSS = person("ada", "REPORTS_TO", "ingrid", "Ada has the boss Ingrid")
BROTHER = person("ingrid", "SIBLING_OF", "lars", "Ingrid has the brother Lars")
STUDY = person("lars", "STUDIED_AT", "ntnu", "Lars did study at NTNU")
AWAY = person("lars", "LIVES_IN", "rome", "Lars lives in Rome")


def test_the_end_of_the_chain_that_covers_the_question_comes_with_its_path() -> None:
    found = dict(ranked("Where did the brother of Ada's boss study?", [AWAY, STUDY, BROTHER, BOSS]))

    assert found[STUDY.text] == (BOSS.text, BROTHER.text)
    assert list(found)[-1] == AWAY.text


def test_a_fact_beside_the_named_entity_has_no_detour_in_its_path() -> None:
    works = person("ada", "WORKS_AT", "fjord", "Ada works at Fjord")
    founded = person("ingrid", "FOUNDED", "fjord", "Ingrid founded Fjord")

    found = dict(ranked("Who founded the company where Ada works?", [BOSS, works, founded]))

    assert found[works.text] == ()


def test_only_what_holds_at_the_asked_time_is_found() -> None:
    turin, oslo = fact("Turin", "2023-01-01", "2024-06-13"), fact("Oslo", "2024-06-13")

    assert [t for t, _ in ranked("Where does Ada live?", [turin, oslo])] == ["Ada lives in Oslo"]
    assert [t for t, _ in ranked("Where?", [turin, oslo], AsOf(valid=day("2024-01-01")))] == ["Ada lives in Turin"]


def test_what_was_not_yet_believed_is_not_found() -> None:
    oslo = fact("Oslo", "2024-06-13", created_at=day("2024-06-20"))

    assert state_at(oslo, AsOf(known=day("2024-06-19")), NOW) is None
    assert state_at(oslo, AsOf(known=day("2024-06-20")), NOW) == oslo.state
