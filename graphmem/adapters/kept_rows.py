"""Rows of a result as they come: kept while they are few and light enough, read from JSON that is not all there yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphmem.errors import QueryFailed, StoreError
from graphmem.ports import Answered

_BEFORE_ROWS, _AFTER_ROWS = '"result":[', "]"
_DECODER = json.JSONDecoder()


class KeptRows:
    """The rows of a result until there are as many as may be, or they weigh as many bytes in JSON as they may.

    What comes once it is `full` is left out, and truncates the answer.
    """

    def __init__(self, *, limit: int, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.full = False
        self._limit = limit
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """Keep a row where there is room; raises QueryFailed for a first one that is too heavy."""
        if self.full:
            return
        if len(self._rows) == self._limit:
            self.full = True
            return
        self._bytes += _weight(row)
        if self._bytes > self.most_bytes:
            self.overflow()
            return
        self._rows.append(row)

    def overflow(self) -> None:
        """Keep no more, as what comes next is too heavy; raises QueryFailed where nothing came before it."""
        if not self._rows:
            raise QueryFailed(
                f"a single row of the result takes more than {self.most_bytes:,} bytes (GRAPHMEM_RESULT_BYTES). Ask "
                "for less: fewer columns, or a WITH ... LIMIT before what is collected."
            )
        self.full = True

    def answered(self) -> Answered:
        """Return what was kept."""
        return Answered(rows=tuple(self._rows), truncated=self.full)


class JsonRows:
    """Takes the rows out of the embedded store's answer as it comes, and holds no more of it than one row's text."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._text = ""
        self._begun = False
        self._enough = 0

    def more(self, text: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rows that are whole with this piece of the answer."""
        self._text += text
        if not self._begun:
            _, mark, rest = self._text.partition(_BEFORE_ROWS)
            if not mark:
                return
            self._begun, self._text = True, rest
        if len(self._text) >= self._enough:
            yield from self._whole()

    def last(self) -> Iterator[Mapping[str, Any]]:
        """Yield the rows left at the end of the answer; raises StoreError where that is not the end of a result."""
        yield from self._whole()
        if not self._begun or not self._text.startswith(_AFTER_ROWS):
            raise StoreError("the embedded store's answer to a query holds no whole result; try again.")

    @property
    def overflows(self) -> bool:
        """Whether a row that is not whole yet is longer than one may be."""
        return len(self._text) > self._most and self._begun and not self._text.startswith(_AFTER_ROWS)

    def _whole(self) -> Iterator[Mapping[str, Any]]:
        at = 0
        while at < len(self._text) and not self._text.startswith(_AFTER_ROWS, at):
            try:
                row, at = _DECODER.raw_decode(self._text, at)
            except json.JSONDecodeError:
                break
            yield row
            at += self._text.startswith(",", at)
        self._text = self._text[at:]
        # A long row is not read anew with each piece of it, but once it is twice as long.
        self._enough = min(2 * len(self._text), self._most)


def _weight(row: tuple[Any, ...]) -> int:
    return len(json.dumps(row, ensure_ascii=False, default=str).encode(errors="surrogatepass"))
