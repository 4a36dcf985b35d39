"""How relations are called and asked for, in words that the ontology does not have, and how chains of them read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

X = "{x}"
SHORT = frozenset({"name", "possessive"})
_EITHER = re.compile(r"\[([^|\]]+)\|([^|\]]+)\]")


class Phrasings(StrEnum):
    """Which phrasings: the half to look at, the half for the final figure, uncommon ones, ones that may be listed."""

    DEVELOPMENT = "development"
    FINAL = "final"
    RARE = "rare"
    OPEN = "open"


HALVES = (Phrasings.DEVELOPMENT, Phrasings.FINAL)
"""Those with words that no ontology has, whichever phrasings are asked with it, but for the open ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A step of a chain, and its phrasings of one kind; only what has nouns can be followed by another step."""

    name: str
    predicate: str
    reverse: bool
    of: tuple[str, ...]
    nouns: tuple[str, ...]
    questions: tuple[str, ...]


@lru_cache(maxsize=len(Phrasings))
def relations(phrasings: Phrasings) -> tuple[Relation, ...]:
    """Return the relations of phrasings.toml with phrasings of one kind."""
    text = (resources.files("graphmem") / "bench" / "phrasings.toml").read_text(encoding="utf-8")
    return tuple(_relation(name, raw, phrasings) for name, raw in tomllib.loads(text).items())


def _relation(name: str, raw: Mapping[str, Any], phrasings: Phrasings) -> Relation:
    return Relation(
        name=name,
        predicate=raw["predicate"],
        reverse=raw.get("reverse", False),
        of=tuple(raw["of"]),
        nouns=tuple(raw[phrasings].get("nouns", ())),
        questions=tuple(raw[phrasings]["questions"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A relation that is followed, and whether it leads to a woman."""

    relation: Relation
    to_woman: bool


def asked(start: str, steps: Sequence[Step], choose: Callable[[Sequence[str]], str]) -> str:
    """Return a question that names only the start and means the last step, its phrasings chosen by `choose`.

    A phrase stands only where people can read it: "'s" and clauses around a name or another "'s", all else at its end.
    """
    named = start
    form = "name"
    for step in steps[:-1]:
        template = choose([t for t in step.relation.nouns if _fits(form, t)])
        named, form = _filled(template, named, step), _form(template)
    last = steps[-1].relation.questions
    return _filled(choose([q for q in last if form in SHORT or f"{X}'s" not in q]), named, steps[-1])


def _form(noun: str) -> str:
    """Return how a noun phrase is built: {x}'s at its beginning, {x} at its end, or {x} amid it."""
    if noun.startswith(f"{X}'s"):
        return "possessive"
    return "tail" if noun.endswith(X) else "clause"


def _fits(inner: str, noun: str) -> bool:
    """Tell whether a noun phrase reads well around one of another form."""
    return inner in SHORT or _form(noun) == "tail"


def _filled(template: str, named: str, step: Step) -> str:
    chosen = _EITHER.sub(lambda m: m[1] if step.to_woman else m[2], template)
    return chosen.replace(X, named)
