"""What a question says around a name, cut into what may be said by one fact each, from the name outwards.

"Where did [the sister of] [Anna's boss] study?": the name is innermost, the words beside it say the first hop, those
around them the next, and the outermost words what is asked of the last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PLACEHOLDER = "Anna"
"""Stands for whoever is meant, in a question's parts as in what a fact may say."""
MOST_RIGHT = 6
"""How many words after the name may be cut apart."""
_ARTICLES = {"the", "a", "an"}
_TIME_FIRST = re.compile(r"^(as of|in|on|by|before|after|since|during|until)\b[^,]{1,40},\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """How far outwards a question has been read: words before `left` and from `right` on are still to be read."""

    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """The words before and after a name, where they may be cut, and whether one fact says it all."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    left_cuts: tuple[int, ...]
    right_cuts: tuple[int, ...]
    single: bool

    @property
    def start(self) -> Place:
        """Where reading begins: at the name."""
        return Place(len(self.before), 0)

    @property
    def end(self) -> Place:
        """Where all has been read."""
        return Place(0, len(self.after))

    def parts(self, place: Place) -> list[tuple[Place, str]]:
        """Return what may be read next, with the place after it."""
        found: list[tuple[Place, str]] = []
        if self.single:
            return [(self.end, " ".join([*self.before, PLACEHOLDER, *self.after]))] if place == self.start else []
        for left in (c for c in self.left_cuts if c <= place.left):
            for right in (c for c in self.right_cuts if c >= place.right):
                words = [*self.before[left : place.left], PLACEHOLDER, *self.after[place.right : right]]
                if len(words) > 1 and words[1:] != ["'s"]:
                    found.append((Place(left, right), " ".join(words).replace(" 's", "'s")))
        return found


def nested(question: str, names: Sequence[str]) -> Nested | None:
    """Return what a question says around the longest of an entity's names that is in it; None where none is."""
    text = _TIME_FIRST.sub("", question.strip()).rstrip("?!. ")
    for name in sorted(names, key=len, reverse=True):
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
        if match is not None:
            return _cut(text[: match.start()].split(), re.sub(r"['’]s\b", " 's", text[match.end() :]).split())
    return None


def _cut(before: list[str], after: list[str]) -> Nested:
    inner = [i for i, word in enumerate(before) if i and word.lower() in _ARTICLES]
    owned = "'s" in after
    near = [i for i in range(len(after) + 1) if i <= MOST_RIGHT or i == len(after)]
    return Nested(
        before=tuple(before),
        after=tuple(after),
        left_cuts=tuple(dict.fromkeys([0, *inner, len(before)])),
        right_cuts=tuple(near),
        single=not inner and not owned,
    )
