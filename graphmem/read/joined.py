"""Several named queries of one moment of a search, asked together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphmem.ports import Reader, Request, Row


async def joined(reader: Reader, wanted: Mapping[str, Request | None], **shared: Any) -> dict[str, list[Row]]:
    """Return rows by what they are wanted for, none where nothing is to be asked."""
    asked = {what: request for what, request in wanted.items() if request is not None}
    found = await reader.read_joined(list(asked.values()), **shared) if asked else []
    rows = dict(zip(asked, found, strict=True))
    return {what: rows.get(what, []) for what in wanted}
