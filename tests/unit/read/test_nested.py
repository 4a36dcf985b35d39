from __future__ import annotations

import pytest

from graphmem.read.nested import nested


def parts(question: str, name: str) -> list[str]:
    found = nested(question, [name])
    assert found is not None
    return [text for _, text in found.parts(found.start)]


def test_a_question_is_read_from_the_name_outwards() -> None:
    found = nested("Where did the sister of Zoe's boss study?", ["Zoe"])
    assert found is not None

    after_boss = next(place for place, text in found.parts(found.start) if text == "Anna's boss")
    after_sister = next(place for place, text in found.parts(after_boss) if text == "the sister of Anna")
    assert [text for place, text in found.parts(after_sister) if place == found.end] == ["Where did Anna study"]


def test_a_question_about_the_name_alone_is_one_part() -> None:
    assert parts("Where does Zoe live?", "Zoe") == ["Where does Anna live"]


@pytest.mark.parametrize(
    "question",
    [
        "As of July 2015, where did Zoe live?",
        "where did Zoe live, before the move?",
        "where did Zoe live, please (17)?",
    ],
)
def test_a_time_or_an_aside_beside_the_question_says_nothing_of_a_hop(question: str) -> None:
    assert parts(question, "Zoe") == ["where did Anna live"]


@pytest.mark.parametrize("name", ["Zoe Park", "zoe park"])
def test_the_longest_name_is_taken_in_whatever_case(name: str) -> None:
    found = nested("Who is Zoe Park's boss?", ["Zoe", name])
    assert found is not None
    assert found.after[:2] == ("'s", "boss")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is the boss of Zoë's sister?", "Zoe"),
        ("Who is the boss of Zoe Muller's sister?", "Zoë Müller"),
        ("Who is the boss of Jean Luc's sister?", "Jean-Luc"),
        ("Who is the boss of Dr Anna Berg’s sister?", "Dr. Anna Berg"),
        ("Who is the boss of Ines O’Brien's sister?", "Ines O'Brien"),
        ("Who is the boss of James' sister?", "James"),
    ],
)
def test_a_name_is_found_whatever_its_accents_and_what_stands_between_its_words(question: str, name: str) -> None:
    found = nested(question, [name])

    assert found is not None
    assert (found.before, found.after) == (("Who", "is", "the", "boss", "of"), ("'s", "sister"))


def test_a_name_that_is_not_there_says_nothing() -> None:
    assert nested("Who is Zoey's boss?", ["Zoe"]) is None


def test_what_somebody_owns_is_read_first_and_the_words_that_ask_last() -> None:
    assert parts("Where did the sister of Zoe's boss study?", "Zoe") == [
        "Where did the sister of Anna's boss study",
        "Anna's boss",
        "Anna's boss study",
    ]
    assert parts("Where does the friend Zoe met live?", "Zoe") == [
        "Where does the friend Anna met live",
        "the friend Anna",
        "the friend Anna met",
        "the friend Anna met live",
        "Anna met",
        "Anna met live",
    ]


def test_what_follows_a_comma_is_one_piece() -> None:
    assert parts("Who is Zoe's boss, the old one, really?", "Zoe") == [
        "Who is Anna's boss, the old one, really",
        "Anna's boss,",
        "Anna's boss, the old one, really",
    ]


def test_the_last_part_reads_to_the_end() -> None:
    found = nested("Where did the sister of Zoe's boss study?", ["Zoe"])
    assert found is not None

    assert found.parts(found.start, last=True) == [(found.end, "Where did the sister of Anna's boss study")]
    assert found.parts(found.end) == []


@pytest.mark.parametrize(
    ("question", "asked", "unasked"),
    [
        ("As of May 2023, to whom did Ada report?", "Person", "Place"),
        ("Who's Ada's boss?", "Organization", "Food"),
        ("Where does Ada work?", "Organization", "Person"),
        ("What does Ada's boss own?", "Place", "Person"),
    ],
)
def test_how_a_question_begins_says_what_it_does_not_ask_for(question: str, asked: str, unasked: str) -> None:
    found = nested(question, ["Ada"])

    assert found is not None
    assert unasked in found.unasked
    assert asked not in found.unasked


@pytest.mark.parametrize("question", ["What is the name of Ada's boss?", "Whose boss is Ada?", "Ada's boss is who?"])
def test_other_beginnings_ask_for_anything(question: str) -> None:
    found = nested(question, ["Ada"])

    assert found is not None
    assert not found.unasked
