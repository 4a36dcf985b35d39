from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, UnreadableFile
from graphmem.intake.csv_table import read_mapping
from graphmem.intake.items import Bad, Found, Timing
from graphmem.models import Role
from tests.unit.intake.files import items, texts

MAP = "text=body,at=sent,speaker=from,role=kind,id=no,session=thread"


def test_a_mapping_says_which_column_holds_what(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'no,sent,from,kind,body,thread,mood\n7,2024-06-20T20:15:00Z,Ada,User,"Hi, ""you""\nthere",t1,good\n'
        "8,2024-06-20 20:16,,assistant,Ok,,\n"
    )

    first, second = items(tmp_path / "a.csv", columns=read_mapping(MAP))

    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert first.message.text == 'Hi, "you"\nthere'
    assert (first.message.speaker, first.message.id, first.message.session) == ("Ada", "7", "t1")
    assert first.where == "line 3"
    assert (second.message.role, second.message.speaker, second.timing) == (Role.ASSISTANT, None, Timing.NAIVE)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_marks_between_columns_are_told_by_the_head(tmp_path: Path, mark: str) -> None:
    (tmp_path / "a.csv").write_text(f"text{mark}at\nHi{mark}20/06/2024 20:15\nHo{mark}1718914500\n")

    found = items(tmp_path / "a.csv")

    assert texts(found) == ["Hi", "Ho"]
    assert {f.message.at.isoformat() for f in found if isinstance(f, Found)} == {"2024-06-20T20:15:00+00:00"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Hi", "1 columns, and the head has 3"),
        ("Hi,soon,user", "is no time"),
        ("Hi,,user", "is no time"),
        ("Hi,2024-06-20T20:15:00Z,boss", "'boss'; known are user"),
        (",2024-06-20T20:15:00Z,user", "it is empty"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(f"text,at,role\n{row}\nHo,2024-06-20T20:15:00Z,\n")

    bad, good = items(tmp_path / "a.csv")

    assert isinstance(bad, Bad)
    assert bad.where == "line 2"
    assert says in bad.why
    assert texts([good]) == ["Ho"]


@pytest.mark.parametrize(
    ("content", "columns", "says"),
    [
        ("body,at\nx,2024\n", None, "no column 'text'; it has 'body', 'at'"),
        ("text,at\nx,2024\n", "session=thread", "no column 'thread'"),
        ("text,at,text\n", None, "more than one column 'text'"),
        ("", None, "no head"),
        ('text,at\n"Hi,2024-06-20T20:15:00Z\n', None, "line 2: not CSV"),
    ],
)
def test_a_table_that_cannot_be_told_apart_is_refused(
    tmp_path: Path, content: str, columns: str | None, says: str
) -> None:
    (tmp_path / "a.csv").write_text(content)

    with pytest.raises(UnreadableFile, match=says):
        items(tmp_path / "a.csv", columns=read_mapping(columns))


@pytest.mark.parametrize("given", ["body", "text=", "colour=red", "text=a,text=b", "text=a,"])
def test_a_mapping_that_says_nothing_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="field=column"):
        read_mapping(given)
