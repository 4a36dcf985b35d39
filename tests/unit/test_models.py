from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import ScopeMissing
from graphmem.models import Scope
from graphmem.text import digest, fold
from tests.values import day, fact

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)


@given(NAMES, NAMES)
def test_a_scope_key_is_read_back_whatever_the_names(tenant: str, user: str) -> None:
    scope = Scope(tenant=tenant, user=user)

    assert Scope.from_key(scope.key) == scope
    assert scope.key.count("/") == 1
    assert scope.digest.isalnum()


@pytest.mark.parametrize("user", ["", "  ", "a" * 201, "a\x00b", "\ud800"])
def test_a_scope_without_a_usable_name_is_refused(user: str) -> None:
    with pytest.raises(ScopeMissing):
        Scope(user=user)


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_a_digest_belongs_to_its_parts_alone(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Zoë", "zoe"), ("  Åsa  Berg ", "asa berg"), ("東京", "東京"), ("STRASSE", "strasse"), ("ﬁne", "fine"), ("́", "́")],
)
def test_folding_drops_case_and_accents_but_never_the_word(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_keeps_marks_that_carry_the_word() -> None:
    assert fold("कि") != fold("क")


def test_an_interval_holds_from_its_start_until_just_before_its_end() -> None:
    held = fact("Turin", "2024-01-01", "2024-06-01").interval

    assert [held.holds(day(d)) for d in ("2023-12-31", "2024-01-01", "2024-05-31", "2024-06-01")] == [
        False,
        True,
        True,
        False,
    ]
