"""Invented people with their homes, work, superiors, friends and pastimes: what the facts of a scale run are about.

Of each person eight facts are told, two of which ended when others took their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from graphmem.models import OPEN_END, Scope
from graphmem.text import digest

SENTENCES = 2000
"""How many sentences are really embedded at most."""
_BEGUN = datetime(2014, 1, 1, tzinfo=UTC)
_DAYS = 3600
# Words of a sentence recur in 2 to 8 % of all, as content words of talk do.
_WORDS = """
Ada, Ben, Chiara, Dmitri, Emeka, Farah, Goran, Hanna, Ines, Jamal, Keiko, Lars, Mira, Nadia, Oskar, Priya, Quentin,
Rosa, Sven, Tariq, Ulla, Viktor, Wanda, Xenia, Yusuf, Zelda, Anton, Bruna, Cyril, Doris

paints, repairs, collects, sells, photographs, studies, recommends, mentions, misses, bought, inherited, borrowed,
restores, exhibits, draws, describes, donated, ordered, found, lost

boats, violins, engines, bees, bridges, maps, lamps, orchards, kites, stamps, novels, bicycles, telescopes, carpets,
pianos, clocks, roses, cameras, recipes, gloves, castles, puppets, falcons, tents

in Turin, in Oslo, in Lagos, in Kyoto, in Lima, by the harbour, near the station, with her sister, with an uncle, at
night, on weekends, in spring, for a museum, for charity, after work, during lunch, at school, on holiday

Abbot, Berg, Castel, Duarte, Engel, Farkas, Gallo, Haas, Ivanov, Jansen, Kumar, Lund, Moreau, Novak, Okafor, Petrov,
Quist, Rossi, Sato, Tamm, Ueda, Vidal, Weber, Xu, Yilmaz, Zima

Turin, Oslo, Lagos, Kyoto, Lima, Porto, Graz, Tartu, Accra, Quito, Perth, Cork, Lyon, Bergen, Gdansk, Izmir, Nara,
Bilbao, Leeds, Malmo, Zagreb, Tunis, Bogota, Cusco, Hanoi, Pune, Davao, Osaka, Riga, Split

Halden, Norvik, Brightwell, Castellan, Dunmore, Everline, Fairholt, Greywater, Hartwell, Ironbridge, Juniper,
Kestrel, Larkspur, Meridian, Northgate, Oakhurst, Pinnacle, Quarry, Redfern, Silverton

Bakery, Shipyard, Institute, Press, Foundry

sailing, chess, pottery, climbing, fencing, gardening, singing, rowing, skating, baking, weaving, archery, cycling,
surfing, juggling, origami, carpentry, calligraphy, beekeeping, dancing
"""
(_WHO, _DOES, _WHAT, _WHERE, _FAMILIES, _PLACES, _FIRMS, _KINDS, _PASTIMES) = (
    " ".join(part.split()).split(", ") for part in _WORDS.strip().split("\n\n")
)
_COMPANIES = [f"{firm} {kind}" for firm in _FIRMS for kind in _KINDS]
# What is told of a person, in this order: the predicate, how it reads, and whether it ended.
TOLD = (
    ("LIVES_IN", "lives in", True),
    ("LIVES_IN", "lives in", False),
    ("WORKS_AT", "works at", True),
    ("WORKS_AT", "works at", False),
    ("REPORTS_TO", "reports to", False),
    ("FRIEND_OF", "is a friend of", False),
    ("DOES", "does", False),
    ("NOTED", "", False),
)
_TYPES = {"LIVES_IN": "Place", "WORKS_AT": "Organization", "DOES": "Activity"}
_OBJECTS = {"LIVES_IN": _PLACES, "WORKS_AT": _COMPANIES, "DOES": _PASTIMES}
# Each asks about a person by name; the second half leads over another person.
_QUESTIONS = """
Where does {} live?
In which town is {} at home these days?
What is {}'s employer?
Which company does {} work for now?
Who is {}'s superior at work?
What does {} do in the evenings for fun?
Who are the friends of {}?
Where did {} use to live before?
Where does the boss of {} live?
Which company employs the friend of {}?
What is the pastime of {}'s manager?
In which city does {}'s best friend have a home?
Who is the superior of the friend of {}?
Where does the person {} reports to work?
What does {}'s friend like to do?
Who is a friend of {}'s boss?
"""
QUESTIONS = _QUESTIONS.strip().splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fact of the invented graph: names, times as far as it has an end, and the sentence whose vectors it takes."""

    subject: str
    predicate: str
    object: str | None
    text: str
    start: datetime
    end: datetime
    sentence: int
    supersedes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What a scope holds: the entities' types by name, and its facts."""

    entities: dict[str, str]
    facts: tuple[Told, ...]
    people: tuple[str, ...]


