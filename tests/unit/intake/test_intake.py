from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from graphmem.errors import UnreadableFile
from graphmem.intake.intake import Repeat, open_intake
from graphmem.intake.items import Format, Found, Options
from graphmem.intake.load import look_at, message_batches
from tests.counts import FULL
from tests.unit.intake.files import items, texts

LINES = 20_000 if FULL else 6000
AT = '"at": "2024-06-20T20:15:00Z"'


def ids(path: Path, **options: object) -> list[str | None]:
    return [item.message.id for item in items(path, **options) if isinstance(item, Found)]


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_an_id_rests_on_what_is_said_and_not_on_where(tmp_path: Path) -> None:
    talk = "[2024-06-20 20:15] Ada: Hi\n[2024-06-20 20:16] Ben: Ho\n"
    one = ids(written(tmp_path / "one.txt", talk))
    longer = ids(written(tmp_path / "longer.txt", f"[2024-06-19 08:00] Ada: Before\n{talk}"))
    elsewhere = ids(tmp_path / "one.txt", session="club")

    assert len(set(one)) == 2
    assert longer[1:] == one
    assert not set(elsewhere) & set(one)


def test_a_list_and_lines_of_json_give_the_same_ids(tmp_path: Path) -> None:
    message = f'{{"text": "Hi", {AT}}}'

    assert ids(written(tmp_path / "a.json", f"[{message}]")) == ids(written(tmp_path / "a.jsonl", message))


def test_equal_messages_are_kept_once_or_each_time(tmp_path: Path) -> None:
    talk = written(tmp_path / "a.txt", "[2024-06-20 20:15] Ada: ok\n[2024-06-20 20:15] Ada: ok\n")

    first, second = items(talk)
    every = ids(talk, keep_repeats=True)

    assert isinstance(first, Found)
    assert second == Repeat(where="line 2", by_id=False)
    assert len(set(every)) == 2
    assert every[0] == first.message.id
    assert every == ids(talk, keep_repeats=True)


def test_a_repeated_id_is_kept_once_and_other_words_under_it_are_told(tmp_path: Path) -> None:
    def message(text: str, own: str) -> str:
        return f'{{"text": "{text}", {AT}, "id": "{own}"}}'

    lines = "\n".join([message("Hi", "m1"), message("Hi", "m1"), message("Ho", "m1"), message("Hi", "m2")])

    found, *repeats = items(written(tmp_path / "a.jsonl", lines))

    assert texts([found]) == ["Hi"]
    assert repeats == [
        Repeat(where="line 2", by_id=True),
        Repeat(where="line 3", by_id=True, differs=True),
        Repeat(where="line 4", by_id=False),
    ]


def test_batches_hold_each_message_once_across_files(tmp_path: Path) -> None:
    talk = "".join(f"[2024-06-20 20:{i % 60:02}] Ada: line {i}\n" for i in range(700))
    intakes = [open_intake(written(tmp_path / name, talk), Options()) for name in ("a.txt", "b.txt")]

    batches = list(message_batches(intakes, skip_bad=False))

    assert [len(batch) for batch in batches] == [500, 200]
    assert batches[1][-1].text == "line 699"
    assert [(r.messages, r.repeated_contents) for r in look_at(intakes, None)] == [(700, 0), (0, 700)]


def test_a_file_that_was_changed_meanwhile_is_not_kept_by_half_a_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", f'{{"text": "Hi", {AT}}}\n')
    intake = open_intake(path, Options())
    with path.open("a") as file:
        file.write('{"text": "half')

    with pytest.raises(UnreadableFile, match="changed after it was looked at"):
        list(message_batches([intake], skip_bad=False))
    assert len(list(message_batches([intake], skip_bad=True))) == 1


def test_a_long_transcript_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    with path.open("w") as file:
        for i in range(LINES):
            file.write(f"[2024-06-{i // 1440 + 1:02} {i // 60 % 24:02}:{i % 60:02}] Ada: {i} {'far to go ' * 80}\n")
    size = path.stat().st_size

    def both_passes() -> tuple[int, int]:
        intake = open_intake(path, Options())
        (report,) = look_at([intake], None)
        kept = 0
        for batch in message_batches([intake], skip_bad=False):
            kept += len(batch)
        return report.messages, kept

    tracemalloc.start()
    try:
        counted = both_passes()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert counted == (LINES, LINES)
    assert size > 800 * LINES
    assert peak < 2_000_000, "whatever the size"


def test_a_named_format_is_taken_and_a_file_that_cannot_be_read_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "talk.log", f'{{"text": "Hi", {AT}}}\n')
    os.mkfifo(tmp_path / "pipe.jsonl")

    assert texts(items(path, form=Format.JSONL)) == ["Hi"]
    with pytest.raises(UnreadableFile, match="--start"):
        items(path, form=Format.TRANSCRIPT)
    with pytest.raises(UnreadableFile, match="read twice"):
        items(tmp_path / "pipe.jsonl", form=Format.JSONL)
