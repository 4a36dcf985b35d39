"""Who a question names: whole names, part of one, one with a slip of the pen, and whoever says "my"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from graphmem import lucene, rows
from graphmem.models import Entity, Scope
from graphmem.ports import Reader
from graphmem.text import STOP_WORDS

MOST = 20
LOOKED_AT = 100
SLIP_LETTERS = 5
"""From how many letters on a word may be mistyped by one."""
_PARTLY_NAMED = {"Person", "Organization"}
_OWN = re.compile(r"\bmy\b", re.IGNORECASE)
_SELF = re.compile(r"\b(?:I|me|myself)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entity, and the words by which the question names it."""

    entity: Entity
    surface: str


async def named_entities(question: str, scopes: Sequence[Scope], reader: Reader) -> tuple[Named, ...]:
    """Return the entities that a question names, those by a whole name first."""
    asked = lucene.content_words(question)
    text = lucene.scoped(scopes, asked, mistyped=asked)
    if text is None:
        return ()
    found = await reader.read("entities_saying", scopes=[s.key for s in scopes], text=text, limit=LOOKED_AT)
    return link_names(question, [rows.entity(row["entity"]) for row in found])


def link_names(question: str, entities: Sequence[Entity]) -> tuple[Named, ...]:
    """Return which of some entities a question names; a part or a slip counts where it means just one of them."""
    words = [w.removesuffix("'s") for w in lucene.words(question)]
    whole = [Named(entity=e, surface=n) for e in entities if (n := _whole(e, words)) is not None]
    taken = {w for n in whole for w in lucene.words(n.surface)}
    others = [e for e in entities if e.id not in {n.entity.id for n in whole}]
    partly: list[Named] = []
    for word in dict.fromkeys(w for w in words if w not in taken and w not in STOP_WORDS):
        meant = [e for e in others if _partly(e, word)] or [e for e in others if _mistyped(e, word)]
        if len({e.canonical_id for e in meant}) == 1:
            partly.append(Named(entity=meant[0], surface=word))
    return (*whole, *partly)[:MOST]


def spoken(question: str, user: str) -> str:
    """Return a question in the third person: what is said of "me" and "mine" is about the user."""
    return _SELF.sub(user, _OWN.sub(f"{user}'s", question))


def _whole(entity: Entity, words: Sequence[str]) -> str | None:
    said = f" {' '.join(words)} "
    names = sorted(entity.names, key=len, reverse=True)
    return next((name for name in names if f" {' '.join(lucene.words(name))} " in said), None)


def _partly(entity: Entity, word: str) -> bool:
    return entity.type in _PARTLY_NAMED and any(word in lucene.words(name) for name in entity.names)


def _mistyped(entity: Entity, word: str) -> bool:
    parts = (part for name in entity.names for part in lucene.words(name))
    return any(
        min(len(part), len(word)) >= SLIP_LETTERS
        and not any(c.isdigit() for c in part + word)
        and DamerauLevenshtein.distance(part, word, score_cutoff=1) == 1
        for part in parts
    )
