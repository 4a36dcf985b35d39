"""The identity of facts: digests by which a repeat, a rival value or another statement about a pair is found."""

from __future__ import annotations

from dataclasses import dataclass

from graphmem.models import Fact, Modality, slot_key
from graphmem.ontology import Kind, Ontology
from graphmem.text import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a fact is found by: itself, its value at any time, its subject and predicate, its ends both ways."""

    live: str
    value: str
    slot: str
    pair: str | None
    inverse: str | None


def keys_of(fact: Fact, ontology: Ontology) -> Keys:
    """Return a fact's keys from its canonical ids."""
    predicate = ontology.predicate(fact.predicate)
    name = fact.raw_predicate or fact.predicate
    if predicate.kind is Kind.EVENT:
        first = fact.sources[0].episode_id if fact.sources else ""
        when = fact.interval.start.isoformat() if fact.interval.stated else first
    elif fact.interval.end is not None:
        when = f"{fact.interval.start.isoformat()}/{fact.interval.end.isoformat()}"
    else:
        when = ""
    if fact.modality is not Modality.SAID:
        when += f" {fact.modality}"
    pair = inverse = None
    if fact.object_id:
        pair = digest(fact.scope, "pair", fact.subject_id, fact.object_id)
        inverse = digest(fact.scope, "pair", fact.object_id, fact.subject_id)
    return Keys(
        live=digest(fact.scope, "live", fact.subject_id, name, fact.normal, when),
        value=digest(fact.scope, "value", fact.subject_id, name, fact.normal),
        slot=slot_key(fact.scope, fact.subject_id, name),
        pair=pair,
        inverse=inverse,
    )
