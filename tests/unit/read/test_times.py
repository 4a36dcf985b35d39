from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dateparser
import pytest

from graphmem.read.question import Question, read_question
from graphmem.read.times.windows import NamedDate
from tests.values import day

NOW = datetime(2025, 1, 15, 12, tzinfo=UTC)
"""A Wednesday at noon."""


def asked(question: str) -> Question:
    return read_question(question, NOW)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("Where did Ada live last May?", "2024-05-01", "2024-06-01"),
        ("Where did Ada live in March?", "2024-03-01", "2024-04-01"),
        ("What did she do in January?", "2025-01-01", "2025-02-01"),
        ("What did she do last January?", "2024-01-01", "2024-02-01"),
        ("Where did she sleep on 3 May?", "2024-05-03", "2024-05-04"),
        ("Where will Ada live in May?", "2025-05-01", "2025-06-01"),
        ("What did she plan in May?", "2024-05-01", "2024-06-01"),
        ("What is planned for next May?", "2025-05-01", "2025-06-01"),
        ("Where did she live in late May?", "2024-05-21", "2024-06-01"),
        ("Where was Ada in autumn?", "2024-09-01", "2024-12-01"),
        ("Where was Ada during the winter?", "2024-12-01", "2025-03-01"),
        ("What did Ben get for Christmas?", "2024-12-24", "2024-12-27"),
        ("Where was Ada on New Year’s Eve?", "2024-12-31", "2025-01-01"),
    ],
)
def test_a_month_without_a_year_is_the_last_that_has_begun_or_the_coming_one(
    question: str, start: str, end: str
) -> None:
    stretch = asked(question).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What happened half a year ago?", "2024-04-15", "2024-10-15"),
        ("What did Ada do two weeks ago?", "2024-12-29", "2025-01-05"),
        ("What did Ada do a fortnight ago?", "2024-12-25", "2025-01-09"),
        ("What did she sell a few years ago?", "2021-07-17", "2022-07-17"),
        ("Where did she live two and a half years ago?", "2022-04-15", "2022-10-15"),
        ("Where did she live a year and a half ago?", "2023-04-15", "2023-10-15"),
        ("What did she read several weeks ago?", "2024-12-22", "2024-12-29"),
        ("What did she read twenty days ago?", "2024-12-26", "2024-12-27"),
        ("Where did she work a decade ago?", "2013-07-17", "2016-07-16"),
        ("Where was she three summers ago?", "2022-06-01", "2022-09-01"),
        ("Who called two Fridays ago?", "2025-01-03", "2025-01-04"),
        ("Where will she be in two weeks?", "2025-01-26", "2025-02-02"),
        ("Where is she in three days' time?", "2025-01-18", "2025-01-19"),
        ("What happened yesterday?", "2025-01-14", "2025-01-15"),
        ("What happened the day before yesterday?", "2025-01-13", "2025-01-14"),
        ("What did she eat last night?", "2025-01-14", "2025-01-15"),
        ("What did she eat this morning?", "2025-01-15", "2025-01-16"),
        ("Whom will she meet tomorrow?", "2025-01-16", "2025-01-17"),
        ("Whom will she meet the day after tomorrow?", "2025-01-17", "2025-01-18"),
        ("Who came last Monday?", "2025-01-13", "2025-01-14"),
        ("Who came last Wednesday?", "2025-01-08", "2025-01-09"),
        ("Who came on Friday?", "2025-01-10", "2025-01-11"),
        ("Who will come on Friday?", "2025-01-17", "2025-01-18"),
        ("Who comes next Friday?", "2025-01-17", "2025-01-18"),
        ("Who came at the weekend?", "2025-01-11", "2025-01-13"),
        ("Where did Ada go last week?", "2025-01-06", "2025-01-13"),
        ("Where did Ada go the week before last?", "2024-12-30", "2025-01-06"),
        ("What is planned for next week?", "2025-01-20", "2025-01-27"),
        ("What did she do this month?", "2025-01-01", "2025-02-01"),
        ("Where did Ada go last month?", "2024-12-01", "2025-01-01"),
        ("What did she do this year?", "2025-01-01", "2026-01-01"),
        ("What did she do last year?", "2024-01-01", "2025-01-01"),
        ("What did she do in the second half of last year?", "2024-07-01", "2025-01-01"),
        ("Where was I last summer?", "2024-06-01", "2024-09-01"),
        ("Where was I last Christmas?", "2024-12-24", "2024-12-27"),
        ("Where was I the summer before last?", "2023-06-01", "2023-09-01"),
        ("What did Ada paint last winter?", "2023-12-01", "2024-03-01"),
        ("What did Ada paint this winter?", "2024-12-01", "2025-03-01"),
        ("Where does she go next summer?", "2025-06-01", "2025-09-01"),
        ("Where does she go next spring?", "2025-03-01", "2025-06-01"),
    ],
)
def test_times_are_read_from_when_they_are_asked(question: str, start: str, end: str) -> None:
    stretch = asked(question).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("question", "ago"),
    [
        ("What did she read in the last six months?", day("2024-07-15")),
        ("What did she read over the past few weeks?", day("2024-12-25")),
        ("What did she read in the last year?", day("2024-01-15")),
        ("How often did she run this past week?", day("2025-01-08")),
        ("What did she read in the past week?", day("2025-01-08")),
    ],
)
def test_a_time_may_last_until_it_is_asked(question: str, ago: datetime) -> None:
    stretch = asked(question).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (ago + timedelta(hours=12), NOW)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What did she plant in spring 2022?", "2022-03-01", "2022-06-01"),
        ("What did she earn in Q2 2023?", "2023-04-01", "2023-07-01"),
        ("What did she earn in the first quarter of 2023?", "2023-01-01", "2023-04-01"),
        ("Where did she live in early 2023?", "2023-01-01", "2023-05-01"),
        ("Where did she live in mid-2023?", "2023-05-01", "2023-09-01"),
        ("Where did she live in late 2023?", "2023-09-01", "2024-01-01"),
        ("Where did she live at the end of May 2023?", "2023-05-21", "2023-06-01"),
        ("Where was she at Christmas 2023?", "2023-12-24", "2023-12-27"),
        ("Who came on 3/5/2023?", "2023-03-05", "2023-03-06"),
        ("Who came on 13/5/2023?", "2023-05-13", "2023-05-14"),
        ("Wer kam am 3.5.2023?", "2023-05-03", "2023-05-04"),
        ("Wo wohnte Ada im Mai 2023?", "2023-05-01", "2023-06-01"),
        ("Where did she study in the 90s?", "1990-01-01", "2000-01-01"),
        ("Where did she study in the early nineties?", "1990-01-01", "1993-05-01"),
        ("What did she do in 2023 and 2024?", "2023-01-01", "2025-01-01"),
        ("Where was she in the last two weeks of August 2023?", "2023-08-18", "2023-09-01"),
        ("Where was she in the first weekend of October 2023?", "2023-10-07", "2023-10-09"),
        ("What did she learn in the first two months of 2023?", "2023-01-01", "2023-03-01"),
        ("What did she learn in the last month of 2023?", "2023-12-01", "2024-01-01"),
        ("What happened in the week of 10 May 2023?", "2023-05-08", "2023-05-15"),
        ("Where was she between 10 and 12 May 2023?", "2023-05-10", "2023-05-13"),
        ("Where was she between 12 and 10 May 2023?", "2023-05-10", "2023-05-11"),
        ("What did she do a week before 10 May 2023?", "2023-04-30", "2023-05-07"),
        ("What did she do the day after 10 May 2023?", "2023-05-11", "2023-05-12"),
        ("What was shown on the Sunday before October 25, 2022?", "2022-10-23", "2022-10-24"),
        ("What did she finish last Friday on 23 January, 2022?", "2022-01-23", "2022-01-24"),
    ],
)
def test_parts_of_years_are_read_as_such(question: str, start: str, end: str) -> None:
    stretch = asked(question).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("Where did Ada live before last summer?", None, "2024-06-01"),
        ("Where has Ada lived since last summer?", "2024-06-01", None),
        ("What has she read since March?", "2024-03-01", None),
        ("What did she read after May?", "2024-06-01", None),
        ("Where was she until yesterday?", None, "2025-01-14"),
        ("Where has she been since two weeks ago?", "2025-01-01", None),
        ("Where did she live before two years ago?", None, "2023-01-15"),
        ("Where did she live until the end of 2023?", None, "2024-01-01"),
        ("What did she do between May and July?", "2024-05-01", "2024-08-01"),
        ("What did she do between November and February?", "2023-11-01", "2024-03-01"),
        ("What did she do from last summer to yesterday?", "2024-06-01", "2025-01-15"),
        ("Where was she from May to July?", "2024-05-01", "2024-08-01"),
    ],
)
def test_what_bounds_a_date_bounds_any_time(question: str, start: str | None, end: str | None) -> None:
    stretch = asked(question).stretch

    assert stretch is not None
    assert (stretch.start, stretch.end) == (start and day(start), end and day(end))


