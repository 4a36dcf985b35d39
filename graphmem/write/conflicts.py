"""Conflict detector: the believed facts that new statements repeat, contradict or touch, found by Cypher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphmem import lucene, rows
from graphmem.models import OPEN_END, Conflict, ConflictKind, Fact, Polarity, Scope, Statement
from graphmem.ontology import Ontology
from graphmem.ports import Reader, Row, Vector
from graphmem.serial import utc_text
from graphmem.text import fold
from graphmem.write.keys import keys_of

MOST = 2000
NEAREST = 10
NEAR_COSINE = 0.9
"""Paraphrases of one statement lie at .91 and above with the default embedder, other ones of the kind at .77 to .92."""
ANYTHING = -1.0
EARLIEST = "0001-01-01T00:00:00Z"
NEAR_WORDS = 0.8
"""The least share of the shorter one's words that the longer one has too."""
# A fact can be found in more than one way; the first of these says most.
_STRONGEST = (
    ConflictKind.REPEAT,
    ConflictKind.DENIED,
    ConflictKind.INVERSE,
    ConflictKind.SLOT,
    ConflictKind.PAIR,
    ConflictKind.NEAR,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A statement with what it meets."""

    statement: Statement
    conflicts: tuple[Conflict, ...]


async def detect_conflicts(
    statements: Sequence[Statement],
    scope: Scope,
    ontology: Ontology,
    vectors: Mapping[str, Vector],
    now: datetime,
    reader: Reader,
) -> tuple[Found, ...]:
    """Return every statement with its conflicts; `vectors` are those of the facts' texts.

    Near statements are looked for, by embedding and by words, among 60 worded facts of the subject, and by embedding
    among the nearest of the scope by the vector index, so that a subject of many thousands costs no more than one of
    hundreds. One query for all statements, beside it one for each that is compared by its words, and one more for what
    the index found near enough.

    Source: Mem0g (arXiv 2504.19413) section 2.2, conflict detection.
    """
    if not statements:
        return ()
    items = [_item(i, s, ontology, vectors) for i, s in enumerate(statements)]
    alike = {"scope": scope.key, "now": utc_text(now), "items": items, "words": NEAR_WORDS, "limit": MOST}
    shared = {"scopes": [scope.key], "known": utc_text(now), "limit": NEAREST}
    compared = [item for item in items if item["vector"] is not None]
    by_index = [("near_facts", {**shared, "vector": item["vector"]}) for item in compared]
    hits, *nearest = await reader.read_all([("conflicts", alike), *by_index])
    hits += await _near_hits(zip(compared, nearest, strict=True), statements, scope, reader)
    met: dict[int, dict[str, Conflict]] = {}
    for hit in hits:
        fact, number = rows.fact(hit), int(hit["i"])
        kind = _kind(hit, statements[number], fact, ontology)
        known = met.setdefault(number, {}).get(fact.id)
        if kind is not None and (known is None or _STRONGEST.index(kind) < _STRONGEST.index(known.kind)):
            met[number][fact.id] = Conflict(kind=kind, fact=fact)
    return tuple(Found(statement=s, conflicts=tuple(met.get(i, {}).values())) for i, s in enumerate(statements))


async def _near_hits(
    found: Iterable[tuple[Mapping[str, Any], list[Row]]],
    statements: Sequence[Statement],
    scope: Scope,
    reader: Reader,
) -> list[Row]:
    """Return those of each item's nearest facts as hits that are near enough, of its subject and of its time."""
    # The index gives a cosine of -1 the score 0, and one of 1 the score 1.
    scored = [(item, row["id"], 2 * row["score"] - 1) for item, nearest in found for row in nearest]
    near = [(item, i, cosine) for item, i, cosine in scored if cosine >= item["near"]]
    if not near:
        return []
    ids = list(dict.fromkeys(i for _, i, _ in near))
    whole = {row["fact"]["id"]: row for row in await reader.read("facts_by_ids", scopes=[scope.key], ids=ids)}
    return [
        {**whole[i], "i": item["i"], "kind": "near", "cosine": cosine}
        for item, i, cosine in near
        if i in whole and _meets(rows.fact(whole[i]), statements[int(item["i"])])
    ]


def _meets(fact: Fact, statement: Statement) -> bool:
    """Tell whether a fact is about a statement's subject, and of its time; a request to forget has none."""
    new = statement.fact
    any_time = statement.polarity is Polarity.FORGET
    return fact.subject_id == new.subject_id and (any_time or fact.overlaps(new))


def _item(i: int, statement: Statement, ontology: Ontology, vectors: Mapping[str, Vector]) -> dict[str, Any]:
    fact = statement.fact
    keys = keys_of(fact, ontology)
    predicate = ontology.predicate(fact.predicate)
    # A request to forget may mean anything that is said of its subject: the nearest are shown to the model.
    forgets = statement.polarity is Polarity.FORGET
    # Where entities make a fact, its words say nothing more; where one value holds, every other one is met anyway.
    worded = (forgets or (predicate.worded and not predicate.exclusive)) and fact.text in vectors
    return {
        "i": i,
        "live_key": keys.live,
        "value_key": keys.value,
        # Where many values hold, the others are no rivals, and may be thousands.
        "slot_key": keys.slot if predicate.exclusive else "",
        "pair_key": keys.pair or "",
        "inverse_key": keys.inverse or "",
        "start": EARLIEST if forgets else utc_text(fact.interval.start),
        "end": utc_text(OPEN_END if forgets else fact.interval.end or OPEN_END),
        "subject": fact.subject_id,
        "vector": list(vectors[fact.text]) if worded else None,
        "near": ANYTHING if forgets else NEAR_COSINE,
        "any": forgets,
        "words": sorted(set(lucene.words(fact.value))) if worded else [],
        "folded": fold(fact.value) if worded else "",
    }


def _kind(hit: Row, statement: Statement, fact: Fact, ontology: Ontology) -> ConflictKind | None:
    """Say what a hit means for the statement; None for a fact that it neither repeats nor contradicts."""
    new, found = statement.fact, hit["kind"]
    if found == ConflictKind.NEAR:
        forgets = statement.polarity is Polarity.FORGET
        return ConflictKind.NEAR if forgets or _near(hit, new, fact, ontology) else None
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


def _near(hit: Row, new: Fact, fact: Fact, ontology: Ontology) -> bool:
    """Tell whether two worded facts about one subject nearly say the same."""
    if fact.subject_id != new.subject_id or not ontology.predicate(fact.predicate).worded:
        return False
    one, other = set(lucene.words(new.value)), set(lucene.words(fact.value))
    fewer = min(len(one), len(other))
    return (hit["cosine"] or 0.0) >= NEAR_COSINE or (fewer > 1 and len(one & other) >= NEAR_WORDS * fewer)
