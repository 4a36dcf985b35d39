"""Conflict detector: the believed facts that new statements repeat, contradict or touch, found by Cypher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem import rows
from graphmem.models import OPEN_END, Conflict, ConflictKind, Fact, Polarity, Scope, Statement
from graphmem.ontology import Ontology
from graphmem.ports import Reader
from graphmem.serial import utc_text
from graphmem.write.keys import keys_of

MOST = 2000
# A fact can be found in more than one way; the first of these says most.
_STRONGEST = (
    ConflictKind.REPEAT,
    ConflictKind.DENIED,
    ConflictKind.INVERSE,
    ConflictKind.SLOT,
    ConflictKind.PAIR,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A statement with what it meets."""

    statement: Statement
    conflicts: tuple[Conflict, ...]


async def detect_conflicts(
    statements: Sequence[Statement], scope: Scope, ontology: Ontology, now: datetime, reader: Reader
) -> tuple[Found, ...]:
    """Return every statement with its conflicts, two queries for all of them.

    Source: Mem0g (arXiv 2504.19413) section 2.2, conflict detection.
    """
    if not statements:
        return ()
    items = [_item(i, s, ontology) for i, s in enumerate(statements)]
    hits = await reader.read("conflicts", scope=scope.key, now=utc_text(now), items=items, limit=MOST)
    ids = list(dict.fromkeys(hit["fact"] for hit in hits))
    facts = {f.id: f for f in map(rows.fact, await reader.read("facts_by_ids", scopes=[scope.key], ids=ids))}
    met: dict[int, dict[str, Conflict]] = {}
    for hit in hits:
        fact = facts[hit["fact"]]
        number: int = hit["i"]
        kind = _kind(hit["kind"], statements[number], fact, ontology)
        known = met.setdefault(number, {}).get(fact.id)
        if kind is not None and (known is None or _STRONGEST.index(kind) < _STRONGEST.index(known.kind)):
            met[number][fact.id] = Conflict(kind=kind, fact=fact)
    return tuple(Found(statement=s, conflicts=tuple(met.get(i, {}).values())) for i, s in enumerate(statements))


def _item(i: int, statement: Statement, ontology: Ontology) -> dict[str, str | int | None]:
    fact = statement.fact
    keys = keys_of(fact, ontology)
    return {
        "i": i,
        "live_key": keys.live,
        "value_key": keys.value,
        # Where many values hold, the others are no rivals, and may be thousands.
        "slot_key": keys.slot if ontology.predicate(fact.predicate).exclusive else "",
        "pair_key": keys.pair or "",
        "inverse_key": keys.inverse or "",
        "start": utc_text(fact.interval.start),
        "end": utc_text(fact.interval.end or OPEN_END),
    }


def _kind(found: str, statement: Statement, fact: Fact, ontology: Ontology) -> ConflictKind | None:
    """Say what a hit means for the statement; None for a fact that it neither repeats nor contradicts."""
    new = statement.fact
    if found == ConflictKind.INVERSE and ontology.predicate(new.predicate).inverse != fact.predicate:
        return None
    if found == ConflictKind.PAIR or (found == ConflictKind.SLOT and new.normal != fact.normal):
        return ConflictKind(found)
    if statement.polarity is Polarity.DENIED:
        return ConflictKind.DENIED
    if new.modality is not fact.modality or (new.event and found != ConflictKind.REPEAT):
        return None
    # What ended before the statement is true again: a new fact.
    over = fact.interval.end is not None and fact.interval.end <= new.interval.start
    same = ConflictKind.INVERSE if found == ConflictKind.INVERSE else ConflictKind.REPEAT
    return None if over else same
