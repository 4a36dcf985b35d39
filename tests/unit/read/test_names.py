from __future__ import annotations

import re

import pytest

from graphmem.models import Entity, Scope
from graphmem.read.names import link_names, names_asked, owning, slips_asked, spoken


def entity(name: str, kind: str = "Person", aliases: tuple[str, ...] = ()) -> Entity:
    identity = f"en_{name}"
    return Entity(id=identity, scope="t/a", name=name, type=kind, aliases=aliases, canonical_id=identity)


INGRID, INES, LUMEN = entity("Ingrid Holm"), entity("Ines"), entity("Lumen", "Organization", ("Lumen Works",))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Where does Ingrid Holm work?", [("Ingrid Holm", "ingrid holm")]),
        ("Who is Ines's boss?", [("Ines", "ines")]),
        ("Who runs the lumen works?", [("Lumen", "lumen works")]),
        ("Where does Ingrid live?", [("Ingrid Holm", "ingrid")]),
        ("Where does Ingird live?", [("Ingrid Holm", "ingird")]),
        ("Who bought bread?", []),
        ("Who leads Ada Team and Ada?", [("Ada", "ada"), ("Ada Team", "ada team")]),
        ("Who leads the Ada Team?", [("Ada Team", "ada team")]),
    ],
)
def test_names_are_linked(question: str, found: list[tuple[str, str]]) -> None:
    named = link_names(question, [INGRID, INES, LUMEN, entity("Ada"), entity("Ada Team", "Organization")])

    assert [(n.entity.name, n.surface) for n in named] == found


def test_a_part_that_two_share_names_neither() -> None:
    assert link_names("Where does Holm work?", [INGRID, entity("Lars Holm")]) == ()


def test_a_whole_name_is_no_part_of_another_one() -> None:
    named = link_names("Where does Ines live?", [entity("Ines Prado"), INES])

    assert [n.entity.name for n in named] == ["Ines"]


def test_short_words_and_numbers_are_not_mistyped() -> None:
    assert link_names("Where is room 1235 and Inex?", [entity("Room 1234", "Place"), INES]) == ()


def test_names_are_first_looked_for_by_all_words_as_they_are_written() -> None:
    asked = names_asked("Where does the boss of Thoams live?", [Scope(tenant="t", user="ada")])

    assert asked is not None
    text = asked[1]["text"]
    assert 'folded:"thoams"' in text
    assert 'folded:"boss"' in text
    assert "~" not in text


@pytest.mark.parametrize(
    ("question", "looked_for"),
    [
        ("Where does the boss of Thoams live?", {"thoam"}),
        ("where does the boss of thoams live", {"thoam"}),
        ("Does Ingrid know Thoams from the pottery?", {"thoam"}),
        ("Thoams works where?", {"thoam"}),
        ("Where does Ingrid live?", set[str]()),
        ("What did Ingrid say about pottery?", set[str]()),
    ],
)
def test_only_what_may_be_a_name_and_is_none_is_looked_for_as_mistyped(question: str, looked_for: set[str]) -> None:
    asked = slips_asked(question, link_names(question, [INGRID]), [Scope(tenant="t", user="ada")])

    assert set(re.findall(r"folded:(\w+)~1", str(asked))) == looked_for
    assert (asked is None) == (not looked_for), "and nothing is asked where nothing is left"


def test_what_is_mine_is_the_users() -> None:
    assert spoken("Where did my sister and I meet?", "ada") == "Where did ada's sister and ada meet?"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Where does Lumens founder live?", "Where does Lumen's founder live?"),
        ("Wo wohnt Ingrid Holms Chef?", "Wo wohnt Ingrid Holm's Chef?"),
        ("Where does Ines boss live?", "Where does Ines boss live?"),
        ("Where does Ingrid's boss live?", "Where does Ingrid's boss live?"),
        ("Who met the Holms?", "Who met the Holms?"),
        ("Where are Oslos bridges?", "Where are Oslos bridges?"),
    ],
)
def test_an_owner_is_read_without_its_apostrophe(question: str, told: str) -> None:
    assert owning(question, [INGRID, INES, LUMEN, entity("Oslo", "Place")]) == told
