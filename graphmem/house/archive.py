"""The file of a backup: JSON Lines, a header, then scope by scope its nodes and relationships, and an end for each.

    {"graphmem": "backup", "format": 1, "id": ..., "schema": 5, "embedder": ..., "dimension": ..., "scopes": [...]}
    {"scope": "default/ada", "properties": {...}, "times": {...}}
    {"node": "Fact", "labels": [], "id": ..., "properties": {...}, "times": {...}, "bytes": {...}}  (in base 64)
    {"relationship": "SUBJECT", "from": ["Fact", ...], "to": ["Entity", ...], "properties": {...}, "times": {...}}
    {"end": "default/ada", "nodes": 120, "relationships": 310}
    {"done": 1}

While it is written it is called FILE.part; the scopes that are whole in it are kept when the writing is taken up again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from graphmem.errors import FileUnwritable, StoreNewer, UnreadableFile

FORMAT = 1
_TAIL = 4096
_ENDS = 2
_KEYS = {
    "scope": {"properties", "times"},
    "node": {"labels", "id", "properties", "times"},
    "relationship": {"from", "to", "properties", "times"},
    "end": {"nodes", "relationships"},
    "done": set[str](),
}
Line = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a backup says about itself.

    `schema` is the graph's, `source` tells graphs apart, `whole` is whether all scopes were asked for.
    """

    id: str
    at: str
    schema: int
    embedder: str
    dimension: int
    source: str
    whole: bool
    scopes: tuple[str, ...]

    def goes_on_with(self, part: Header) -> bool:
        """Tell whether what was begun under another header is part of what is to be written."""
        asked = (self.source, self.schema, self.embedder, self.dimension, self.whole)
        begun = (part.source, part.schema, part.embedder, part.dimension, part.whole)
        return asked == begun and (self.whole or self.scopes == part.scopes)


class Writer:
    """A backup that is being written; `header` is that of the part it goes on with, `done` are its whole scopes."""

    def __init__(self, path: Path, header: Header) -> None:
        """Begin a file, or go on with what FILE.part holds of the same backup; raises FileUnwritable."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self.header = header
        self.done: set[str] = set()
        if path.exists():
            raise FileUnwritable(f"{path} is there already; name a new file.")
        self._file = self._said(lambda: os.fdopen(os.open(self._part, os.O_CREAT | os.O_RDWR, 0o600), "r+b"))
        if not self._part.stat().st_size:
            self.write({"graphmem": "backup", "format": FORMAT, **asdict(header)})
            return
        try:
            self._go_on()
        except BaseException:
            self._file.close()
            raise

    def _go_on(self) -> None:
        found = _header(self._part, self._file.readline())
        if not self.header.goes_on_with(found):
            raise FileUnwritable(f"{self._part} holds part of another backup; delete it, or name another file.")
        self.header = found
        position = whole = self._file.tell()
        for line in self._file:
            position += len(line)
            if line.startswith(b'{"end"') and line.endswith(b"\n"):
                self.done.add(json.loads(line)["end"])
                whole = position
        self.back_to(whole)

    def write(self, line: Line) -> None:
        """Write a line; raises FileUnwritable."""
        text = json.dumps(line, ensure_ascii=False, sort_keys="node" in line or "relationship" in line)
        self._said(lambda: self._file.write(text.encode() + b"\n"))

    def position(self) -> int:
        """Return where the next line will be."""
        return self._file.tell()

    def back_to(self, position: int) -> None:
        """Take back all lines from a position on."""
        self._said(self._file.flush)
        self._said(lambda: self._file.truncate(position))
        self._file.seek(position)

    def end(self, scope: str, nodes: int, relationships: int) -> None:
        """Say that a scope is whole, and see that it is on the disk."""
        self.write({"end": scope, "nodes": nodes, "relationships": relationships})
        self._said(self._file.flush)
        self._said(lambda: os.fsync(self._file.fileno()))
        self.done.add(scope)

    def finish(self) -> None:
        """Say that all is there, and give the file its name."""
        self.write({"done": len(self.done)})
        self._said(self._file.close)
        self._said(lambda: self._part.rename(self._path))

    def close(self) -> None:
        """Let go of the file; what is not finished is still called FILE.part."""
        self._said(self._file.close)

    def _said(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as exc:
            raise FileUnwritable(
                f"cannot write {self._part}: {exc}. What is in it stays: the same command goes on with it."
            ) from exc


def read_header(path: Path) -> Header:
    """Return the header of a whole backup; raises UnreadableFile for one that is cut, StoreNewer for a newer one."""
    try:
        with path.open("rb") as file:
            header = _header(path, file.readline())
            file.seek(max(0, path.stat().st_size - _TAIL))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except OSError as exc:
        raise UnreadableFile(f"cannot read {path}: {exc}.") from exc
    if not last.startswith(b'{"done"'):
        raise UnreadableFile(
            f"{path} is cut: its last line is not the end of a backup. Nothing was restored; make the backup again."
        )
    return header


def _header(path: Path, line: bytes) -> Header:
    try:
        found: Any = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict) or cast("Line", found).get("graphmem") != "backup":
        raise UnreadableFile(f"{path} is no backup of graphmem: its first line is not the header of one.")
    fields = cast("dict[str, Any]", found)
    if fields.get("format") != FORMAT:
        raise StoreNewer(f"{path} has format {fields.get('format')}; this graphmem reads {FORMAT}. Upgrade it.")
    try:
        return TypeAdapter(Header).validate_python({k: v for k, v in fields.items() if k not in {"graphmem", "format"}})
    except ValidationError as exc:
        raise UnreadableFile(f"{path}: the header is not one of graphmem's ({exc.errors()[0]['msg']}).") from exc


def read_lines(path: Path) -> Iterator[tuple[int, Line]]:
    """Yield the lines below the header with their numbers; raises UnreadableFile naming the one that is none."""
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if number == 1:
                continue
            try:
                line: Any = json.loads(text)
            except ValueError as exc:
                raise _unreadable(path, number) from exc
            if not isinstance(line, dict) or not _is_line(cast("Line", line)):
                raise _unreadable(path, number)
            yield number, cast("Line", line)


def _is_line(line: Line) -> bool:
    """Tell whether a line has all that its kind needs."""
    keys = next((needed for kind, needed in _KEYS.items() if kind in line), None)
    if keys is None or not keys <= line.keys():
        return False
    held = all(isinstance(line[key], dict) for key in keys & {"properties", "times"})
    return held and all(isinstance(line[key], list) and len(line[key]) == _ENDS for key in keys & {"from", "to"})


def _unreadable(path: Path, number: int) -> UnreadableFile:
    return UnreadableFile(f"{path}, line {number}: no line of a backup. Scopes before it are restored.")
