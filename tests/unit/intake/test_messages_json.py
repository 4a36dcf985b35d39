from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import UnreadableFile
from graphmem.intake.detect import detect
from graphmem.intake.items import Bad, Format, Found, Options, Timing
from graphmem.intake.messages_json import messages_document, read_messages
from tests.unit.intake.files import items, texts

GOOD = '{"text": "Hi", "at": "2024-05-01T09:00:00Z"}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", f"[{GOOD}]"),
        ("a.json", f'{{"messages": [{GOOD}]}}'),
        ("a.jsonl", f"{GOOD}\n\n"),
        ("a.json", f"\ufeff[{GOOD}]"),
        ("a.jsonl", f"\ufeff{GOOD}\r\n"),
        ("talk", f"{GOOD}\n{GOOD.replace('Hi', 'Ho')}"),
        ("talk.txt", f'{{"messages": [{GOOD}]}}'),
        ("talk.txt", f"[\n{GOOD}\n]"),
    ],
)
def test_json_and_json_lines_are_read(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    first = items(tmp_path / name)[0]

    assert isinstance(first, Found)
    assert first.message.text == "Hi"
    assert first.message.at.isoformat() == "2024-05-01T09:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "content", "where", "says"),
    [
        ("a.jsonl", f"{GOOD}\n{{broken", "line 2", "not JSON"),
        ("a.jsonl", f"{GOOD}\n[]", "line 2", "the message"),
        ("a.json", f'[{GOOD}, {{"text": "no time"}}]', "message 2", "at: "),
        ("a.json", '[{"text": "x", "at": "soon"}]', "message 1", "at: "),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "role": "boss"}]', "message 1", "role"),
        ("a.json", '[{"text": " ", "at": "2024-05-01T09:00:00Z"}]', "message 1", "it is empty"),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "metadata": {"a": {"b": 1}}}]', "message 1", "metad"),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "colour": "red"}]', "message 1", "colour"),
        ("a.jsonl", '{"text": "' + "x" * 100_001 + '", "at": "2024-05-01T09:00:00Z"}', "line 1", "100,001 bytes"),
        ("a.jsonl", f"{GOOD}\n" + "x" * 2_000_001, "line 2", "longer than"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, name: str, content: str, where: str, says: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    (bad,) = [item for item in items(tmp_path / name) if isinstance(item, Bad)]

    assert bad.where == where
    assert says in bad.why


@pytest.mark.parametrize(("content", "says"), [("{", "line 1"), ('"text"', "a list of messages"), ("[1", "line 1")])
def test_a_document_that_is_no_list_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")

    with pytest.raises(UnreadableFile, match=says):
        items(tmp_path / "a.json")


def test_a_time_without_zone_is_read_in_the_zone_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "x", "at": "2024-05-01T09:00:00"}]')

    (found,) = items(tmp_path / "a.json", zone="+02:00")

    assert isinstance(found, Found)
    assert found.timing is Timing.NAIVE
    assert found.message.at.isoformat() == "2024-05-01T09:00:00+02:00"


def test_a_document_above_the_size_that_is_read_whole_is_told_to_be_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f"[{GOOD}]")

    with pytest.raises(UnreadableFile, match=r"up to 20\. .*\.jsonl"):
        list(messages_document(tmp_path / "a.json", Options(document_bytes=20))())


def test_a_line_in_another_encoding_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD.encode() + b"\n\xe6\xf8\n" + GOOD.replace("Hi", "Ho").encode())

    first, bad, last = items(tmp_path / "a.jsonl")

    assert bad == Bad(where="line 2", why="is not UTF-8 (byte 1); save the file as UTF-8")
    assert texts([first, last]) == ["Hi", "Ho"]


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.txt").write_text("no talk at all")

    for name in ("a.json", "none.json", "."):
        with pytest.raises(UnreadableFile, match="cannot read"):
            detect(tmp_path / name)
    with pytest.raises(UnreadableFile, match="--format"):
        detect(tmp_path / "b.txt")


def test_a_small_document_is_read_at_once_and_needs_zones(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f"[{GOOD}]")
    (tmp_path / "b.json").write_text('[{"text": "x", "at": "2024-05-01T09:00:00"}]')
    (tmp_path / "c.json").write_text("[]")

    assert [m.text for m in read_messages(tmp_path / "a.json")] == ["Hi"]
    with pytest.raises(UnreadableFile, match="message 1: at"):
        read_messages(tmp_path / "b.json")
    with pytest.raises(UnreadableFile, match="no messages"):
        read_messages(tmp_path / "c.json")
    assert detect(tmp_path / "a.json") is Format.JSON
