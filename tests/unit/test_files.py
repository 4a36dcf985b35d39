from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import UnreadableFile
from graphmem.files import read_messages

GOOD = '{"text": "Hi", "at": "2024-05-01T09:00:00Z"}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", f"[{GOOD}]"),
        ("a.json", f'{{"messages": [{GOOD}]}}'),
        ("a.jsonl", f"{GOOD}\n\n"),
        ("a.json", f"\ufeff[{GOOD}]"),
    ],
)
def test_json_and_json_lines_are_read(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    (message,) = read_messages(tmp_path / name)

    assert message.text == "Hi"
    assert message.at.isoformat() == "2024-05-01T09:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", f"{GOOD}\n{{broken", "line 2"),
        ("a.jsonl", f"{GOOD}\n[]", "line 2"),
        ("a.json", f'[{GOOD}, {{"text": "no time"}}]', "message 2: at"),
        ("a.json", '[{"text": "no zone", "at": "2024-05-01T09:00:00"}]', "at"),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "role": "boss"}]', "role"),
        ("a.json", '[{"text": " ", "at": "2024-05-01T09:00:00Z"}]', "empty"),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "metadata": {"a": {"b": 1}}}]', "metadata"),
        ("a.json", '[{"text": "x", "at": "2024-05-01T09:00:00Z", "colour": "red"}]', "colour"),
        ("a.json", "[]", "no messages"),
        ("a.json", "{", "line 1"),
        ("a.json", '"text"', "a list of messages"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    with pytest.raises(UnreadableFile, match=says):
        read_messages(tmp_path / name)


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")

    for name in ("a.json", "none.json"):
        with pytest.raises(UnreadableFile, match="cannot read"):
            read_messages(tmp_path / name)
