"""Lucene queries that carry the scope: the same text on every store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import snowballstemmer

from graphmem.models import Scope
from graphmem.text import STOP_WORDS, fold

_STEMMER: Any = snowballstemmer.stemmer("english")
WORD = re.compile(r"\w+(?:'\w+)*")
MOST_WORDS = 60
MOST_FUZZY = 12
"""How many words may be mistyped in one query: each stands for up to 50, and Lucene takes 1,024 in all."""
MOST_SWAPPED = 12
FUZZY_LETTERS = 4
"""From how many letters on a word's stem may differ by one."""


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    # Of ASCII letters folding only changes the case, and how they are spaced is nothing to words.
    return WORD.findall(text.lower() if text.isascii() else fold(text))


def scoped(scopes: Sequence[Scope], terms: Iterable[str], mistyped: Iterable[str] = ()) -> str | None:
    """Return a query for any of the terms within the scopes, None without terms; words are quoted, nothing escapes.

    Of the first long ones among `mistyped`, words match too whose stem, which the index holds, differs by one letter.
    """
    kept = list(dict.fromkeys(terms))[:MOST_WORDS]
    if not kept:
        return None
    keys = " ".join(f"scope_key:{scope.digest}" for scope in scopes)
    slipped = [w for w in dict.fromkeys(map(stem, mistyped)) if len(w) >= FUZZY_LETTERS and w.isalpha()][:MOST_FUZZY]
    near = [term for w in slipped for term in (f"folded:{w}~1", *(f"folded:{_quoted(s)}" for s in _swapped(w)))]
    return f"+({keys}) +({' '.join([*(f'folded:{_quoted(term)}' for term in kept), *near])})"


def _swapped(word: str) -> list[str]:
    """Return a word with each two letters beside each other swapped, which not every store counts as one slip."""
    return [f"{word[:n]}{word[n + 1]}{word[n]}{word[n + 2 :]}" for n in range(len(word) - 1)][:MOST_SWAPPED]


def _quoted(term: str) -> str:
    # A word holds letters, digits, underscores and apostrophes only, so a quoted one has no operator in it.
    return f'"{term}"'


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a folded word, as the analyzer of the indexes makes it of English ones, or nearly so."""
    return _STEMMER.stemWord(word.removesuffix("'s"))


def content_words(text: str) -> list[str]:
    """Return the words of a question that carry meaning; all of them where none does."""
    found = [w.removesuffix("'s") for w in words(text)]
    return [w for w in found if w not in STOP_WORDS] or found
