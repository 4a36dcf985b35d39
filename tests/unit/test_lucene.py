from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from graphmem import lucene
from graphmem.models import Scope

ADA = Scope(user="ada")


@given(st.text())
def test_whatever_is_asked_only_words_reach_lucene(text: str) -> None:
    query = lucene.scoped([ADA], lucene.words(text))

    if query is not None:
        terms = query.removeprefix(f"+(scope_key:{ADA.digest}) +(").removesuffix(")")
        assert re.fullmatch(r"""(folded:"[\w']+" ?)+""", terms)


def test_a_question_without_words_asks_nothing() -> None:
    assert lucene.scoped([ADA], lucene.words("?! ...")) is None


def test_few_words_may_be_mistyped_at_once_and_none_with_digits() -> None:
    asked = [*(f"order{n}" for n in range(9)), *(f"{a}{b}emily" for a in "abcde" for b in "fghij")]
    query = lucene.scoped([ADA], asked, mistyped=asked)

    assert query is not None
    assert query.count("~1") == lucene.MOST_FUZZY
    assert not re.search(r"\d~1", query)
