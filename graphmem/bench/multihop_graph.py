"""Graphs of invented people: whom and what they have to do with, since when and until when."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

FIRST_YEAR, LAST_YEAR = 2008, 2023
FACTS_A_PERSON = 10
HUB_SHARE = 0.35
# How likely a person has a value, and the one before it had another, and so on.
CHANGING: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "LIVES_IN": ("city", (1.0, 0.5, 0.2)),
    "WORKS_AT": ("company", (0.9, 0.5, 0.2)),
    "REPORTS_TO": ("person", (0.6, 0.4)),
    "MEMBER_OF": ("club", (0.4, 0.3)),
    "WORKS_ON": ("project", (0.25, 0.4)),
    "OWNS": ("thing", (0.3, 0.4)),
    "LEARNS": ("skill", (0.25, 0.4)),
    "DOES": ("activity", (0.3, 0.4)),
}
LASTING: Mapping[str, tuple[str, float]] = {
    "STUDIED_AT": ("school", 0.5),
    "FROM": ("city", 0.5),
    "SPEAKS": ("language", 0.4),
    "ALLERGIC_TO": ("food", 0.3),
    "ATTENDED": ("event", 0.3),
    "VISITED": ("city", 0.2),
}
# Own things, each somebody's: the share of people who have one.
OWN: Mapping[str, tuple[str, float]] = {"HAS_PET": ("pet", 0.35), "MADE": ("work", 0.2)}
PAIRS: Mapping[str, float] = {"MARRIED_TO": 0.5, "FRIEND_OF": 0.5, "COLLEAGUE_OF": 0.3}
EVENTS = frozenset({"FOUNDED", "ATTENDED", "TOOK_PLACE_IN", "MADE", "VISITED", "STUDIED_AT"})
# For how many people there is one of a kind; at least two of each.
PEOPLE_A_KIND: Mapping[str, int] = {
    "company": 5,
    "city": 8,
    "region": 50,
    "school": 12,
    "club": 12,
    "event": 10,
    "project": 10,
    "thing": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody or something with a name that nobody else has."""

    name: str
    kind: str
    woman: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fact as the diary states it; months are counted from year 0, and `end` is the first in which it is over."""

    subject: Named
    predicate: str
    object: Named
    start: int
    end: int | None = None

    def holds(self, month: int) -> bool:
        """Tell whether it is true in the middle of a month."""
        return self.start <= month and (self.end is None or month < self.end)

    @property
    def text(self) -> str:
        """The message that states it."""
        forms = parts()["told"][self.predicate]
        since = f"{first_of(self.start):%B %Y}"
        if self.end is not None:
            return f"{self.subject.name} {forms[-1]} {self.object.name} from {since} to {_last(self.end):%B %Y}."
        when = "in" if self.predicate in EVENTS else "since"
        return f"{self.subject.name} {forms[0]} {self.object.name}, {when} {since}."

    @property
    def valid(self) -> tuple[str, str | None]:
        """The months of its start and, where it is over, of its end, as a model would write them."""
        return f"{first_of(self.start):%Y-%m}", None if self.end is None else f"{_last(self.end):%Y-%m}"


def first_of(month: int) -> datetime:
    """Return the beginning of a month."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _last(end: int) -> datetime:
    return first_of(end - 1)


@lru_cache(maxsize=1)
def parts() -> dict[str, Any]:
    """Return what names and statements are made of, from names.toml."""
    return tomllib.loads((resources.files("graphmem") / "bench" / "names.toml").read_text(encoding="utf-8"))