@pytest.mark.parametrize(
    "question",
    [
        "Where does Ada live?",
        "Which summer does she like?",
        "May I ask who she is?",
        "Do you think this may help?",
        "Does April like it?",
        "What did Ada get from June?",
        "Who wrote the letter from April and May?",
        "Where did she march?",
        "Did she fall?",
        "Who came second?",
        "Which book did she read in two weeks?",
        "Did her job last two years?",
        "What does she do on cold winter days?",
        "What is order 2019 about?",
        "When did James try Cyberpunk 2077?",
        "Who won the 2022 World Cup?",
        "Who paid $2020?",
        "Who was born 999 decades ago?",
        "Who came on 31 June 2023?",
    ],
)
def test_what_names_no_time_for_sure_has_no_stretch(question: str) -> None:
    assert asked(question).stretch is None


def test_the_year_of_a_thing_is_only_for_ranking() -> None:
    assert asked("Who won the 2022 World Cup?").date == NamedDate(year=2022)
    assert asked("What is order 2019 about?").date is None


@pytest.mark.parametrize("question", ["What did Ada do in May?", "What has Ada done since May?"])
def test_a_month_by_itself_ranks_what_was_said_in_each_year(question: str) -> None:
    assert asked(question).fit(day("2019-05-10")) == 1
    assert asked(question).fit(day("2019-02-10")) == 0


