from __future__ import annotations

import pytest

from graphmem.read.question import named_date, named_speaker, question_stems, read_question
from graphmem.read.times.windows import NamedDate, date_fit
from tests.values import day


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What happened on 7 May 2023?", NamedDate(month=5, year=2023, day=7)),
        ("What did she do in June?", NamedDate(month=6)),
        ("What did she do in 2022?", NamedDate(year=2022)),
        ("What may she do?", None),
        ("What did she do in May?", NamedDate(month=5)),
        ("Who marched on?", None),
        ("What happened on 2023-05-20?", NamedDate(month=5, year=2023, day=20)),
        ("What happened on May 20th, 2023?", NamedDate(month=5, year=2023, day=20)),
        ("Which 2 cities did Ada see in May 2023?", NamedDate(month=5, year=2023)),
        ("Who came at 3 on 12 March 2023?", NamedDate(month=3, year=2023, day=12)),
        ("Who left in Sept 2023?", NamedDate(month=9, year=2023)),
        ("Where does April work?", None),
        ("Who is Jan?", None),
        ("Did May come in 2023?", NamedDate(year=2023)),
    ],
)
def test_dates_in_a_question(question: str, named: NamedDate | None) -> None:
    assert named_date(question) == named


def test_a_day_fits_best_itself_then_what_follows() -> None:
    named = NamedDate(month=5, year=2023, day=7)
    fits = [date_fit(named, day(d)) for d in ("2023-05-07", "2023-05-12", "2023-05-30", "2023-06-01", "2024-05-07")]

    assert fits == sorted(fits, reverse=True)
    assert fits[-1] == 0


def test_one_named_speaker_counts_and_two_do_not() -> None:
    assert named_speaker("What did Ada's boss say?", ["Ada", "Ben"]) == "Ada"
    assert named_speaker("What did Ada tell Ben?", ["Ada", "Ben"]) is None


def test_a_question_of_stop_words_keeps_them() -> None:
    assert question_stems("who is it")
    assert question_stems("Where does Ada live?") == ("ada", "live")


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What did she do in 2023?", "2023-01-01", "2024-01-01"),
        ("Where did she live in May 2023?", "2023-05-01", "2023-06-01"),
        ("Who came on 7 May 2023?", "2023-05-07", "2023-05-08"),
    ],
)
def test_a_named_date_is_a_stretch_of_time(question: str, start: str, end: str) -> None:
    stretch = read_question(question, day("2024-06-20")).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("What was the last book that Ada read?", "newest"),
        ("Which job did she take most recently?", "newest"),
        ("Where was her last holiday?", "newest"),
        ("Who did Ada meet first?", "oldest"),
        ("Where did she go last Friday?", None),
        ("Where was she last Christmas?", None),
        ("What did she read in the last six months?", None),
        ("What did she do the week before last?", None),
        ("Where was she the summer before last?", None),
        ("Where was she in the last week of May 2023?", None),
        ("What was the last book that she read last summer?", "newest"),
        ("What did she do last June?", None),
        ("What is Ada's last name?", None),
        ("What did she eat in the last 3 days?", None),
        ("Where was she in the last few weeks?", None),
        ("What did she paint recently?", None),
        ("Where does Ada live?", None),
    ],
)
def test_a_question_may_ask_for_what_came_last_or_first(question: str, order: str | None) -> None:
    assert read_question(question, day("2024-06-20")).order == order


@pytest.mark.parametrize(
    ("question", "inside", "outside"),
    [
        ("Where did Ada live before May 2023?", "2023-04-30", "2023-05-01"),
        ("Where did Ada live after May 2023?", "2023-06-01", "2023-05-31"),
        ("What did Ada paint since 2020?", "2020-01-01", "2019-12-31"),
        ("What happened between 2019 and 2021?", "2021-12-31", "2025-01-02"),
        ("What happened between March and June 2023?", "2023-03-01", "2022-09-01"),
        ("Where was she from 3 May to 8 May 2023?", "2023-05-08", "2023-06-09"),
    ],
)
def test_dates_bound_stretches_of_time(question: str, inside: str, outside: str) -> None:
    asked = read_question(question, day("2024-10-15"))

    assert asked.date is None
    assert asked.fit(day(inside)) == 1
    assert asked.fit(day(outside)) == 0
