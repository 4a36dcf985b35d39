"""What a question says around a name, cut into what may be said by one fact each, from the name outwards.

"Where did [the sister of] [Anna's boss] study?": the name is innermost, the words beside it say the first hop, those
around them the next, and the outermost words what is asked of the last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.lucene import WORD
from graphmem.text import fold

PLACEHOLDER = "Anna"
"""Stands for whoever is meant, in a question's parts as in what a fact may say."""
MOST_RIGHT = 6
"""How many words after the name may be cut apart, up to a comma."""
_ARTICLES = {"the", "a", "an"}
_UNASKED = {
    "who": frozenset(("Place", "Animal", "Event", "Work", "Activity", "Topic", "Food", "Condition")),
    "where": frozenset(("Person", "Animal", "Work", "Activity", "Topic", "Food", "Condition")),
    "what": frozenset(("Person",)),
}
"""Which types of things a question does not ask for, by how it begins; "what is the name" asks for any."""
_BEGINNING = re.compile(
    r"^(?:(?:to|with|for|from|by|of|about|at|in|on|under) )?(who|where|what)m?\b(?!.{0,20}\bnames?\b)", re.IGNORECASE
)
_OWNED = re.compile(r"'s\b|(?:(?<=s)|^)'(?= )")
"""After a name, or after any word in s: "James' boss"."""
_TIME_FIRST = re.compile(r"^(as of|in|on|by|before|after|since|during|until)\b[^,]{1,40},\s*", re.IGNORECASE)
_ASIDE_LAST = re.compile(
    r",\s*(as|in|on|at|by|before|after|since|during|until|this|last|next|today|now|again|please)\b[^,]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far outwards a question has been read: words before `left` and from `right` on are still to be read."""

    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """The words before and after a name, where they may be cut, and whether one fact says it all.

    `unasked` are the types of things that the question does not ask for, as "who" asks for no place.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    left_cuts: tuple[int, ...]
    right_cuts: tuple[int, ...]
    single: bool
    unasked: frozenset[str]

    @property
    def start(self) -> Place:
        """Where reading begins: at the name."""
        return Place(len(self.before), 0)

    @property
    def end(self) -> Place:
        """Where all has been read."""
        return Place(0, len(self.after))

    def parts(self, place: Place, *, last: bool = False) -> list[tuple[Place, str]]:
        """Return what may be read next, with the place after it; of the `last` part only what reads to the end."""
        if place == self.end or (self.single and place != self.start):
            return []
        ends = [(self.end, self._between(place, self.end))]
        if self.single or last:
            return ends
        ahead = (Place(left, right) for left in self.left_cuts for right in self.right_cuts)
        return [*ends, *((to, self._between(place, to)) for to in ahead if self._sensible(place, to))]

    def _between(self, place: Place, to: Place) -> str:
        words = [*self.before[to.left : place.left], PLACEHOLDER, *self.after[place.right : to.right]]
        return " ".join(words).replace(" 's", "'s")

    def _sensible(self, place: Place, to: Place) -> bool:
        """Tell whether a question that is not over yet may be read from one place to another.

        What somebody owns is read before whose friend that is, and the words that ask ("Where did") come last.
        """
        if to in (place, self.end) or to.left > place.left or to.right < place.right:
            return False
        owns = self.after[place.right : place.right + 1] == ("'s",)
        return not (
            (owns and (to.left < place.left or to.right == place.right))
            or (to.right > place.right and self.after[to.right - 1] == "'s")
            or (to.left == 0 and place.left > 0 and to.right < len(self.after))
        )


def nested(question: str, names: Sequence[str]) -> Nested | None:
    """Return what a question says around the longest of an entity's names that is in it; None where none is.

    Names are compared word by word, without case, accents and what stands between words.
    """
    text = _ASIDE_LAST.sub("", _TIME_FIRST.sub("", question.strip().replace("’", "'")).rstrip("?!. "))
    said = [(_plain(m[0]), m.start(), m.start() + len(m[0].removesuffix("'s"))) for m in WORD.finditer(text)]
    for words in sorted(map(_words, names), key=len, reverse=True):
        for n in range(len(said) - len(words) + 1) if words else ():
            if [word for word, _, _ in said[n : n + len(words)]] == words:
                return _cut(text[: said[n][1]].split(), _OWNED.sub(" 's", text[said[n + len(words) - 1][2] :]).split())
    return None


def _words(name: str) -> list[str]:
    return [_plain(m[0]) for m in WORD.finditer(name.replace("’", "'"))]


def _plain(word: str) -> str:
    return fold(word).removesuffix("'s")


def _cut(before: list[str], after: list[str]) -> Nested:
    inner = [i for i, word in enumerate(before) if i and word.lower() in _ARTICLES]
    owned = "'s" in after
    beginning = _BEGINNING.match(" ".join(before))
    # What follows a comma is said beside the question, and is one piece.
    clause = next((i for i, word in enumerate(after, start=1) if word.endswith(",")), len(after))
    return Nested(
        before=tuple(before),
        after=tuple(after),
        left_cuts=tuple(dict.fromkeys([0, *inner, len(before)])),
        right_cuts=(*range(min(clause, MOST_RIGHT, len(after) - 1) + 1), len(after)) if after else (0,),
        single=not inner and not owned,
        unasked=_UNASKED[beginning[1].lower()] if beginning is not None else frozenset(),
    )
