from __future__ import annotations

import pytest

from graphmem.read.when import named_window
from tests.values import day

NOW = day("2024-10-15")


@pytest.mark.parametrize(
    ("question", "inside", "outside"),
    [
        ("Where was I last summer?", "2024-07-10", "2023-07-10"),
        ("What did Ada paint last winter?", "2024-01-10", "2024-06-10"),
        ("What did Ada do two weeks ago?", "2024-10-01", "2024-10-14"),
        ("What happened yesterday?", "2024-10-14", "2024-10-10"),
        ("Where did Ada go last month?", "2024-09-12", "2024-05-01"),
        ("What did she sell a few years ago?", "2021-10-10", "2023-10-10"),
        ("What did she read in the last three months?", "2024-08-01", "2024-03-01"),
        ("What did she plant in spring 2022?", "2022-04-10", "2023-04-10"),
        ("What is planned for next week?", "2024-10-20", "2024-12-20"),
    ],
)
def test_a_time_long_ago_is_a_window(question: str, inside: str, outside: str) -> None:
    window = named_window(question, NOW)

    assert window is not None
    assert window.fit(day(inside)) == 1
    assert window.fit(day(outside)) < 1


def test_the_winter_that_december_begins_is_this_one() -> None:
    window = named_window("What did Ada paint this winter?", day("2024-12-20"))

    assert window is not None
    assert window.fit(day("2024-12-10")) == 1
    assert window.fit(day("2024-01-10")) == 0


def test_a_question_without_such_a_time_has_none() -> None:
    assert named_window("Where does Ada live?", NOW) is None
    assert named_window("Which summer does she like?", NOW) is None
