from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.dates import after, parse_date, show_ago, show_date, show_event
from graphmem.models import Precision
from tests.values import day


@pytest.mark.parametrize(
    ("text", "at", "precision", "shown"),
    [
        ("2024", "2024-01-01", Precision.YEAR, "2024"),
        ("2024-05", "2024-05-01", Precision.MONTH, "May 2024"),
        ("2024-02-29", "2024-02-29", Precision.DAY, "29 Feb 2024"),
        ("week of 2024-05-01", "2024-04-29", Precision.WEEK, "the week of 29 Apr 2024"),
        ("week of 2024-05-05", "2024-04-29", Precision.WEEK, "the week of 29 Apr 2024"),
        ("0001", "0001-01-01", Precision.YEAR, "1"),
    ],
)
def test_a_date_is_as_precise_as_it_was_stated(text: str, at: str, precision: Precision, shown: str) -> None:
    assert parse_date(text) == (day(at), precision)
    assert show_date(day(at), precision) == shown


def test_a_time_comes_in_with_its_zone_and_is_kept_in_utc() -> None:
    assert parse_date("2024-05-01T01:00:00+02:00") == (datetime(2024, 4, 30, 23, tzinfo=UTC), Precision.INSTANT)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "week of 2024-13-01", "week of May", "2024-13", "2024-02-30", "9999", "0000", "2024-05-01T01:00:00"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_date(text)


def test_the_end_of_a_stated_day_week_month_or_year_is_the_start_of_the_next() -> None:
    assert after(day("2024-12-30"), Precision.WEEK) == day("2025-01-06")
    assert after(day("2024-12-31"), Precision.DAY) == day("2025-01-01")
    assert after(day("2024-12-01"), Precision.MONTH) == day("2025-01-01")
    assert after(day("2024-01-01"), Precision.YEAR) == day("2025-01-01")


def test_events_read_as_people_say_them() -> None:
    assert show_event(day("2014-01-01"), Precision.YEAR) == "in 2014"
    assert show_event(day("2024-12-02"), Precision.WEEK) == "in the week of 2 Dec 2024"
    assert show_event(day("2024-12-07"), Precision.DAY) == "on 7 Dec 2024"


@pytest.mark.parametrize(
    ("at", "precision", "shown"),
    [
        ("2024-11-25", Precision.DAY, "today"),
        ("2024-11-24", Precision.INSTANT, "yesterday"),
        ("2024-11-26", Precision.DAY, "tomorrow"),
        ("2024-11-20", Precision.DAY, "5 days ago"),
        ("2024-11-04", Precision.DAY, "3 weeks ago"),
        ("2024-06-20", Precision.DAY, "5 months ago"),
        ("2022-06-20", Precision.DAY, "2 years ago"),
        ("2026-12-20", Precision.DAY, "in 2 years"),
        ("2024-11-25", Precision.WEEK, "this week"),
        ("2024-11-18", Precision.WEEK, "last week"),
        ("2024-12-02", Precision.WEEK, "next week"),
        ("2024-11-04", Precision.WEEK, "3 weeks ago"),
        ("2024-06-17", Precision.WEEK, "5 months ago"),
        ("2024-11-01", Precision.MONTH, "this month"),
        ("2024-10-01", Precision.MONTH, "last month"),
        ("2023-08-01", Precision.MONTH, "15 months ago"),
        ("2024-01-01", Precision.YEAR, "this year"),
        ("2025-01-01", Precision.YEAR, "next year"),
        ("2014-01-01", Precision.YEAR, "10 years ago"),
    ],
)
def test_how_long_ago_is_no_finer_than_it_was_stated(at: str, precision: Precision, shown: str) -> None:
    assert show_ago(day(at), precision, day("2024-11-25")) == shown
