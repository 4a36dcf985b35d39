"""Lucene queries that carry the scope: the same text on every store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from graphmem.models import Scope
from graphmem.text import STOP_WORDS, fold

_WORD = re.compile(r"\w+(?:'\w+)*")
MOST_WORDS = 60
FUZZY_LETTERS = 5


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    # Of ASCII letters folding only changes the case, and how they are spaced is nothing to words.
    return _WORD.findall(text.lower() if text.isascii() else fold(text))


def scoped(scopes: Sequence[Scope], terms: Iterable[str], mistyped: Iterable[str] = ()) -> str | None:
    """Return a query for any of the terms within the scopes, None without terms; words are quoted, nothing escapes.

    Of the long ones among `mistyped`, words that differ by one letter match too.
    """
    kept = list(dict.fromkeys(terms))[:MOST_WORDS]
    if not kept:
        return None
    keys = " ".join(f"scope_key:{scope.digest}" for scope in scopes)
    near = [f"folded:{w}~1" for w in dict.fromkeys(mistyped) if len(w) >= FUZZY_LETTERS and w.isalnum()][:MOST_WORDS]
    return f"+({keys}) +({' '.join([*(f'folded:{_quoted(term)}' for term in kept), *near])})"


def _quoted(term: str) -> str:
    # A word holds letters, digits, underscores and apostrophes only, so a quoted one has no operator in it.
    return f'"{term}"'


def content_words(text: str) -> list[str]:
    """Return the words of a question that carry meaning; all of them where none does."""
    found = [w.removesuffix("'s") for w in words(text)]
    return [w for w in found if w not in STOP_WORDS] or found