def generate_graph(facts: int, seed: int) -> list[Told]:
    """Return exactly so many facts in a random order; the same seed makes the same graph."""
    world = _World(np.random.default_rng(seed), max(facts // FACTS_A_PERSON, 4))
    world.tell()
    told = world.told[:facts]
    foods, random = world.kinds["food"], world.random
    liked = [Told(subject=p, predicate="LIKES", object=f, start=_month(2010)) for p in world.people for f in foods]
    told += [liked[i] for i in random.permutation(len(liked)).tolist()[: facts - len(told)]]
    return [told[i] for i in random.permutation(len(told)).tolist()]


def _month(year: int) -> int:
    return year * 12


class _World:
    """People and things under construction."""

    def __init__(self, random: np.random.Generator, people: int) -> None:
        self.random = random
        self.told: list[Told] = []
        self._words: set[str] = set()
        self.people = self._persons(people)
        self.kinds: dict[str, list[Named]] = {"person": self.people}
        for kind, many in PEOPLE_A_KIND.items():
            self.kinds[kind] = [self._thing(kind) for _ in range(max(2, people // many))]
        for kind, names in parts()["fixed"].items():
            self.kinds[kind] = [Named(name=name, kind=kind) for name in names]

    def tell(self) -> None:
        """State everything about everybody, what connects people and things first."""
        self._pairs()
        self._families()
        self._places()
        self._founders()
        for person in self.people:
            for predicate, (kind, chances) in CHANGING.items():
                self._changing(person, predicate, kind, chances)
            for predicate, (kind, chance) in LASTING.items():
                if self._chance(chance):
                    self._tell(person, predicate, self._one(kind))
            for predicate, (kind, chance) in OWN.items():
                if self._chance(chance):
                    self._tell(person, predicate, self._thing(kind))

    def _persons(self, count: int) -> list[Named]:
        surnames = [self._word("person") for _ in range(max(6, count // 3))]
        first = [(name, woman) for kind, woman in (("women", True), ("men", False)) for name in parts()[kind]]
        found: dict[str, Named] = {}
        while len(found) < count:
            name, woman = first[int(self.random.integers(len(first)))]
            full = f"{name} {surnames[int(self.random.integers(len(surnames)))]}"
            found[full] = Named(name=full, kind="person", woman=woman)
        return list(found.values())

    def _word(self, kind: str) -> str:
        p = parts()
        while True:
            picks = [self._pick(p[part]) for part in ("onsets", "vowels", "middles")]
            word = "".join([*picks, self._pick(p["endings"][kind])])
            if word in self._words:
                word = "".join([*picks, self._pick(p["vowels"]), self._pick(p["middles"]), word[len("".join(picks)) :]])
            if word not in self._words:
                self._words.add(word)
                return word

    def _thing(self, kind: str) -> Named:
        suffixes = parts()["suffixes"].get(kind)
        word = self._word(kind)
        return Named(name=f"{word} {self._pick(suffixes)}" if suffixes else word, kind=kind)

    def _pick(self, some: Sequence[str]) -> str:
        return some[int(self.random.integers(len(some)))]

    def _chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def _one(self, kind: str, *others: Named) -> Named:
        """Return one of a kind: of companies and cities the first is a hub."""
        some = [n for n in self.kinds[kind] if n not in others]
        hub = kind in {"company", "city"} and some[0] is self.kinds[kind][0] and self._chance(HUB_SHARE)
        return some[0] if hub else some[int(self.random.integers(len(some)))]

    def _tell(self, subject: Named, predicate: str, value: Named) -> None:
        start = int(self.random.integers(_month(FIRST_YEAR), _month(FIRST_YEAR + 2)))
        self.told.append(Told(subject=subject, predicate=predicate, object=value, start=start))

    def _changing(self, subject: Named, predicate: str, kind: str, chances: Sequence[float]) -> None:
        """State a value that holds now and those before it, back to back."""
        held: list[Named] = []
        for chance in chances:
            if not self._chance(chance):
                break
            if len(held) + 1 < len(self.kinds[kind]):
                held.append(self._one(kind, subject, *held))
        span = (_month(LAST_YEAR) - _month(FIRST_YEAR)) // max(len(held), 1)
        end: int | None = None
        for number, value in enumerate(held, start=1):
            least = _month(LAST_YEAR) - span * number
            start = least + int(self.random.integers(span // 2))
            self.told.append(Told(subject=subject, predicate=predicate, object=value, start=start, end=end))
            end = start

    def _shuffled(self) -> list[Named]:
        return [self.people[i] for i in self.random.permutation(len(self.people)).tolist()]

    def _pairs(self) -> None:
        """State who goes with whom, and for some of them who did before."""
        for predicate, share in PAIRS.items():
            order = self._shuffled()
            half = int(len(order) * share) // 2
            change = [int(self.random.integers(_month(2014), _month(2020))) for _ in range(half)]
            for number, start in enumerate(change):
                one, other = order[2 * number : 2 * number + 2]
                self.told.append(Told(subject=one, predicate=predicate, object=other, start=start))
                if predicate != "COLLEAGUE_OF" and number % 3 == 0 and number + 1 < half:
                    former = order[2 * number + 3]
                    over = min(start, change[number + 1])
                    began = over - int(self.random.integers(24, 60))
                    self.told.append(Told(subject=one, predicate=predicate, object=former, start=began, end=over))

    def _families(self) -> None:
        """State who are siblings, and, of others, who is whose child, from either end."""
        order = self._shuffled()
        for number in range(0, len(order) - 1, 2):
            one, other = order[number : number + 2]
            predicate = ("SIBLING_OF", "CHILD_OF", "SIBLING_OF", "PARENT_OF")[number // 2 % 4]
            self._tell(one, predicate, other)

    def _places(self) -> None:
        for kind in ("company", "school", "club"):
            for thing in self.kinds[kind]:
                if kind == "company":
                    self._changing(thing, "LOCATED_IN", "city", (1.0, 0.3))
                else:
                    self._tell(thing, "LOCATED_IN", self._one("city"))
        for city in self.kinds["city"]:
            self._tell(city, "LOCATED_IN", self._one("region"))
        for event in self.kinds["event"]:
            self._tell(event, "TOOK_PLACE_IN", self._one("city"))

    def _founders(self) -> None:
        for company, person in zip(self.kinds["company"], self._shuffled(), strict=False):
            self._tell(person, "FOUNDED", company)
