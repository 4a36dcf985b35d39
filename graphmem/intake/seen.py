"""Which messages were there before: digests in a temporary file of a database, so that memory stays small."""

from __future__ import annotations

import sqlite3
from types import TracebackType

from graphmem.errors import FileUnwritable


class Seen:
    """Counts contents and ids; closed, it is gone."""

    def __init__(self) -> None:
        # An empty name is a private file that the database keeps out of memory once it grows, and deletes.
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("CREATE TABLE seen (what BLOB PRIMARY KEY, times INTEGER, beside BLOB) WITHOUT ROWID")
        self._base.execute("BEGIN")

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    def count(self, content: str) -> int:
        """Return how often a content, as a hexadecimal digest, was counted before, and count it."""
        return self._entered(b"c", content, "")[0]

    def beside(self, identity: str, content: str) -> str | None:
        """Return the content that an id first came with, None where it is new; both are hexadecimal digests."""
        times, beside = self._entered(b"i", identity, content)
        return beside if times else None

    def _entered(self, kind: bytes, key: str, beside: str) -> tuple[int, str]:
        try:
            row = self._base.execute(
                "INSERT INTO seen VALUES (?, 1, ?) ON CONFLICT (what) DO UPDATE SET times = times + 1 "
                "RETURNING times - 1, beside",
                (kind + bytes.fromhex(key)[:16], bytes.fromhex(beside)[:16]),
            ).fetchone()
        except sqlite3.Error as exc:
            raise FileUnwritable(
                f"the temporary file that tells repeats cannot be written ({exc}). Make room where "
                "temporary files go, or set TMPDIR to another, and run the same command again."
            ) from exc
        return int(row[0]), bytes(row[1]).hex()
