"""The ontology: which predicates there are, how many values hold at a time, and what their objects are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphmem.errors import OntologyError

PREDICATE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
PROPERTY_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
KNOWN_END = "{x}"
"""Stands for the end that is known in a paraphrase."""

NOTED = "NOTED"
RELATED_TO = "RELATED_TO"

OWN_LABELS = frozenset(
    {"Scope", "Session", "Episode", "Entity", "Fact", "FactVersion", "Change", "Rule", "Usage", "GraphMem", "Migration"}
)
OWN_TYPES = frozenset(
    {
        *("IN", "NEXT", "MENTIONS", "SAID_BY", "SUBJECT", "OBJECT", "WAS", "STATED_IN", "SUPERSEDES"),
        *("DEPENDS_ON", "CREATED", "REVISED", "MAYBE_SAME", "ABOUT"),
    }
)
OWN_PROPERTIES = frozenset(
    {
        "id",
        "scope",
        "scope_key",
        "name",
        "type",
        "aliases",
        "names",
        "canonical_id",
        "folded",
        "embedding",
        "created_at",
    }
)


class Cardinality(StrEnum):
    """How many values of a predicate hold at a time."""

    ONE = "one"
    MANY = "many"


class Kind(StrEnum):
    """Whether something lasts or happened."""

    STATE = "state"
    EVENT = "event"


class LiteralKind(StrEnum):
    """What a literal is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paraphrases:
    """How people call, or ask for, the object of a fact whose subject is known, and its subject from the object.

    The same where the predicate is symmetric.
    """

    object: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """One predicate; `objects` are entity types, or `literal` says what its value is.

    `said` is how people call its ends, None for what the package's own of that name and phrase has.
    """

    name: str
    cardinality: Cardinality
    kind: Kind
    phrase: str
    objects: tuple[str, ...] = ()
    literal: LiteralKind | None = None
    inverse: str | None = None
    live_property: str | None = None
    rests_on: tuple[str, ...] = ()
    said: Paraphrases | None = None

    @property
    def paraphrases(self) -> Paraphrases:
        """How people call its ends; those of the package's own are read when they are first asked for."""
        if self.said is not None:
            return self.said
        # Reading them takes ten times as long as all the rest, and only a search that walks needs them.
        own = _carried_paraphrases().get(self.name)
        return own.said if own is not None and own.said is not None and own.phrase == self.phrase else Paraphrases()

    @property
    def exclusive(self) -> bool:
        """Whether a new value contradicts the one that holds."""
        return self.cardinality is Cardinality.ONE and self.kind is Kind.STATE

    @property
    def worded(self) -> bool:
        """Whether the words of a fact make it what it is, so that another wording may say the same."""
        return self.literal is LiteralKind.TEXT or self.name == RELATED_TO


@dataclass(frozen=True, slots=True, kw_only=True)
class Ontology:
    """Entity types and predicates by name."""

    types: tuple[str, ...]
    predicates: Mapping[str, Predicate]

    def predicate(self, name: str) -> Predicate:
        """Return the predicate, RELATED_TO for one that is not here."""
        return self.predicates.get(name, self.predicates[RELATED_TO])

    def type(self, name: str) -> str:
        """Return the entity type, `Thing` for one that is not here."""
        return name if name in self.types else "Thing"


class _PredicateFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cardinality: Cardinality
    kind: Kind
    object: LiteralKind | list[str]
    phrase: str
    inverse: str | None = None
    property: str | None = None
    rests_on: list[str] = Field(default_factory=list[str])


class _ParaphrasesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    object: list[str] = Field(default_factory=list[str])
    subject: list[str] = Field(default_factory=list[str])


class _OntologyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    types: list[str]
    predicates: dict[str, _PredicateFile]
    paraphrases: dict[str, _ParaphrasesFile] = Field(default_factory=dict[str, _ParaphrasesFile])


def load_ontology(path: Path | None = None) -> Ontology:
    """Read an ontology file, the package's own when none is named; raises OntologyError.

    A predicate that has the name and the phrase of one of the package's own has its paraphrases too.
    """
    read = _carried() if path is None else _read(path)
    return Ontology(types=tuple(read.types), predicates=_predicates(read))


@cache
def _carried() -> _OntologyFile:
    return _read(resources.files("graphmem") / "ontology.toml")


