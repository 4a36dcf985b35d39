"""A plain model of the ledger in Python dictionaries: what the decisions on the record lead to, told by those alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from graphmem.models import AsOf, Entity, Fact, FactVersion
from graphmem.operations import (
    Add,
    AddEntity,
    Change,
    ChangeEntity,
    Deleted,
    Forget,
    Invalidate,
    InvalidateKind,
    Merge,
    Operation,
    RemoveEntity,
    RemoveSource,
    Revise,
    Skip,
)


@dataclass
class Held:
    """A fact of the model: where it belongs, what is and was believed of it, and who says so."""

    fact: Fact
    state: FactVersion
    versions: list[FactVersion] = field(default_factory=list)
    sources: set[tuple[str, str]] = field(default_factory=set)
    forgotten: bool = False


@dataclass
class LedgerModel:
    """The ledger of one scope."""

    facts: dict[str, Held] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def follow(self, changes: tuple[Change, ...]) -> None:
        """Take up the decisions that came since the last time."""
        for change in changes:
            if change.number > self.number:
                for operation in change.operations:
                    self._do(operation, change.at)
                self.number = change.number

    def _do(self, operation: Operation, now: datetime) -> None:  # noqa: C901  (one line a kind)
        match operation:
            case AddEntity(entity=Entity(id=i, canonical_id=canonical)):
                self.entities[i] = canonical
            case ChangeEntity(after=Entity(id=i, canonical_id=canonical)):
                self.entities[i] = canonical
            case RemoveEntity(entity=Entity(id=i)):
                self.entities.pop(i)
            case Add(fact=fact):
                sources = {(s.episode_id, s.quote) for s in fact.sources}
                self.facts[fact.id] = Held(fact, replace(fact.state, created_at=now), sources=sources)
            case Merge(fact_id=str() as i, source=source) | Skip(fact_id=str() as i, source=source) if source:
                self.facts[i].sources.add((source.episode_id, source.quote))
            case RemoveSource(fact_id=i, source=source):
                self.facts[i].sources.discard((source.episode_id, source.quote))
            case Invalidate(fact_id=i, kind=InvalidateKind.CHANGE, at=at):
                state = self.facts[i].state
                self._revise(i, replace(state, interval=replace(state.interval, end=at)), now)
            case Invalidate(fact_id=i):
                self._revise(i, replace(self.facts[i].state, expired_at=now), now)
            case Revise(fact_id=i, after=after):
                self._revise(i, after, now)
            case Forget(fact_id=i):
                self.facts[i].forgotten = True
            case Deleted():
                self._delete(operation)
            case _:
                pass

    def _revise(self, fact_id: str, after: FactVersion, now: datetime) -> None:
        held = self.facts[fact_id]
        if held.state.created_at != now:
            # Of several revisions at one moment only the last one was ever believed.
            until = min(held.state.expired_at or now, now)
            held.versions.append(replace(held.state, expired_at=until))
        held.state = replace(after, created_at=now, expired_at=now if after.expired_at else None)

    def _delete(self, deleted: Deleted) -> None:
        for fact_id in deleted.facts:
            del self.facts[fact_id]
        for entity_id in deleted.entities:
            self.entities.pop(entity_id, None)
        for held in self.facts.values():
            held.sources = {s for s in held.sources if s[0] != deleted.episode_id}

    def told(self) -> dict[str, Held]:
        """Return the facts that may still be told."""
        return {i: h for i, h in self.facts.items() if not h.forgotten}

    def live(self, now: datetime) -> set[tuple[str, str, str]]:
        """Return the relationships of the live view: subject, predicate, object."""
        return {
            (
                self.entities[held.fact.subject_named or held.fact.subject_id],
                held.fact.predicate,
                self.entities[held.fact.object_named or held.fact.object_id],
            )
            for held in self.told().values()
            if held.fact.object_id
            and held.state.expired_at is None
            and (held.state.interval.end is None or held.state.interval.end > now)
        }

    def holding(self, as_of: AsOf, now: datetime) -> dict[str, FactVersion]:
        """Return what was true at the asked time as believed at the asked time."""
        valid, known = as_of.valid or now, as_of.known or now
        found: dict[str, FactVersion] = {}
        for i, held in self.told().items():
            for state in (held.state, *held.versions):
                believed = state.created_at <= known and (state.expired_at is None or known < state.expired_at)
                if believed and state.interval.holds(valid):
                    found[i] = state
        return found
