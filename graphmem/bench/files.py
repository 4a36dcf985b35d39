"""How much room a store's files take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_INDEX_ENDINGS = frozenset({".lsmvecidx", ".umtidx", ".uctidx", ".numtidx", ".nuctidx"})
_LOG_FOLDER = "transactions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes of a store's files: in all, those of its indexes, and those of its transaction logs."""

    all: int
    indexes: int
    logs: int


def room_of(folder: Path) -> Room:
    """Return how much room a store's folder takes."""
    files = [(p.relative_to(folder), p.stat().st_size) for p in folder.rglob("*") if p.is_file()]
    return Room(
        all=sum(size for _, size in files),
        indexes=sum(size for path, size in files if _is_index(path)),
        logs=sum(size for path, size in files if _LOG_FOLDER in path.parts or path.suffix == ".wal"),
    )


def _is_index(path: Path) -> bool:
    return "index" in path.parts[:-1] or any(ending in path.name for ending in _INDEX_ENDINGS)
