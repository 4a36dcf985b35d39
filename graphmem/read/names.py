"""Who a question names: whole names, part of one, one with a slip of the pen, and whoever says "my"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import DamerauLevenshtein

from graphmem import lucene
from graphmem.models import Entity, Scope
from graphmem.ontology import load_ontology
from graphmem.ports import Request
from graphmem.text import STOP_WORDS, fold

MOST = 20
LOOKED_AT = 100
SLIP_LETTERS = 5
"""From how many letters on a word may be mistyped by one."""
_PARTLY_NAMED = {"Person", "Organization"}
_NAMED = "\0"
"""What stands for a name once it was read; in no word."""
_OWN = re.compile(r"\bmy\b", re.IGNORECASE)
_BEFORE_ANOTHER = re.compile(rf"(?:{lucene.WORD.pattern})(?= \w)")
_SELF = re.compile(r"\b(?:I|me|myself)\b(?!['’]\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entity, and the words by which the question names it."""

    entity: Entity
    surface: str


def names_asked(question: str, scopes: Sequence[Scope]) -> Request | None:
    """Return how to ask for the entities that a question may name; None where it has no words."""
    return _saying(lucene.scoped(scopes, lucene.content_words(question)))


def slips_asked(question: str, named: Sequence[Named], scopes: Sequence[Scope]) -> Request | None:
    """Return how to ask for the entities whose names a question may mistype, None where no other word may be a name.

    A word in small letters is none where another one, not the first, begins with a capital.
    """
    written = lucene.WORD.findall(question)
    capitals = any(word[0].isupper() and fold(word) not in STOP_WORDS for word in written[1:])
    names = (fold(word).removesuffix("'s") for word in written if word[0].isupper() or not capitals)
    taken = {word for n in named for word in lucene.words(n.surface)}
    others = (word for word in names if word not in taken and word not in STOP_WORDS and word not in _common_words())
    left = [word for word in others if len(word) >= SLIP_LETTERS]
    return _saying(lucene.scoped(scopes, left, mistyped=left))


def _saying(text: str | None) -> Request | None:
    return None if text is None else ("entities_saying", {"text": text, "limit": LOOKED_AT})


def link_names(question: str, entities: Sequence[Entity]) -> tuple[Named, ...]:
    """Return which of some entities a question names; a part or a slip counts where it means just one of them."""
    words = [w.removesuffix("'s") for w in lucene.words(question)]
    known = [_Known(entity=e, names={name: lucene.words(name) for name in e.names}) for e in entities]
    whole = _whole(known, words)
    taken = {w for n in whole for w in lucene.words(n.surface)}
    named = {n.entity.id for n in whole}
    others = [k for k in known if k.entity.id not in named]
    partly: list[Named] = []
    for word in dict.fromkeys(w for w in words if w not in taken and w not in STOP_WORDS):
        meant = [k.entity for k in others if _partly(k, word)] or [k.entity for k in others if _mistyped(k, word)]
        if len({e.canonical_id for e in meant}) == 1:
            partly.append(Named(entity=meant[0], surface=word))
    return (*whole, *partly)[:MOST]


def owning(question: str, entities: Sequence[Entity]) -> str:
    """Return a question with the apostrophe that "Adas boss" lacks, where somebody is named so but for the "s"."""
    parts = [(part, e.type in _PARTLY_NAMED) for e in entities for name in e.names for part in lucene.words(name)]
    known = {part for part, _ in parts}
    owners = {part for part, owns in parts if owns}

    def written(said: re.Match[str]) -> str:
        word = fold(said[0])
        owns = word.endswith("s") and word not in known and word[:-1] in owners
        return f"{said[0][:-1]}'s" if owns else said[0]

    return _BEFORE_ANOTHER.sub(written, question)


def spoken(question: str, user: str) -> str:
    """Return a question in the third person: what is said of "me" and "mine" is about the user."""
    # By functions, since what stands in a user's name is no pattern.
    return _SELF.sub(lambda _: user, _OWN.sub(lambda _: f"{user}'s", question))


@cache
def _common_words() -> frozenset[str]:
    """Return the words by which people say what the package's predicates mean, which are no names mistyped."""
    predicates = load_ontology().predicates.values()
    forms = (form for p in predicates for form in (p.phrase, *p.paraphrases.object, *p.paraphrases.subject))
    return frozenset(word for form in forms for word in lucene.words(form))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An entity with the words of each of its names."""

    entity: Entity
    names: Mapping[str, Sequence[str]]


def _whole(known: Sequence[_Known], words: Sequence[str]) -> list[Named]:
    """Return the entities whose names the words say whole; what is only said within a longer name is not named."""
    left = f" {' '.join(words)} "
    said: set[str] = set()
    for told in sorted({" ".join(parts) for k in known for parts in k.names.values()}, key=len, reverse=True):
        if f" {told} " in left:
            left = left.replace(f" {told} ", f" {_NAMED} ")
            said.add(told)
    named: list[Named] = []
    for k in known:
        surfaces = [name for name, parts in k.names.items() if " ".join(parts) in said]
        if surfaces:
            named.append(Named(entity=k.entity, surface=max(surfaces, key=len)))
    return named


def _partly(known: _Known, word: str) -> bool:
    return known.entity.type in _PARTLY_NAMED and any(word in parts for parts in known.names.values())


def _mistyped(known: _Known, word: str) -> bool:
    if len(word) < SLIP_LETTERS or any(c.isdigit() for c in word):
        return False
    return any(
        len(part) >= SLIP_LETTERS
        and DamerauLevenshtein.distance(part, word, score_cutoff=1) == 1
        and not any(c.isdigit() for c in part)
        for parts in known.names.values()
        for part in parts
    )
