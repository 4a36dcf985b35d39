"""Replaying the record without some messages: what would be believed had they never been said; no model is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from graphmem.models import Episode, Fact, FactVersion, Interval, RuleState, Source
from graphmem.ontology import Ontology
from graphmem.operations import (
    Add,
    AddRule,
    Change,
    ChangeRule,
    Forget,
    Invalidate,
    InvalidateKind,
    Merge,
    Operation,
    Revise,
    ReviseKind,
    Skip,
)
from graphmem.write.settle import closes


@dataclass(kw_only=True)
class Replayed:
    """What is believed after the replay: states and sources of facts, states of rules.

    `touched` are the facts that the left-out messages had a part in; `doubtful` the messages whose recorded decision
    was about something that is no more, so that rules cannot tell what it means now.
    """

    states: dict[str, FactVersion] = field(default_factory=dict[str, FactVersion])
    sources: dict[str, list[Source]] = field(default_factory=dict[str, list[Source]])
    rules: dict[str, RuleState] = field(default_factory=dict[str, RuleState])
    touched: set[str] = field(default_factory=set[str])
    doubtful: set[str] = field(default_factory=set[str])


def replay(changes: Sequence[Change], deleted: Mapping[str, int], said: Mapping[str, Episode]) -> Replayed:
    """Fold the decisions that stand, oldest first, leaving out what comes from messages that were `deleted`.

    Those are told with the number of the decision that deleted them: what was decided later is about one that came
    again under its id. A fact that another message states too is believed from that one on. `said` are the messages
    that stay.
    """
    done = Replayed()
    for change in changes:
        without = {episode for episode, number in deleted.items() if number > change.number}
        if any(isinstance(op, Revise) and op.kind is ReviseKind.REPLAYED for op in change.operations):
            # An earlier deletion, whose messages are left out here too.
            continue
        if change.episode_ids and set(change.episode_ids) <= without:
            done.touched |= {i for op in change.operations if (i := _fact_id(op)) is not None}
            continue
        _Step(change, without, said, done).run()
    return done


def _fact_id(operation: Operation) -> str | None:
    match operation:
        case Add(fact=fact):
            return fact.id
        case Invalidate() | Revise() | Merge() | Skip() | Forget():
            return operation.fact_id
        case _:
            return None


class _Step:
    """One decision of the replay: which of its operations still have something to work on."""

    def __init__(self, change: Change, without: Set[str], said: Mapping[str, Episode], done: Replayed) -> None:
        self._change = change
        self._without = without
        self._said = said
        self._done = done
        self._ended = False
        self._rule_gone = False

    def run(self) -> None:
        for operation in self._change.operations:
            match operation:
                case Add():
                    self._add(operation)
                case Skip() | Merge():
                    self._source(operation)
                case Invalidate():
                    self._invalidate(operation)
                case Revise():
                    self._revise(operation)
                case Forget(fact_id=fact_id) if fact_id in self._done.states:
                    self._expire(fact_id)
                case AddRule() | ChangeRule():
                    self._rule(operation)
                case _:
                    pass

    def _rule(self, operation: AddRule | ChangeRule) -> None:
        rules = self._done.rules
        match operation:
            case AddRule(rule=rule) if rule.source.episode_id not in self._without:
                rules[rule.id] = RuleState.WAITING
            case ChangeRule(rule_id=rule_id, after=after):
                self._rule_gone = rule_id not in rules or self._untriggered(rule_id)
                rules |= {} if self._rule_gone else {rule_id: after}
            case _:
                pass

    def _untriggered(self, rule_id: str) -> bool:
        """Tell whether something that set a rule off, or the rule before it, is left out."""
        led = [op.fact for op in self._change.operations if isinstance(op, Add) and op.by_rule == rule_id]
        return any(s.episode_id in self._without for fact in led for s in fact.sources)

    def _add(self, operation: Add) -> None:
        fact = operation.fact
        left = [s for s in fact.sources if s.episode_id not in self._without]
        # What came by a rule needs the rule and what set it off.
        if not left or (operation.by_rule and len(left) < len(fact.sources)):
            self._done.touched.add(fact.id)
            return
        self._done.states[fact.id] = fact.state
        self._done.sources[fact.id] = left

    def _source(self, operation: Skip | Merge) -> None:
        fact_id, source, done = operation.fact_id, operation.source, self._done
        if fact_id is None or source is None:
            return
        if source.episode_id in self._without:
            done.touched.add(fact_id)
        elif fact_id in done.states:
            done.sources[fact_id].append(source)
        elif fact_id in done.touched:
            self._found_anew(fact_id, source, operation)

    def _found_anew(self, fact_id: str, source: Source, operation: Skip | Merge) -> None:
        """Believe a fact from a repeat on; what only said it in other words has to be read again."""
        withdrawn = next((i for i in self._withdrawn() if source in self._done.sources.get(i, [])), None)
        if withdrawn is not None:
            self._done.states[withdrawn] = replace(self._done.states[withdrawn], expired_at=None)
        elif isinstance(operation, Merge):
            self._done.doubtful.add(source.episode_id)
        elif source.episode_id in self._said:
            interval = operation.interval or Interval(start=self._said[source.episode_id].at)
            self._done.states[fact_id] = FactVersion(interval=interval, created_at=self._change.at, expired_at=None)
            self._done.sources[fact_id] = [source]

    def _withdrawn(self) -> list[str]:
        kind = ReviseKind.WITHDRAWN
        return [op.fact_id for op in self._change.operations if isinstance(op, Revise) and op.kind is kind]

    def _invalidate(self, operation: Invalidate) -> None:
        state = self._done.states.get(operation.fact_id)
        if self._rule_gone:
            self._done.touched.add(operation.fact_id)
        elif state is None:
            self._lost(operation)
        elif operation.kind is InvalidateKind.CORRECTION:
            self._ended = True
            self._expire(operation.fact_id)
        elif operation.at > state.interval.start:
            self._ended = True
            ends = replace(state.interval, end=operation.at)
            self._done.states[operation.fact_id] = replace(state, interval=ends)

    def _lost(self, operation: Invalidate) -> None:
        """Note a closing without its fact: a change ends whatever held before, but a correction meant that fact."""
        self._done.touched |= {op.fact.id for op in self._change.operations if isinstance(op, Add)}
        if operation.kind is InvalidateKind.CORRECTION:
            self._done.doubtful |= set(self._change.episode_ids)

    def _revise(self, operation: Revise) -> None:
        done, after = self._done, operation.after
        state = done.states.get(operation.fact_id)
        if state is None:
            return
        match operation.kind:
            case ReviseKind.UNCERTAIN if self._ended or not self._ends():
                doubt = {"uncertain_since": after.uncertain_since, "uncertain_because": after.uncertain_because}
                done.states[operation.fact_id] = replace(state, **doubt)
            case ReviseKind.UNCERTAIN:
                done.touched.add(operation.fact_id)
            case ReviseKind.CERTAIN:
                done.states[operation.fact_id] = replace(state, uncertain_since=None, uncertain_because="")
            case ReviseKind.REDATED if self._unled():
                # Its end had moved with a fact that is no more.
                done.touched.add(operation.fact_id)
            case ReviseKind.REDATED:
                interval = _redated(state.interval, operation.before.interval, after.interval)
                done.states[operation.fact_id] = replace(state, interval=interval)
            case ReviseKind.WITHDRAWN:
                self._ended = True
                self._expire(operation.fact_id)
            case _:
                pass

    def _ends(self) -> bool:
        return any(isinstance(op, Invalidate) for op in self._change.operations)

    def _unled(self) -> bool:
        """Tell whether the fact that was corrected, and that others had followed, is gone or to be read again."""
        operations, done = self._change.operations, self._done
        added = (op.fact.id for op in operations if isinstance(op, Add))
        match operations[0]:
            case Revise(kind=ReviseKind.REDATED, fact_id=fact_id):
                led_by: str | None = fact_id
            case _:
                led_by = next(added, None)
        if led_by is None:
            # Entities became one: each fact has dates of its own.
            return False
        return led_by not in done.states or {s.episode_id for s in done.sources[led_by]} <= done.doubtful

    def _expire(self, fact_id: str) -> None:
        state = self._done.states[fact_id]
        self._done.states[fact_id] = replace(state, expired_at=self._change.at)


def _redated(now: Interval, before: Interval, after: Interval) -> Interval:
    """Return dates with what a correction changed of them; the rest stays, since what had set it may be gone."""
    same_start = replace(before, end=None) == replace(after, end=None)
    redated = replace(now if same_start else after, end=now.end if before.end == after.end else after.end)
    return redated if redated.end is None or redated.start < redated.end else after


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What became of the facts of one place: the same value twice is one fact, and one value holds at a time."""

    states: Mapping[str, FactVersion]
    joined: tuple[tuple[Fact, Fact], ...] = ()
    doubtful: frozenset[str] = frozenset()


