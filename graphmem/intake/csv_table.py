"""Tables of messages, as CSV with a head; a mapping says which column holds what."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from graphmem.errors import InvalidInput, UnreadableFile
from graphmem.intake.items import Bad, DateOrder, Found, Item, Options, Reader
from graphmem.intake.lines import numbered_lines, opening
from graphmem.intake.times import date_in, order_of, read_time
from graphmem.models import Message, Role

FIELDS = ("text", "at", "speaker", "role", "id", "session", "agent")
_MARKS = ",;\t|"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How a table is written: the mark between its columns, their number, and the place of each field."""

    mark: str
    width: int
    places: Mapping[str, int]


def read_mapping(given: str | None) -> dict[str, str]:
    """Read `text=body,at=sent`: a message's field, and the column that holds it; raises InvalidInput."""
    columns: dict[str, str] = {}
    for part in (given or "").split(","):
        name, sign, column = (p.strip() for p in part.partition("="))
        if given and (not sign or not column or name not in FIELDS or name in columns):
            raise InvalidInput(f"--map {part!r}: write field=column, each of {', '.join(FIELDS)} at most once.")
        if given:
            columns[name] = column
    return columns


def csv_table(path: Path, options: Options) -> Reader:
    """Return what reads a table, after a look at its head and its dates; raises UnreadableFile."""
    manner = _manner(path, options.columns)
    dates = (_date(row, manner) for row in _rows(path, manner.mark) if not isinstance(row, Bad))
    order = order_of(path, (pair for pair in dates if pair), options.dates)
    return partial(_read, path, options, manner, order)


def _manner(path: Path, columns: Mapping[str, str]) -> _Manner:
    head = opening(path).partition("\n")[0]
    mark = max(_MARKS, key=head.count)
    first = next(_rows(path, mark), None)
    if first is None or isinstance(first, Bad):
        raise UnreadableFile(f"{path} has no head; its first line names the columns.")
    names = [name.strip() for name in first[1]]
    wanted = {field: columns.get(field, field) for field in FIELDS}
    missing = [c for f, c in wanted.items() if c not in names and (f in columns or f in {"text", "at"})]
    if missing:
        raise UnreadableFile(
            f"{path} has no column {missing[0]!r}; it has {', '.join(map(repr, names))}. Say which holds what: "
            "--map text=body,at=sent,speaker=from."
        )
    twice = [c for c in wanted.values() if names.count(c) > 1]
    if twice:
        raise UnreadableFile(f"{path} has more than one column {twice[0]!r}. Give each a name of its own.")
    places = {field: names.index(column) for field, column in wanted.items() if column in names}
    return _Manner(mark=mark, width=len(names), places=places)


def _rows(path: Path, mark: str) -> Iterator[tuple[str, Sequence[str]] | Bad]:
    """Yield rows with their places, the head first; empty lines are passed over."""
    undecoded: list[Bad] = []
    number = 0

    def lines() -> Iterator[str]:
        nonlocal number
        for line in numbered_lines(path):
            if isinstance(line, Bad):
                undecoded.append(line)
            else:
                number = line[0]
                yield f"{line[1]}\n"

    read = csv.reader(lines(), delimiter=mark, strict=True)
    try:
        for row in read:
            yield from undecoded
            undecoded.clear()
            if row:
                yield f"line {number}", row
    except csv.Error as exc:
        raise UnreadableFile(
            f"{path}, line {number}: not CSV ({exc}), so what follows cannot be told apart. Nothing was stored. "
            "Mend the quotation marks there."
        ) from exc
    yield from undecoded


def _date(row: tuple[str, Sequence[str]], manner: _Manner) -> tuple[str, str] | None:
    where, cells = row
    date = date_in(cells[manner.places["at"]]) if len(cells) == manner.width else None
    return (where, date) if date else None


def _read(path: Path, options: Options, manner: _Manner, order: DateOrder) -> Iterator[Item]:
    rows = _rows(path, manner.mark)
    next(rows)
    for row in rows:
        yield row if isinstance(row, Bad) else _message(*row, options, manner, order)


def _message(where: str, cells: Sequence[str], options: Options, manner: _Manner, order: DateOrder) -> Item:
    if len(cells) != manner.width:
        return Bad(where=where, why=f"it has {len(cells)} columns, and the head has {manner.width}")
    cell = {field: cells[place].strip() for field, place in manner.places.items()}
    try:
        at, timing = read_time(cell["at"], options.zone, order)
    except (ValueError, OverflowError) as exc:
        return Bad(where=where, why=f"{cell['at']!r} is no time ({exc}); write 2024-06-20T20:15:00Z")
    named = cell.get("role", "").casefold() or Role.USER.value
    if named not in set(Role):
        return Bad(where=where, why=f"it has the role {cell['role']!r}; known are {', '.join(Role)}")
    message = Message(
        text=cell["text"],
        at=at,
        role=Role(named),
        speaker=cell.get("speaker") or None,
        id=cell.get("id") or None,
        session=cell.get("session") or None,
        agent=cell.get("agent") or None,
    )
    return Found(where=where, message=message, timing=timing)
