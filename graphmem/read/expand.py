"""Subgraph expansion: from the seeds over facts to facts, hop by hop, keeping the paths; and the messages around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from graphmem import rows
from graphmem.models import EDITS, Fact, Role, slot_key
from graphmem.ontology import Ontology
from graphmem.ports import Reader, Request, Row, TokenEmbedder
from graphmem.read.asked import Asked, Embedded
from graphmem.read.filtered import passing_facts, passing_messages, said_by, with_passing_sources
from graphmem.read.joined import joined
from graphmem.read.late import with_due
from graphmem.read.nested import Nested, nested
from graphmem.read.relations import Relations
from graphmem.read.seeds import EPISODES, LookedUp, Seeds
from graphmem.read.walk import HOPS, Chain, Step, Walk
from graphmem.rows import Around

DEGREE = 2000
"""How many facts of which one entity is the subject, or the object, are looked at, so that a hub has a bound.

Of a subject of more, what it has by each predicate is asked for by that.
"""
ALIKE = 40
"""How many facts that say the same of one entity are walked over, so that many visits do not hide its one boss."""
BESIDE = 20
"""How many facts beside what the question names are ranked, though they are no seeds and end no chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The subgraph around the seeds.

    `near` is the facts' nearness to the question as a whole, `tokens` are theirs. `passing` are the messages that may
    be returned, the others are only beside them.
    """

    facts: Mapping[str, Fact]
    chains: Mapping[str, Chain]
    near: Mapping[str, float]
    tokens: Mapping[str, bytes]
    episodes: Mapping[str, Around]
    passing: Set[str]


async def expand(
    asked: Embedded, seeds: Seeds, walked: Walk, embedder: TokenEmbedder | None, reader: Reader
) -> Expanded:
    """Fetch the facts that are seeds, were stated in seeds or walked to, and messages with their neighbours."""
    chains = walked.chains
    on_the_way = [i for chain in chains.values() for i in chain.path if walked.steps[i].passes]
    beside = [i for i, step in walked.steps.items() if step.passes][:BESIDE]
    stated = await passing_facts(seeds.stated, asked.filters, asked.keys, asked.times["known"], reader)
    ids = list(dict.fromkeys([*seeds.facts, *chains, *on_the_way, *beside, *(i for i in seeds.stated if i in stated)]))
    shared = {"scopes": asked.keys, "vector": asked.vector}
    wanted = {"near": _by_ids("facts_near", ids), "whole": _by_ids("facts_by_ids", ids)}
    found = await joined(reader, {**wanted, "around": _around(seeds.episodes, seeds.near.episodes)}, **shared)
    told = [said_by(rows.fact(row), asked.known) for row in found["whole"]]
    facts = {f.id: f for f in await with_passing_sources(told, asked.filters, asked.keys, reader)}
    if not seeds.episodes:
        stated = [source.episode_id for i in ids if i in facts for source in facts[i].sources]
        found |= await joined(reader, {"around": _around(list(dict.fromkeys(stated))[:EPISODES])}, **shared)
    episodes = _told(found["around"], seeds.near.episodes)
    return Expanded(
        facts=facts,
        chains=chains,
        near={row["id"]: row["near"] for row in found["near"]},
        tokens=await with_due(found["near"], ids, embedder) if embedder is not None else {},
        episodes=episodes,
        passing=await passing_messages(list(episodes), asked.filters, asked.keys, reader),
    )


async def walk(asked: Asked, looked_up: Awaitable[LookedUp], relations: Relations, reader: Reader) -> Walk:
    """Walk over facts from the named entities, best first, hop by hop; this needs no vector of the whole question."""
    walked = Walk(own=asked.told != asked.text)
    walked.begin(_around_names(await looked_up))
    times = asked.times
    bounds = {"scopes": asked.keys, "degree": DEGREE, "alike": ALIKE, **times}
    for hop in range(1, HOPS + 1):
        found = await _facts_around(walked.frontier, bounds, relations.ontology, reader) if walked.frontier else []
        fresh = [row for row in found if row["id"] not in walked.steps]
        passing = await passing_facts([row["id"] for row in fresh], asked.filters, asked.keys, times["known"], reader)
        walked.add(_step(row, relations, row["id"] in passing) for row in fresh)
        met = walked.relations()
        if not met:
            break
        # Only where there is something to walk over, since the parts have to be embedded.
        walked.go(await relations.scores(walked.parts(last=hop == HOPS), met))
    return walked


async def _facts_around(
    entities: Sequence[str], bounds: Mapping[str, Any], ontology: Ontology, reader: Reader
) -> list[Row]:
    """Return what the facts say that touch some entities, within bounds of scope, number and time."""
    (found,) = await reader.read("facts_around", entities=entities, **bounds)
    facts: list[Row] = found["facts"]
    said = Counter((row["subject_id"], row["raw_predicate"] or row["predicate"]) for row in facts)
    slots = [
        slot_key(hub["scope"], hub["id"], predicate)
        for hub in found["hubs"]
        for predicate in ontology.predicates
        if said[hub["id"], predicate] < ALIKE
    ]
    return [*facts, *(await reader.read("facts_of_slots", slots=slots, **bounds) if slots else [])]


def _around_names(asked: LookedUp) -> list[tuple[str, Nested]]:
    """Return the entities that the question names, each with what it says around the name."""
    found = ((n.entity.canonical_id, nested(asked.told, [n.surface])) for n in asked.named)
    return [(entity, around) for entity, around in found if around is not None]


def _step(row: Row, relations: Relations, passes: bool) -> Step:
    predicate, raw = row["predicate"], row["raw_predicate"] or ""
    return Step(
        id=row["id"],
        subject=row["subject_id"],
        object=row["object_id"] or "",
        types=(row["subject_type"], row["object_type"] or ""),
        forwards=relations.of(predicate, raw, backwards=False),
        backwards=relations.of(predicate, raw, backwards=True),
        passes=passes,
    )


def _by_ids(query: str, ids: Sequence[str]) -> Request | None:
    return (query, {"ids": ids}) if ids else None


def _around(ids: Sequence[str], scored: Mapping[str, float] | None = None) -> Request | None:
    """Return how to ask for messages with their neighbours, and how near those are of which it is not known."""
    return ("episodes_around", {"ids": ids, "unscored": [i for i in ids if i not in (scored or {})]}) if ids else None


def _told(found: Sequence[Row], scored: Mapping[str, float]) -> dict[str, Around]:
    """Return messages by id; what was said by hand is told as the fact that it made, as long as it is believed."""
    near = {**scored, **{row["id"]: row["near"] for part in found for row in part["near"]}}
    around = (Around(*fields) for part in found for fields in part["around"])
    told = (e for e in around if (e.session, e.role) != (EDITS, Role.SYSTEM))
    return {e.id: e._replace(near=near[e.id]) if e.id in near else e for e in told}
