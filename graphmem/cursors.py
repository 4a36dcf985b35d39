"""Cursors: where a page of a list ended, as a text that its reader passes back for the page after it."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from graphmem.errors import InvalidInput

MOST_CHARACTERS = 4000
"""Names of 300 characters of four bytes each, in base 64, and room to spare."""


def write_cursor(of: str, *place: str | int) -> str:
    """Return the cursor of a place in a list; `of` names the list."""
    return base64.urlsafe_b64encode(json.dumps([of, *place], ensure_ascii=False).encode()).decode()


def read_cursor(text: str, of: str, *kinds: type[str | int]) -> list[Any]:
    """Return the place that a cursor of this list tells, a value of each kind; raises InvalidInput."""
    try:
        found: Any = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as exc:
        raise bad_cursor(text) from exc
    if not isinstance(found, list):
        raise bad_cursor(text)
    name, *place = cast("list[Any]", found) or [None]
    # The types themselves, since a boolean is an integer too; JSON can name what no text can hold.
    if name != of or [type(value) for value in place] != list(kinds) or not all(map(_is_kept, place)):
        raise bad_cursor(text)
    return place


def _is_kept(value: str | int) -> bool:
    return isinstance(value, int) or not any(0xD800 <= ord(c) <= 0xDFFF for c in value)


def bad_cursor(text: str) -> InvalidInput:
    """Return the error of a text that is no cursor of the list that it was passed to."""
    return InvalidInput(f"after is {text!r}, which ends no page; pass the `next` of a page, or nothing for the first.")