def test_the_last_may_is_of_one_year() -> None:
    assert asked("What did Ada do last May?").fit(day("2024-05-10")) == 1
    assert asked("What did Ada do last May?").fit(day("2019-05-10")) == 0


def test_the_late_part_of_a_decade_ranks_its_own_years() -> None:
    assert asked("Where did she study in the late 90s?").fit(day("1998-05-10")) == 1
    assert asked("Where did she study in the late 90s?").fit(day("1992-05-10")) == 0


def test_a_vague_time_fits_a_little_beside_it() -> None:
    question = asked("What did Ada do two weeks ago?")

    assert [question.fit(day(d)) for d in ("2025-01-01", "2025-01-08", "2024-12-25", "2024-11-01")] == [1, 0.4, 0.4, 0]


def test_the_calendar_ends_without_an_error() -> None:
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)):
        for question in (
            "Who came yesterday?",
            "Who came last week?",
            "Who was born 999 years ago?",
            "Who came in May?",
        ):
            read_question(question, at)


def test_what_names_no_time_costs_no_parsing_of_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("dates were parsed")

    monkeypatch.setattr(dateparser, "parse", refuse)

    assert asked("Where does the sister of Ada's boss live?").stretch is None
    assert asked("Where did Ada live in May 2023?").stretch is not None