def person(number: int) -> str:
    """Return the name of a person, the same for the same number, and no two alike."""
    round_, place = divmod(number, len(_WHO) * len(_FAMILIES))
    family, first = divmod(place, len(_WHO))
    middle = f" {_initials(round_ - 1)}." if round_ else ""
    return f"{_WHO[first]}{middle} {_FAMILIES[(family + first) % len(_FAMILIES)]}"


def _initials(number: int) -> str:
    rest, last = divmod(number, 26)
    return (_initials(rest - 1) if rest else "") + chr(ord("A") + last)


def sentences(count: int, random: np.random.Generator) -> list[str]:
    """Return so many short sentences, drawn of four lists of words."""
    drawn = random.integers(0, (len(_WHO), len(_DOES), len(_WHAT), len(_WHERE)), (count, 4))
    return [f"{_WHO[a]} {_DOES[b]} {_WHAT[c]} {_WHERE[d]}" for a, b, c, d in drawn.tolist()]


def each_of(facts: int) -> int:
    """Return how many sentences of each kind of fact are really embedded for so many facts."""
    return min(SENTENCES, max(SENTENCES // 20, facts // 4)) // len(TOLD)


def told_sentences(each: int, random: np.random.Generator) -> list[str]:
    """Return sentences about people, as many of each kind of fact: those that are really embedded."""
    texts: list[str] = []
    for predicate, phrase, _ in TOLD[:-1]:
        for who, other in random.integers(0, 700, (each, 2)).tolist():
            objects = _OBJECTS.get(predicate)
            texts.append(f"{person(who)} {phrase} {objects[other % len(objects)] if objects else person(other)}")
    return [*texts, *sentences(each, random)]


def draw_graph(facts: int, each: int, random: np.random.Generator, *, hub: bool = False) -> Graph:
    """Return a graph of so many facts; with `hub` all are about one person, who is a friend of all others.

    Each takes the vectors of one of the `each` sentences of its kind.
    """
    people = tuple(person(n) for n in range(facts if hub else max(2, -(-facts // len(TOLD)))))
    drawn = random.integers(0, 1 << 30, (facts, 3)).tolist()
    told = tuple(
        _hub_fact(i, people, each, numbers) if hub else _fact(i, people, each, numbers)
        for i, numbers in enumerate(drawn)
    )
    entities = dict.fromkeys(people, "Person")
    entities |= {t.object: _TYPES.get(t.predicate, "Person") for t in told if t.object}
    return Graph(entities=entities, facts=told, people=people)


def _fact(number: int, people: Sequence[str], each: int, drawn: Sequence[int]) -> Told:
    who, kind = divmod(number, len(TOLD))
    predicate, phrase, ended = TOLD[kind]
    one, other, day = drawn
    follows = number - 1 if kind and TOLD[kind - 1] == (predicate, phrase, True) else None
    # The day on which one home or employer follows another is the same for both facts.
    turn = _BEGUN + timedelta(days=_DAYS // 2 + who % (_DAYS // 2))
    text, object_ = f"{people[who]} {_note(one)}", None
    if phrase:
        objects = _OBJECTS.get(predicate) or people
        place = other % len(objects)
        object_ = objects[place] if objects[place] != people[who] else objects[place - 1]
        text = f"{people[who]} {phrase} {object_}"
    return Told(
        subject=people[who],
        predicate=predicate,
        object=object_,
        text=text,
        start=turn if follows is not None else _BEGUN + timedelta(days=day % (_DAYS // 2)),
        end=turn if ended else OPEN_END,
        sentence=kind * each + one % each,
        supersedes=follows,
    )


def _hub_fact(number: int, people: Sequence[str], each: int, drawn: Sequence[int]) -> Told:
    kind = 5 if number % 2 and number else 7
    one, _, day = drawn
    friend = people[number] if kind == 5 else None
    return Told(
        subject=people[0],
        predicate=TOLD[kind][0],
        object=friend,
        text=f"{people[0]} is a friend of {friend}" if friend else f"{people[0]} {_note(one)}",
        start=_BEGUN + timedelta(days=day % _DAYS),
        end=OPEN_END,
        sentence=kind * each + one % each,
    )


def _note(number: int) -> str:
    words: list[str] = []
    for part in (_DOES, _WHAT, _WHERE):
        number, place = divmod(number, len(part))
        words.append(part[place])
    return " ".join(words)


def owner_of(scope: Scope) -> str:
    """Return what the ids of a scope's facts begin with."""
    return digest(scope.key, "owner")
