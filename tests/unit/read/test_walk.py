from __future__ import annotations

import pytest

from graphmem.read.nested import Nested, nested
from graphmem.read.relations import Relation
from graphmem.read.walk import OF_A_LENGTH, Chain, Step, Walk

BOSS = "has the boss"
BROTHER = "has the brother"
STUDIED = "did study at"
LIVES = "lives in"


def step(subject: str, phrase: str, value: str, kind: str = "") -> Step:
    said = Relation(phrase=phrase)
    return Step(
        id=f"{subject} {phrase} {value}",
        subject=subject,
        object=value,
        forwards=(said,),
        backwards=(Relation(phrase=phrase, backwards=True),),
        types=("Person", kind),
    )


def read(question: str, name: str = "Ada") -> Nested:
    found = nested(question, [name])
    assert found is not None
    return found


def said(part: str, meant: dict[str, str]) -> set[str]:
    return {meant[word] for word in part.split() if word in meant}


def walked(question: str, steps: list[Step], meant: dict[str, str]) -> dict[str, Chain]:
    """Walk with a model that knows which relation each word means."""
    walk = Walk()
    walk.begin([("Ada", read(question))])
    walk.add(steps)
    relations = {r for s in steps for r in (*s.forwards, *s.backwards)}
    for _ in range(4):
        scores = {
            part: {r: float(not r.backwards and r.phrase in said(part, meant)) - 1 for r in relations}
            for part in walk.parts()
        }
        walk.go(scores)
    return walk.chains


MEANT = {"brother": BROTHER, "boss": BOSS, "study": STUDIED, "live": LIVES}
STEPS = [
    step("Ada", BOSS, "Ingrid"),
    step("Ingrid", BROTHER, "Lars"),
    step("Lars", STUDIED, "NTNU"),
    step("Lars", LIVES, "Rome"),
    step("Ada", LIVES, "Turin"),
]


def test_of_chains_that_fit_as_well_none_counts_more() -> None:
    chains = walked("Where does Ada live?", [step("Ada", LIVES, home) for home in ("Turin", "Porto", "Oslo")], MEANT)

    assert len({chain.gain for chain in chains.values()}) == 1
    assert len(chains) == 3


@pytest.mark.parametrize(
    ("asked", "ends"),
    [("Who does Ada live with?", "Ben"), ("Where does Ada live?", "Oslo"), ("In which way does Ada live?", "Ben Oslo")],
)
def test_who_asks_for_somebody_and_where_for_no_person(asked: str, ends: str) -> None:
    chains = walked(asked, [step("Ada", LIVES, "Ben", "Person"), step("Ada", LIVES, "Oslo", "Place")], MEANT)
    best = max(chain.gain for chain in chains.values())

    assert {i.split()[-1] for i, chain in chains.items() if chain.gain == best} == set(ends.split())


def test_the_words_beside_the_name_are_the_first_hop() -> None:
    chains = walked("Where did the brother of Ada's boss study?", STEPS, MEANT)

    best = max(chains, key=lambda i: chains[i].gain)
    assert best == f"Lars {STUDIED} NTNU"
    assert chains[best].path == (f"Ada {BOSS} Ingrid", f"Ingrid {BROTHER} Lars")


def test_a_question_of_one_hop_ends_beside_the_name() -> None:
    chains = walked("Where does Ada live?", STEPS, MEANT)

    best = max(chains, key=lambda i: chains[i].gain)
    assert (best, chains[best].path) == (f"Ada {LIVES} Turin", ())


def test_one_of_many_is_less_likely_meant_than_the_only_one() -> None:
    many = [step("Ada", BROTHER, f"Brother{n}") for n in range(30)]
    chains = walked("Which brother does Ada have?", [*many, step("Ada", BOSS, "Ingrid")], {"brother": BROTHER})

    assert len(chains) == 20, "so many are counted"
    assert max(chains, key=lambda i: chains[i].gain) == f"Ada {BOSS} Ingrid"


def test_no_length_keeps_the_others_out() -> None:
    many = [step("Ada", BOSS, f"Boss{n}") for n in range(10)]
    chains = walked(
        "Where does Ada's boss live?", [*many, *(step(f"Boss{n}", LIVES, f"City{n}") for n in range(10))], MEANT
    )

    first = sorted(chains, key=lambda i: -chains[i].gain)[: 2 * OF_A_LENGTH]
    assert {len(chains[i].path) for i in first} == {0, 1}


def test_a_circle_is_not_walked() -> None:
    chains = walked("Who is the boss of Ada's boss?", [step("Ada", BOSS, "Ben"), step("Ben", BOSS, "Ada")], MEANT)

    assert all(len({*c.path, i}) == len(c.path) + 1 for i, c in chains.items())
    assert all(c.path == () for c in chains.values())
