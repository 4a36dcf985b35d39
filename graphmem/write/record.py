"""What comes of a reading, as decisions to be put on the record, and what is written beside them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from graphmem.models import Episode, EpisodeState, Mention, Rule, Scope, StatedRule, Statement, Triple
from graphmem.operations import Add, AddRule, Change, Compare, Cost, Forget, Operation
from graphmem.ports import Transaction
from graphmem.text import named_in
from graphmem.write.apply import Effects
from graphmem.write.entities import speakers
from graphmem.write.link import Links
from graphmem.write.replies import ResolutionReply
from graphmem.write.resolve import PairDecision, Shown
from graphmem.write.settle import Decision, Settled

Ruling: TypeAlias = Callable[[Shown], ResolutionReply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in an exchange; `ruling` decides its conflicts where no model is to be asked.

    `dropped` says why parts of a model's reply were not taken; `settles` that the messages are pending, and done once
    this is written; `corrects` that the one statement takes the place of this fact, which was a mistake; `compares`
    that statements are held against others in other words.
    """

    exchange: tuple[Episode, ...]
    mentions: tuple[Mention, ...]
    triples: tuple[Triple, ...]
    cost: Cost
    extraction: str
    rules: tuple[StatedRule, ...] = ()
    dropped: tuple[str, ...] = ()
    settles: bool = True
    ruling: Ruling | None = None
    corrects: str | None = None
    compares: bool = False
    editor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A reading between entities instead of names, with the decisions that rules make."""

    links: Links
    stated: tuple[Statement, ...]
    rules: tuple[Rule, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def texts(self) -> set[str]:
        """The texts of all facts that may come of it."""
        return {s.fact.text for s in self.stated} | {r.fact.text for r in self.rules}


def texts_of(changes: Sequence[Change]) -> list[str]:
    """Return the texts that are embedded when decisions are applied."""
    operations = [op for c in changes for op in c.operations]
    added = [op.fact.text for op in operations if isinstance(op, Add)]
    added += [op.rule.fact.text for op in operations if isinstance(op, AddRule)]
    return added + [op.text for op in operations if isinstance(op, Forget)]


def changes_of(
    reading: Reading,
    linked: Linked,
    settled: Sequence[Settled],
    pairs: Sequence[PairDecision],
    cost: Cost,
    scope: Scope,
    now: datetime,
    number: int,
) -> tuple[Change, ...]:
    """Return the reading as one change, and each decision and each stated rule as one of its own, decisions last.

    `cost` is that of asking the resolver, which the first of its decisions bears.
    """
    made: list[tuple[tuple[Operation, ...], str, Cost, tuple[str, ...]]] = []
    links = linked.links
    if reading.extraction == "model" or links.operations:
        found = f"{len(reading.mentions)} entities, {len(reading.triples)} statements"
        said = f"read {len(reading.exchange)} messages: {found}{_dropped(reading)}"
        operations = (*links.operations, *_compared(links, pairs))
        made.append((operations, said, reading.cost, tuple(e.id for e in reading.exchange)))
    for rule in linked.rules:
        made.append(((AddRule(rule=rule),), "it is stated ahead", Cost(), (rule.source.episode_id,)))
    for decision in settled:
        sources = tuple(s.episode_id for s in decision.statement.fact.sources)
        price = Cost()
        if decision.by_model:
            price, cost = cost, Cost(model=cost.model, prompt_version=cost.prompt_version)
        made.append((decision.operations, decision.reason, price, sources))
    return tuple(
        Change(
            id=f"ch_{uuid.uuid4().hex[:24]}",
            scope=scope.key,
            at=now,
            operations=operations,
            reason=reason,
            cost=price,
            episode_ids=sources,
            number=i,
            editor=reading.editor,
        )
        for i, (operations, reason, price, sources) in enumerate(made, start=number + 1)
    )


def _dropped(reading: Reading) -> str:
    """Return how much of a reply was not taken, and why the first of it."""
    return f"; {len(reading.dropped)} dropped, as {reading.dropped[0]}" if reading.dropped else ""


def _compared(links: Links, decisions: Sequence[PairDecision]) -> list[Compare]:
    """Return what is thought of the entities of like names: what the model said, else they wait for review."""
    decided = {d.pair.label: d.state for d in decisions}
    return [
        Compare(
            entity_id=p.entity.id,
            other_id=p.other.id,
            names=p.label,
            before=None,
            after=decided.get(p.label, p.state),
        )
        for p in links.pairs
    ]


def effects_of(
    reading: Reading, links: Links, vectors: Mapping[str, Sequence[float]], tokens: Mapping[str, bytes]
) -> Effects:
    """Return what is written beside the decisions: vectors, tokens, who is named in which message, and who said it."""
    entities = {m.name: links.entity(m.name) for m in reading.mentions}
    people = {m.name: links.entity(m.name).id for m in speakers(reading.exchange)}
    return Effects(
        vectors=vectors,
        tokens=tokens,
        mentions=[
            (e.id, entity.id)
            for e in reading.exchange
            for entity in entities.values()
            if named_in(e.text, (entity.name, *entity.aliases))
        ],
        speakers=[(e.id, people[e.speaker]) for e in reading.exchange if e.speaker in people],
    )


async def settle_episodes(
    tx: Transaction,
    exchange: Sequence[Episode],
    scope: Scope,
    state: EpisodeState,
    extraction: str,
    reason: str | None,
) -> None:
    """Mark messages as done or parked."""
    await tx.write(
        "settle_episodes",
        scope=scope.key,
        scope_key=scope.digest,
        ids=[e.id for e in exchange],
        state=state.value,
        reason=reason,
        extraction=extraction,
    )
