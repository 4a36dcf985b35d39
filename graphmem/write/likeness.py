"""Likeness of names: whether an entity may be another one under a longer, shorter or mistyped name."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import product

from graphmem import lucene
from graphmem.models import Entity

_PARTLY_NAMED = frozenset({"Person", "Organization"})
TYPO_RATIO = 0.88
TYPO_LENGTH = 5


def like(one: Entity, other: Entity) -> bool:
    """Tell whether two entities of one type may be the same: a name, part of one, or all but a letter of it.

    Names with different numbers in them are never alike.
    """
    if one.type != other.type and "Thing" not in (one.type, other.type):
        return False
    parts = _PARTLY_NAMED & {one.type, other.type}
    return any(
        a == b or _mistyped(a, b) or (bool(parts) and _part_of(a, b))
        for a, b in product(one.names, other.names)
        if _digits(a, b)
    )


def _digits(one: str, other: str) -> bool:
    return [c for c in one if c.isdigit()] == [c for c in other if c.isdigit()]


def _part_of(one: str, other: str) -> bool:
    a, b = set(lucene.words(one)), set(lucene.words(other))
    return bool(a and b) and (a < b or b < a)


def _mistyped(one: str, other: str) -> bool:
    long_enough = min(len(one), len(other)) >= TYPO_LENGTH
    return long_enough and SequenceMatcher(None, one, other).ratio() >= TYPO_RATIO