def settle_places(done: Replayed, facts: Mapping[str, Fact], ontology: Ontology) -> Place:
    """Fit together what holds at the same time now that something is gone; a later value ends the earlier one.

    Of two values for one moment rules cannot tell: the one said last is to be read again.
    """
    places: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact_id, state in done.states.items():
        fact = facts.get(fact_id)
        read_again = {s.episode_id for s in done.sources.get(fact_id, [])} <= done.doubtful
        if fact is not None and state.expired_at is None and fact.forgotten_at is None and not read_again:
            exclusive = ontology.predicate(fact.predicate).exclusive
            value = "" if exclusive and closes(fact) else f"{fact.normal} {fact.modality}"
            places[fact.subject_id, fact.predicate, fact.raw_predicate, value].append(fact.in_state(state))
    states: dict[str, FactVersion] = {}
    joined: list[tuple[Fact, Fact]] = []
    doubtful: set[str] = set()
    for held in places.values():
        if done.touched.isdisjoint(f.id for f in held):
            continue
        _settle_place(held, states, joined, doubtful)
    return Place(states=states, joined=tuple(joined), doubtful=frozenset(doubtful))


def _settle_place(
    held: list[Fact], states: dict[str, FactVersion], joined: list[tuple[Fact, Fact]], doubtful: set[str]
) -> None:
    order = sorted(held, key=lambda f: (f.interval.start, f.created_at, f.id))
    while len(order) > 1:
        one, other = order[0], order[1]
        if not one.overlaps(other) or (one.event and one.interval.start != other.interval.start):
            order.pop(0)
        elif one.normal == other.normal:
            joined.append((one, other))
            ends = (one.interval.end, other.interval.end)
            end = None if None in ends else max(e for e in ends if e is not None)
            order[:2] = [one.in_state(replace(one.state, interval=replace(one.interval, end=end)))]
            states[one.id] = order[0].state
        elif one.interval.start < other.interval.start:
            states[one.id] = replace(one.state, interval=replace(one.interval, end=other.interval.start))
            order.pop(0)
        else:
            doubtful |= {s.episode_id for s in other.sources}
            order.pop(1)
