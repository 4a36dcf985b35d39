"""What holds, and what is over, on the asked clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from graphmem.models import AsOf, Fact, FactVersion
from graphmem.ontology import Ontology
from graphmem.read.times.windows import Window


def states_at(facts: Mapping[str, Fact], as_of: AsOf, now: datetime) -> dict[str, FactVersion]:
    """Return what holds on the asked clocks, by the facts' ids."""
    return {i: state for i, f in facts.items() if (state := state_at(f, as_of, now)) is not None}


def over_at(
    facts: Mapping[str, Fact],
    holding: Mapping[str, FactVersion],
    as_of: AsOf,
    now: datetime,
    ontology: Ontology,
    stretch: Window | None = None,
) -> dict[str, FactVersion]:
    """Return what had ended by the asked time with nothing known in its place, or held in a stretch of time, by id."""
    held = {place(facts[i]) for i in holding}
    over: dict[str, FactVersion] = {}
    for i, fact in facts.items():
        state = fact.as_known(as_of.known or now)
        if fact.event or state is None or state.interval.end is None or state.interval.end > (as_of.valid or now):
            continue
        replaced = ontology.predicate(fact.predicate).exclusive and place(fact) in held
        if not replaced or (stretch is not None and stretch.meets(state.interval)):
            over[i] = state
    return over


def outdated_messages(facts: Iterable[Fact], as_of: AsOf, now: datetime) -> set[str]:
    """Return the messages of which, among some facts, all that they stated had ended or been taken back by then."""
    stated = [(s.episode_id, _is_gone(f, as_of, now)) for f in facts for s in f.sources]
    return {episode for episode, gone in stated if gone} - {episode for episode, gone in stated if not gone}


def _is_gone(fact: Fact, as_of: AsOf, now: datetime) -> bool:
    known = as_of.known or now
    state = fact.as_known(known)
    if state is None:
        return any(version.created_at <= known for version in (fact.state, *fact.versions))
    return state.interval.end is not None and state.interval.end <= (as_of.valid or now)


def place(fact: Fact) -> tuple[str, str, str]:
    """Return what a fact gives a value of: of whom, and what of them."""
    return fact.subject_id, fact.predicate, fact.raw_predicate


def state_at(fact: Fact, as_of: AsOf, now: datetime) -> FactVersion | None:
    """Return what is or was believed of a fact on the asked clocks, None where it does not hold there."""
    state = fact.as_known(as_of.known or now)
    return state if state is not None and state.interval.holds(as_of.valid or now) else None
