"""Lines of a file, one at a time, each with its number; a file is never read whole unless it is a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphmem.errors import UnreadableFile
from graphmem.intake.items import Bad

LINE_BYTES = 2_000_000
_MARK = b"\xef\xbb\xbf"
_FOREIGN = (b"\xff\xfe", b"\xfe\xff")


def numbered_lines(path: Path, most: int = LINE_BYTES) -> Iterator[tuple[int, str] | Bad]:
    """Yield a file's lines without their ends, numbered from 1, those of over `most` bytes as bad.

    Raises UnreadableFile for what is no file or no text.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(most):
                number += 1
                whole = raw
                while len(raw) == most and not raw.endswith(b"\n"):
                    raw, whole = file.readline(most), b""
                yield _line(path, number, whole, most)
    except OSError as exc:
        raise UnreadableFile(f"cannot read {path}: {exc}.") from exc


def _line(path: Path, number: int, raw: bytes, most: int) -> tuple[int, str] | Bad:
    if not raw:
        return Bad(where=f"line {number}", why=f"is longer than {most:,} bytes; split it")
    if number == 1:
        if raw.startswith(_FOREIGN):
            raise UnreadableFile(f"cannot read {path}: it is text in UTF-16; save it as UTF-8.")
        raw = raw.removeprefix(_MARK)
    try:
        return number, raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as exc:
        return Bad(where=f"line {number}", why=f"is not UTF-8 (byte {exc.start + 1}); save the file as UTF-8")


def opening(path: Path, size: int = 65_536) -> str:
    """Return the beginning of a file as text; raises UnreadableFile for what cannot be read twice or is no text."""
    if not path.is_file():
        missing = "there is no such file" if not path.exists() else "it is no file, and a file is read twice"
        raise UnreadableFile(f"cannot read {path}: {missing}.")
    try:
        with path.open("rb") as file:
            raw = file.read(size)
    except OSError as exc:
        raise UnreadableFile(f"cannot read {path}: {exc}.") from exc
    if raw.startswith(_FOREIGN) or b"\x00" in raw:
        raise UnreadableFile(f"cannot read {path}: it is no text in UTF-8.")
    return raw.removeprefix(_MARK).decode("utf-8", "replace")


def document(path: Path, most: int) -> Any:
    """Return a JSON document, read whole; raises UnreadableFile for one of over `most` bytes."""
    try:
        size = path.stat().st_size
        if size > most:
            raise UnreadableFile(
                f"{path} has {size:,} bytes; a JSON document is read whole, up to {most:,}. Write one item a line "
                "into a .jsonl file, which may have any size: jq -c '.[]' whole.json > lines.jsonl."
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise UnreadableFile(f"cannot read {path}: {exc}.") from exc
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise UnreadableFile(
            f"{path}, line {exc.lineno}: not JSON ({exc.msg}). Nothing was stored. One message a line goes in .jsonl."
        ) from exc
    except RecursionError as exc:
        raise UnreadableFile(f"{path}: its lists are nested too deep to be messages.") from exc


def json_lines(path: Path, most: int = LINE_BYTES) -> Iterator[tuple[str, Any] | Bad]:
    """Yield where a line stands and the value that it holds; empty lines are passed over."""
    for line in numbered_lines(path, most):
        if isinstance(line, Bad):
            yield line
        elif line[1].strip():
            where = f"line {line[0]}"
            try:
                yield where, json.loads(line[1])
            except (ValueError, RecursionError) as exc:
                yield Bad(where=where, why=f"not JSON ({exc}); write one message a line")