@cache
def _carried_paraphrases() -> Mapping[str, Predicate]:
    """Return the package's own predicates, whose paraphrases stand in a file beside."""
    folder = resources.files("graphmem")
    return _predicates(_read(folder / "ontology.toml", folder / "paraphrases.toml"))


def _read(*files: Traversable) -> _OntologyFile:
    try:
        raw: dict[str, Any] = {}
        for file in files:
            raw |= tomllib.loads(file.read_text(encoding="utf-8"))
        read = _OntologyFile.model_validate(raw)
    except (OSError, tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as exc:
        raise OntologyError(f"cannot read the ontology {files[0]}: {exc}") from exc
    _check(read, str(files[0]))
    _check_paraphrases(read, str(files[0]))
    return read


def _predicates(file: _OntologyFile) -> dict[str, Predicate]:
    return {name: _predicate(name, p, file.paraphrases.get(name)) for name, p in file.predicates.items()}


def _predicate(name: str, read: _PredicateFile, given: _ParaphrasesFile | None) -> Predicate:
    literal = read.object if isinstance(read.object, LiteralKind) else None
    return Predicate(
        name=name,
        cardinality=read.cardinality,
        kind=read.kind,
        phrase=read.phrase,
        objects=() if isinstance(read.object, LiteralKind) else tuple(read.object),
        literal=literal,
        inverse=read.inverse,
        live_property=read.property,
        rests_on=tuple(read.rests_on),
        said=None if given is None else _paraphrases(given, symmetric=read.inverse == name),
    )


def _paraphrases(given: _ParaphrasesFile, *, symmetric: bool) -> Paraphrases:
    return Paraphrases(object=tuple(given.object), subject=tuple(given.object if symmetric else given.subject))


def _check(read: _OntologyFile, where: str) -> None:
    """Refuse names that Cypher could not take as they are, and references to what is not there."""
    wrong = [t for t in read.types if not TYPE_NAME.fullmatch(t) or t in OWN_LABELS]
    wrong += [p for p in read.predicates if not PREDICATE_NAME.fullmatch(p) or p in OWN_TYPES]
    for predicate in read.predicates.values():
        if predicate.property is not None and (
            not PROPERTY_NAME.fullmatch(predicate.property) or predicate.property in OWN_PROPERTIES
        ):
            wrong.append(predicate.property)
        if isinstance(predicate.object, list):
            wrong += [t for t in predicate.object if t not in read.types]
        wrong += [name for name in predicate.rests_on if name not in read.predicates]
        if predicate.inverse is not None and predicate.inverse not in read.predicates:
            wrong.append(predicate.inverse)
    if wrong:
        raise OntologyError(f"the ontology {where} uses names that it may not, or that it does not define: {wrong}")
    try:
        TopologicalSorter({name: p.rests_on for name, p in read.predicates.items()}).prepare()
    except CycleError as exc:
        raise OntologyError(f"in the ontology {where} these rest on each other: {' -> '.join(exc.args[1])}") from exc
    missing = [name for name in (NOTED, RELATED_TO) if name not in read.predicates]
    missing += [t for t in ("Person", "Thing") if t not in read.types]
    if missing:
        raise OntologyError(f"the ontology {where} lacks what graphmem itself needs: {missing}")


def _check_paraphrases(read: _OntologyFile, where: str) -> None:
    missing = [name for name in read.paraphrases if name not in read.predicates]
    if missing:
        raise OntologyError(f"the ontology {where} has paraphrases of predicates that it does not define: {missing}")
    unasked = [name for name, p in read.paraphrases.items() if p.subject and not _has_subject(name, read)]
    if unasked:
        raise OntologyError(
            f"in the ontology {where} nobody asks for the subject of what is symmetric or has a literal for an object; "
            f"give paraphrases of the object only: {unasked}"
        )
    phrases = [phrase for p in read.paraphrases.values() for phrase in (*p.object, *p.subject)]
    unclear = [phrase for phrase in phrases if phrase.count(KNOWN_END) != 1]
    if unclear:
        raise OntologyError(f"in the ontology {where} each paraphrase must name {KNOWN_END} once: {unclear}")


def _has_subject(name: str, read: _OntologyFile) -> bool:
    predicate = read.predicates[name]
    return predicate.inverse != name and not isinstance(predicate.object, LiteralKind)
