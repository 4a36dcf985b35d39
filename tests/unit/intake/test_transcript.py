from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import UnreadableFile
from graphmem.intake.detect import detect
from graphmem.intake.items import Aside, Bad, Format, Found, Timing
from graphmem.models import Role
from tests.unit.intake.files import items, texts

EVENING = "2024-06-20T20:15:00+00:00"


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("[2024-06-20 20:15] Ada: Hi", EVENING),
        ("2024-06-20T20:15:00Z Ada: Hi", EVENING),
        ("2024-06-20T22:15:00.5+02:00 Ada: Hi", "2024-06-20T22:15:00.500000+02:00"),
        ("20/06/2024, 20:15 - Ada: Hi", EVENING),
        ("20.06.24, 20:15 - Ada: Hi", EVENING),
        ("05.06.24, 20:15 - Ada: Hi", "2024-06-05T20:15:00+00:00"),
        ("6/20/24, 8:15 PM - Ada: Hi", EVENING),
        ("6/20/24, 12:15\u202fAM - Ada: Hi", "2024-06-20T00:15:00+00:00"),
        ("\u200e[20/06/2024, 20:15:33] Ada: Hi", "2024-06-20T20:15:33+00:00"),
        ("[2024/06/20, 8:15:00 p.m.] Ada: Hi", EVENING),
    ],
)
def test_a_head_says_when_and_who(tmp_path: Path, line: str, at: str) -> None:
    (tmp_path / "talk.txt").write_text(f"{line}\n", encoding="utf-8")

    (found,) = items(tmp_path / "talk.txt")

    assert detect(tmp_path / "talk.txt") is Format.TRANSCRIPT
    assert isinstance(found, Found)
    assert (found.message.speaker, found.message.text, found.where) == ("Ada", "Hi", "line 1")
    assert found.message.at.isoformat() == at


def test_a_line_without_head_goes_on_with_the_message_before(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(
        "[2024-06-20 20:15] Ada: I live in Turin.\nNote: since May.\n\n"
        "2024-06-20 20:15 is late\n[2024-06-20 20:16] Ben: Ok\n"
    )

    found = items(tmp_path / "talk.txt")

    assert texts(found) == ["I live in Turin.\nNote: since May.\n\n2024-06-20 20:15 is late", "Ok"]
    assert [item.where for item in found] == ["line 1", "line 5"]


def test_a_line_before_the_first_head_is_named(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("Our talk\n[2024-06-20 20:15] Ada: Hi\n")

    bad, _ = items(tmp_path / "talk.txt")

    assert isinstance(bad, Bad)
    assert bad.where == "line 1"
    assert "begins no message" in bad.why


def test_notices_of_the_chat_program_are_no_messages(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(
        "20/06/2024, 20:15 - Messages are encrypted\nand so on\n20/06/2024, 20:16 - Ada: Hi\n"
    )

    notice, found = items(tmp_path / "talk.txt")

    assert isinstance(notice, Aside)
    assert texts([found]) == ["Hi"]


def test_the_order_of_day_and_month_is_proved_by_any_date_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("05/06/2024, 20:15 - Ada: Hi\n20/06/2024, 20:16 - Ada: Ho\n")
    by_day = items(path)
    path.write_text("05/06/2024, 20:15 - Ada: Hi\n06/20/2024, 20:16 - Ada: Ho\n")
    by_month = items(path)

    assert [f.message.at.month for f in (*by_day, *by_month) if isinstance(f, Found)] == [6, 6, 5, 6]


def test_an_order_that_nothing_proves_must_be_said(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("05/06/2024, 20:15 - Ada: Hi\n")

    with pytest.raises(UnreadableFile, match=r"line 1: 05/06/2024\).*--dates dmy"):
        items(path)
    (found,) = items(path, dates="mdy")
    assert isinstance(found, Found)
    assert found.message.at.month == 5


def test_dates_that_speak_against_each_other_are_named(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("20/06/2024, 20:15 - Ada: Hi\n06/20/2024, 20:16 - Ada: Ho\n")

    with pytest.raises(UnreadableFile, match=r"the day \(line 1.*the month \(line 2"):
        items(path)
    _, bad = items(path, dates="dmy")
    assert isinstance(bad, Bad)
    assert "--dates" in bad.why


def test_without_times_a_start_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("Ada: I live in Turin.\nsee https://example.org\nAssistant: Noted.\nUser: Ok\n")

    with pytest.raises(UnreadableFile, match="--start 2024-06-20T20:00:00Z"):
        items(path)
    found = [f for f in items(path, start=datetime(2024, 6, 20, 20, tzinfo=UTC)) if isinstance(f, Found)]

    assert texts(found) == ["I live in Turin.\nsee https://example.org", "Noted.", "Ok"]
    assert [(f.message.role, f.message.speaker) for f in found] == [
        (Role.USER, "Ada"),
        (Role.ASSISTANT, None),
        (Role.USER, None),
    ]
    assert [f.message.at.second for f in found] == [0, 1, 2]
    assert {f.timing for f in found} == {Timing.INFERRED}


def test_a_message_beyond_what_is_kept_is_measured_and_not_gathered(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("[2024-06-20 20:15] Ada: Hi\n" + "long line\n" * 20_000)

    (bad,) = items(tmp_path / "talk.txt")

    assert isinstance(bad, Bad)
    assert "200,003 bytes" in bad.why


@pytest.mark.parametrize(
    "line", ["[2024-13-20 20:15] Ada: Hi", "[2024-06-20 25:15] Ada: Hi", "[2024-06-31 20:15] Ada: x"]
)
def test_a_time_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "talk.txt").write_text(f"{line}\n")

    (bad,) = items(tmp_path / "talk.txt")

    assert isinstance(bad, Bad)
    assert "is no time" in bad.why


def test_times_without_zone_are_of_the_zone_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("[2024-06-20 20:15] Ada: Hi\n2024-06-20T20:16:00Z Ada: Ho\n")

    found = [f for f in items(tmp_path / "talk.txt", zone="Europe/Oslo") if isinstance(f, Found)]

    assert [(f.message.at.astimezone(UTC).hour, f.timing) for f in found] == [(18, Timing.NAIVE), (20, Timing.STATED)]
