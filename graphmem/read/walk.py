"""The walk over facts: from what a question names to what it asks for, hop by hop, reading the question outwards.

Each fact on the way says what one part of the question says, beginning with the words beside the name. Where the whole
question has been read, the chain's last fact is what it asks for.

Source: Mem0g (arXiv 2504.19413) section 2.2, entity-centric retrieval, here over several hops.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

from graphmem.read.nested import Nested, Place
from graphmem.read.relations import Relation

HOPS = 4
BEAM = 60
ENTITIES = 12
"""How many entities a hop goes on from."""
PARTS = 60
"""How many parts of a question a hop compares with relations."""
HOP_GAIN = 2.0
"""What reading one part more is worth, since longer parts fit nothing well and each part may fail."""
HUB_COST = 1.0
"""What it costs to go on to one of many, in logarithms of how many: who is meant is not said."""
MISFIT = 2.0
"""What it costs to end at something that the question's first words do not ask for: at a place where they say "who"."""
OF_A_LENGTH = 6
"""How many chains of one length stand before the best of another one."""
COUNTED = 20
OF_ONE_PART = 0.1
"""What a walk counts where the question is one part: how near a fact is to it says the same, and in any language."""
OF_OWN = 0.3
"""The same for a question about "me": how near a fact is to it does not say of whom it is."""
Scores: TypeAlias = Mapping[str, Mapping[Relation, float]]
_Parts: TypeAlias = Sequence[tuple[Place, Mapping[Relation, float], float]]
"""Where parts of a question end, how likely each means each relation, and the one it means most."""
_Reading: TypeAlias = tuple[Place, bool, float, bool]
"""Where a question has been read to, whether that is its end, how well a fact says what was read, and whether best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A fact as the walk sees it: its ends, of which types they are, and what it says from its subject and its object.

    One that does not pass the filters of a question leads on, but is not what is asked for.
    """

    id: str
    subject: str
    object: str
    forwards: tuple[Relation, ...]
    backwards: tuple[Relation, ...]
    types: tuple[str, str] = ("", "")
    passes: bool = True

    @property
    def ends(self) -> list[str]:
        """The entities that it touches."""
        return [end for end in dict.fromkeys((self.subject, self.object)) if end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How a fact was reached: how good a chain ends there, 1 for the best and 0 for none of the best, and its facts.

    It is `asked` for where each of its facts says what its part of the question means more likely than all else does.
    """

    gain: float
    path: tuple[str, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """A way from a name: where it is in the graph and in the question, its facts and entities, how well they fit."""

    nested: Nested
    place: Place
    entity: str
    path: tuple[str, ...]
    seen: frozenset[str]
    fits: float
    asked: bool = True


@dataclass(slots=True)
class Walk:
    """A walk in progress; `own` where the question names who asks by "I" or "my" alone."""

    own: bool = False
    steps: dict[str, Step] = field(default_factory=dict[str, Step])
    _touching: dict[str, list[Step]] = field(default_factory=lambda: defaultdict[str, list[Step]](list))
    _ways: list[_Way] = field(default_factory=list[_Way])
    _ends: dict[str, tuple[float, tuple[str, ...], bool]] = field(
        default_factory=dict[str, tuple[float, tuple[str, ...], bool]]
    )
    _single: bool = False

    def begin(self, names: Iterable[tuple[str, Nested]]) -> list[str]:
        """Start from named entities; returns those whose facts are to be fetched."""
        names = list(names)
        self._single = all(n.single for _, n in names)
        self._ways = [_Way(n, n.start, entity, (), frozenset((entity,)), 0.0) for entity, n in names]
        return self.frontier

    @property
    def frontier(self) -> list[str]:
        """The entities where the ways are, best first."""
        return list(dict.fromkeys(w.entity for w in self._ways))

    def add(self, steps: Iterable[Step]) -> None:
        """Make facts known to the walk; none stands twice."""
        for step in steps:
            if step.id not in self.steps:
                self.steps[step.id] = step
                for end in step.ends:
                    self._touching[end].append(step)

    def parts(self, *, last: bool = False) -> list[str]:
        """Return the parts of the question that the next hop, or the `last` one, may read."""
        at = {(id(way.nested), way.place): way for way in self._ways}.values()
        return list(dict.fromkeys(text for way in at for _, text in way.nested.parts(way.place, last=last)))[:PARTS]

    def relations(self) -> set[Relation]:
        """Return what the facts say that the next hop may go over."""
        return {
            r for entity in self.frontier for step in self._touching[entity] for r in (*step.forwards, *step.backwards)
        }

    def go(self, scores: Scores) -> None:
        """Go one hop on; `scores` say for each part of the question how likely it means each relation."""
        following: dict[tuple[str, Place], _Way] = {}
        # Many ways stand at one place, and many facts say one thing: what that reads is looked up once.
        read: dict[tuple[int, Place], tuple[_Parts, dict[tuple[Relation, ...], list[_Reading]]]] = {}
        for way in self._ways:
            at = id(way.nested), way.place
            if at not in read:
                told = ((place, scores[text]) for place, text in way.nested.parts(way.place) if text in scores)
                read[at] = [(place, likely, max(likely.values(), default=0.0)) for place, likely in told], {}
            parts, known = read[at]
            steps = [(s, s.subject == way.entity) for s in self._touching[way.entity] if s.id not in way.path]
            alike = Counter((s.forwards[0].phrase, forwards) for s, forwards in steps)
            costs = {key: HUB_COST * math.log(count) for key, count in alike.items()}
            for step, forwards in steps:
                said = step.forwards if forwards else step.backwards
                if said not in known:
                    known[said] = _readings(said, parts, way.nested.end)
                self._over(way, way.fits - costs[step.forwards[0].phrase, forwards], step, known[said], following)
        best = sorted(following.values(), key=lambda w: (-w.fits, w.path))[:BEAM]
        kept = list(dict.fromkeys(w.entity for w in best))[:ENTITIES]
        self._ways = [w for w in best if w.entity in kept]

    def _over(
        self,
        way: _Way,
        before: float,
        step: Step,
        readings: Sequence[_Reading],
        following: dict[tuple[str, Place], _Way],
    ) -> None:
        forwards = step.subject == way.entity
        other = step.object if forwards else step.subject
        if other in way.seen:
            return
        misfit = MISFIT if step.types[forwards] in way.nested.unasked else 0.0
        for place, ends, fits, best in readings:
            whole, asked = before + fits + HOP_GAIN, way.asked and best
            if ends:
                whole -= misfit
                if step.passes and (step.id not in self._ends or whole > self._ends[step.id][0]):
                    self._ends[step.id] = (whole, way.path, asked)
            elif other and ((other, place) not in following or whole > following[other, place].fits):
                path = (*way.path, step.id)
                following[other, place] = _Way(way.nested, place, other, path, way.seen | {other}, whole, asked)

    @property
    def chains(self) -> dict[str, Chain]:
        """Return the best of what was reached, by the last fact; no length keeps all others out."""
        counted: Counter[int] = Counter()
        first: list[str] = []
        later: list[str] = []
        for fact in sorted(self._ends, key=lambda f: (-self._ends[f][0], f)):
            length = len(self._ends[fact][1])
            counted[length] += 1
            (first if counted[length] <= OF_A_LENGTH else later).append(fact)
        best = [*first, *later][:COUNTED]
        share = 1.0 if not self._single else OF_OWN if self.own else OF_ONE_PART
        behind = list(accumulate((self._ends[f][0] - self._ends[best[0]][0] for f in best), min))
        return {
            f: Chain(gain=share * _gain(behind.index(less), less), path=self._ends[f][1], asked=self._ends[f][2])
            for f, less in zip(best, behind, strict=True)
        }


def _gain(rank: int, behind: float) -> float:
    """Return what a chain counts: half by its rank, the same for equals, half by how far its fit is behind the best."""
    return (1 - rank / COUNTED + math.exp(behind / 2)) / 2


def _readings(said: Sequence[Relation], parts: _Parts, end: Place) -> list[_Reading]:
    """Return how well what a fact says fits each part that may be read next, where it fits at all."""
    fits = ((place, [likely[r] for r in said if r in likely], best) for place, likely, best in parts)
    return [(place, place == end, max(found), max(found) >= best) for place, found, best in fits if found]
