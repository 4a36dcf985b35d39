from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import UnreadableFile
from graphmem.intake.report import SHOWN, Refused, Tally, refuse
from graphmem.intake.scripts import letters_by_script, shares
from tests.unit.intake.files import report


def test_a_report_says_how_a_file_stands(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(
        "[2024-06-20 20:15] Ada: Hei\n"
        "[2024-06-20 20:14] Ben: Да\n"
        "[2024-06-20 20:16] Ada: \n"
        "[2024-06-20 20:17] Ada joined\n"
        "[2024-06-20 20:15] Ada: Hei\n"
        "[2024-06-20 20:18] Assistant: x\n"
    )

    told = report(tmp_path / "talk.txt")

    assert (told.format, told.messages, told.characters) == ("transcript", 3, 6)
    assert told.speakers == {"Ada": 1, "Ben": 1, "the assistant": 1}
    assert told.roles == {"user": 2, "assistant": 1}
    assert told.sessions == {"main": 3}
    assert str(told.first) == "2024-06-20 20:14:00+00:00"
    assert str(told.last) == "2024-06-20 20:18:00+00:00"
    assert told.scripts == {"Latin": 4 / 6, "Cyrillic": 2 / 6}
    assert (told.naive_times, told.zone, told.inferred_times) == (3, "UTC", 0)
    assert (told.out_of_order, told.first_out_of_order) == (1, "line 2")
    assert (told.repeated_contents, told.repeated_ids) == (1, 0)
    assert (told.refused, told.empty, told.empty_share) == (1, 1, 0.2)
    assert told.first_refused == (Refused(where="line 3", why="it is empty. Leave it out, or give it a text"),)
    assert told.left_out == {"notices of the chat program": 1}


def test_only_the_first_of_the_refused_are_named_and_all_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n" * (SHOWN + 5))

    told = report(tmp_path / "a.jsonl")

    assert (told.refused, len(told.first_refused)) == (SHOWN + 5, SHOWN)
    with pytest.raises(UnreadableFile, match=rf"a\.jsonl, line 1: .*, and {SHOWN + 4} more\. Nothing.*--skip-bad"):
        refuse([told], skip_bad=False)
    with pytest.raises(UnreadableFile, match="holds no messages"):
        refuse([told], skip_bad=True)


def test_a_file_of_repeats_alone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Hi", "at": "2024-06-20T20:15:00Z", "id": "m1"}\n' * 2)

    told = report(tmp_path / "a.jsonl", session="club")
    refuse([told], skip_bad=False)

    assert (told.messages, told.repeated_ids, told.sessions) == (1, 1, {"club": 1})
    assert Tally(file="a", format="json").report().empty_share == 0.0


def test_letters_are_told_by_script() -> None:
    letters = letters_by_script("Ada, 12! Да 東京 カナ 한 ǅ Ω")

    assert letters == {"Latin": 4, "Cyrillic": 2, "Chinese": 2, "Japanese": 2, "Korean": 1, "Greek": 1}
    assert next(iter(shares(letters))) == "Latin"
    assert shares({}) == {}
