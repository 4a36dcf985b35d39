"""Applying decisions: one transaction under the scope's lock writes facts, versions, live view, sources and record."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphmem import rows
from graphmem.models import OPEN_END, Fact, FactVersion, Scope, Source
from graphmem.ontology import LiteralKind, Ontology
from graphmem.operations import (
    Add,
    Change,
    ChangeEntity,
    Forget,
    Invalidate,
    Merge,
    Operation,
    RemoveSource,
    Revise,
    Skip,
    revised,
)
from graphmem.ports import Row, Transaction
from graphmem.serial import dump_operations, utc_text
from graphmem.text import fold
from graphmem.write.apply_entities import apply_entities
from graphmem.write.apply_forget import apply_forget
from graphmem.write.apply_rules import apply_rules
from graphmem.write.keys import keys_of
from graphmem.write.sweep import sweep

OPEN_TEXT = utc_text(OPEN_END)
_ALL = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Everything that a batch writes besides its changes; facts whose text has no `tokens` wait for theirs."""

    vectors: Mapping[str, Sequence[float]]
    tokens: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    mentions: Sequence[tuple[str, str]] = ()
    speakers: Sequence[tuple[str, str]] = ()


async def apply_changes(
    changes: Sequence[Change], effects: Effects, scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    """Write changes and their effects; the transaction must hold the scope's lock."""
    operations = [(c.id, op) for c in changes for op in c.operations]
    adds = [(c, op) for c, op in operations if isinstance(op, Add)]
    revisions = _revisions([op for _, op in operations], now)
    changed = [op for _, op in operations if isinstance(op, ChangeEntity)]
    merged = [op for op in changed if op.before.canonical_id != op.after.canonical_id]
    over = await sweep(scope, now, tx)
    touched = await _let_go(merged, scope, tx)
    await apply_entities([op for _, op in operations], scope, now, tx)
    await _revise(revisions, scope, ontology, now, tx)
    await _take_up(merged, touched, revisions, scope, ontology, now, tx)
    await _create([op for _, op in adds], effects, scope, ontology, now, tx)
    await _grounds([op for _, op in operations], scope, tx)
    await _sources([op for _, op in operations], scope, tx)
    await apply_rules([op for _, op in operations], effects.vectors, scope, now, tx)
    for query, pairs in (("link_mentions", effects.mentions), ("link_speakers", effects.speakers)):
        if pairs:
            rows = [{"episode_id": e, "entity_id": n} for e, n in dict.fromkeys(pairs)]
            await tx.write(query, scope=scope.key, rows=rows)
    await _record(changes, scope, now, tx)
    await apply_forget([op for _, op in operations], effects.vectors, scope, now, tx)
    forgotten = [op.fact_id for _, op in operations if isinstance(op, Forget)]
    await _live_values([op.fact for _, op in adds], [*revisions, *touched, *forgotten], scope, ontology, now, tx)
    await refresh_live(over, scope, ontology, now, tx)


def _revisions(operations: Iterable[Operation], now: datetime) -> dict[str, FactVersion]:
    """Return what is believed at last of each fact that is revised."""
    return {
        op.fact_id: after
        for op in operations
        if isinstance(op, (Invalidate, Revise)) and (after := revised(op, now)) is not None
    }


async def _revise(
    revisions: Mapping[str, FactVersion], scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    if not revisions:
        return
    found = await tx.read("facts_by_ids", scopes=[scope.key], ids=list(revisions))
    facts = [rows.fact(row).in_state(revisions[row["fact"]["id"]]) for row in found]
    # Those that let go of their key come first: another one may take it up in the same decision.
    written = sorted((_revision_row(f, ontology) for f in facts), key=lambda row: row["live_key"] is not None)
    await tx.write("revise_facts", scope=scope.key, now=utc_text(now), rows=written)
    await tx.write("drop_live", scope=scope.key, ids=[f.id for f in facts])
    await _draw([f for f in facts if f.expired_at is None], scope, now, tx)


def _revision_row(fact: Fact, ontology: Ontology) -> dict[str, Any]:
    believed = fact.expired_at is None and fact.interval.end is None
    return {
        "fact_id": fact.id,
        "version_id": f"fv_{uuid.uuid4().hex[:24]}",
        "valid_at": utc_text(fact.interval.start),
        "invalid_at": utc_text(fact.interval.end) if fact.interval.end else OPEN_TEXT,
        "precision": fact.interval.precision.value,
        "stated": fact.interval.stated,
        "uncertain_since": utc_text(fact.uncertain_since) if fact.uncertain_since else None,
        "uncertain_because": fact.uncertain_because or None,
        "expired_at": utc_text(fact.expired_at) if fact.expired_at else OPEN_TEXT,
        "live_key": keys_of(fact, ontology).live if believed else None,
        "ends": fact.expired_at is None and fact.interval.end is not None,
    }


async def _let_go(merged: Sequence[ChangeEntity], scope: Scope, tx: Transaction) -> list[str]:
    """Take the facts of entities that are merged or split out of the live view, and their keys from them."""
    ends = sorted({e for op in merged for e in (op.before.canonical_id, op.after.canonical_id)})
    if not ends:
        return []
    ids = [r["id"] for r in await tx.read("facts_touching", scopes=[scope.key], entities=ends, limit=_ALL)]
    await tx.write("drop_live", scope=scope.key, ids=ids)
    await tx.write("release_keys", scope=scope.key, ids=ids)
    return ids


async def _take_up(
    merged: Sequence[ChangeEntity],
    touched: Sequence[str],
    revisions: Mapping[str, FactVersion],
    scope: Scope,
    ontology: Ontology,
    now: datetime,
    tx: Transaction,
) -> None:
    """Key the facts of entities that were merged or split anew, and put them back into the live view."""
    none = {p.live_property: None for p in ontology.predicates.values() if p.live_property}
    for entity_id in sorted({e for op in merged for e in (op.before.canonical_id, op.after.canonical_id)}):
        await tx.write("set_properties", scope=scope.key, id=entity_id, properties=none)
    if not touched:
        return
    facts = [rows.fact(row) for row in await tx.read("facts_by_ids", scopes=[scope.key], ids=list(touched))]
    keyed: list[dict[str, Any]] = []
    for fact in facts:
        keys = keys_of(fact, ontology)
        live = keys.live if fact.expired_at is None and fact.interval.end is None else None
        found = {"value_key": keys.value, "slot_key": keys.slot, "pair_key": keys.pair}
        keyed.append({"fact_id": fact.id, "live_key": live, **found})
    await tx.write("rekey_facts", scope=scope.key, rows=keyed)
    await _draw([f for f in facts if f.expired_at is None and f.id not in revisions], scope, now, tx)


async def _create(
    adds: Sequence[Add], effects: Effects, scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    if not adds:
        return
    facts = [a.fact for a in adds]
    await tx.write(
        "create_facts",
        scope=scope.key,
        scope_key=scope.digest,
        now=utc_text(now),
        rows=[_fact_row(f, effects, ontology) for f in facts],
    )
    objects = [{"fact_id": f.id, "object_id": f.object_named or f.object_id} for f in facts if f.object_id]
    if objects:
        await tx.write("link_objects", scope=scope.key, rows=objects)
    superseded = [{"fact_id": a.fact.id, "superseded_id": a.supersedes} for a in adds if a.supersedes]
    if superseded:
        await tx.write("link_superseded", scope=scope.key, rows=superseded)
    await _draw(facts, scope, now, tx)


async def _grounds(operations: Iterable[Operation], scope: Scope, tx: Transaction) -> None:
    """Link facts to those that they rest on."""
    grounds: list[dict[str, str]] = []
    for operation in operations:
        if isinstance(operation, (Add, Revise)):
            fact_id = operation.fact.id if isinstance(operation, Add) else operation.fact_id
            grounds += [{"fact_id": fact_id, "ground_id": ground} for ground in operation.rests_on]
    if grounds:
        await tx.write("link_grounds", scope=scope.key, rows=grounds)


async def _draw(facts: Sequence[Fact], scope: Scope, now: datetime, tx: Transaction) -> None:
    """Put facts that are not over into the live view."""
    live: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in facts:
        if fact.object_id and (fact.interval.end is None or fact.interval.end > now):
            live[fact.predicate].append(_live_row(fact))
    for predicate, drawn in live.items():
        await tx.write("draw_live", names={"TYPE": predicate}, scope=scope.key, rows=drawn)


def _fact_row(fact: Fact, effects: Effects, ontology: Ontology) -> dict[str, Any]:
    keys = keys_of(fact, ontology)
    literal = fact.literal
    return {
        "id": fact.id,
        "subject_id": fact.subject_named or fact.subject_id,
        "predicate": fact.predicate,
        "raw_predicate": fact.raw_predicate or None,
        "text": fact.text,
        "folded": fold(fact.text),
        "value_text": literal.text if literal else None,
        "value_number": literal.number if literal else None,
        "unit": literal.unit if literal else None,
        "value_date": utc_text(literal.date) if literal and literal.date else None,
        "valid_at": utc_text(fact.interval.start),
        "invalid_at": utc_text(fact.interval.end) if fact.interval.end else OPEN_TEXT,
        "expired_at": OPEN_TEXT,
        "precision": fact.interval.precision.value,
        "stated": fact.interval.stated,
        "event": fact.event,
        "modality": fact.modality.value,
        "confidence": fact.confidence,
        "live_key": keys.live,
        "value_key": keys.value,
        "slot_key": keys.slot,
        "pair_key": keys.pair,
        "ends": fact.interval.end is not None,
        "embedding": list(effects.vectors[fact.text]),
        "tokens": effects.tokens.get(fact.text),
    }


def _live_row(fact: Fact) -> dict[str, Any]:
    end = fact.interval.end
    return {
        "fact_id": fact.id,
        "subject_id": fact.subject_id,
        "object_id": fact.object_id,
        "valid_at": utc_text(fact.interval.start),
        "invalid_at": utc_text(end) if end else OPEN_TEXT,
        "predicate": fact.raw_predicate or fact.predicate,
        "uncertain_since": utc_text(fact.uncertain_since) if fact.uncertain_since else None,
    }


async def _sources(operations: Sequence[Operation], scope: Scope, tx: Transaction) -> None:
    stated: list[tuple[str, Source]] = []
    for operation in operations:
        match operation:
            case Add(fact=fact):
                stated += [(fact.id, source) for source in fact.sources]
            case Merge(fact_id=fact_id, source=source):
                stated.append((fact_id, source))
            case Skip(fact_id=str() as fact_id, source=Source() as source):
                stated.append((fact_id, source))
            case _:
                pass
    if stated:
        links = [_source_row(fact_id, source) for fact_id, source in stated]
        await tx.write("link_sources", scope=scope.key, rows=links)
    gone = [_source_row(op.fact_id, op.source) for op in operations if isinstance(op, RemoveSource)]
    if gone:
        await tx.write("unlink_sources", scope=scope.key, rows=gone)


def _source_row(fact_id: str, source: Source) -> dict[str, str]:
    return {
        "fact_id": fact_id,
        "episode_id": source.episode_id,
        "quote": source.quote,
        "subject_surface": source.subject_surface,
        "object_surface": source.object_surface,
    }


async def _live_values(
    added: Sequence[Fact], closed: Sequence[str], scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    """Bring the literals in the live view up to what is believed and open now."""
    slots = {
        keys_of(f, ontology).slot: (f.subject_id, f.predicate)
        for f in added
        if ontology.predicate(f.predicate).live_property
    }
    if closed:
        slots |= _slots(await tx.read("slots_of_facts", scope=scope.key, ids=list(closed)), ontology)
    await _write_values(slots, scope, ontology, now, tx)


async def refresh_live(
    touched: Sequence[Row], scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    """Bring the literals of some places, rows of slots_of_facts, up to what is left there."""
    await _write_values(_slots(touched, ontology), scope, ontology, now, tx)


def _slots(touched: Sequence[Row], ontology: Ontology) -> dict[str, tuple[str, str]]:
    return {
        row["slot_key"]: (row["subject_id"], row["predicate"])
        for row in touched
        if ontology.predicate(row["predicate"]).live_property
    }


async def _write_values(
    slots: Mapping[str, tuple[str, str]], scope: Scope, ontology: Ontology, now: datetime, tx: Transaction
) -> None:
    if not slots:
        return
    values: dict[str, list[Any]] = defaultdict(list)
    for row in await tx.read("live_values", scope=scope.key, slots=list(slots), now=utc_text(now)):
        predicate = ontology.predicate(row["predicate"])
        values[row["slot_key"]].append(row["number"] if predicate.literal is LiteralKind.NUMBER else row["text"])
    for slot, (subject, name) in slots.items():
        predicate = ontology.predicate(name)
        held = values[slot]
        value = (held[-1] if held else None) if predicate.cardinality == "one" else (sorted(set(held)) or None)
        await tx.write("set_properties", scope=scope.key, id=subject, properties={str(predicate.live_property): value})


async def _record(changes: Sequence[Change], scope: Scope, now: datetime, tx: Transaction) -> None:
    records = [
        {
            "id": c.id,
            "number": c.number,
            "operations": dump_operations(c.operations),
            "reason": c.reason,
            "model": c.cost.model,
            "prompt_version": c.cost.prompt_version,
            "calls": c.cost.calls,
            "tokens_in": c.cost.tokens_in,
            "tokens_cached": c.cost.tokens_cached,
            "tokens_out": c.cost.tokens_out,
            "seconds": c.cost.seconds,
            "money": c.cost.money,
            "episode_ids": list(c.episode_ids),
            "editor": c.editor,
            "undoes": list(c.undoes),
        }
        for c in changes
    ]
    await tx.write("create_changes", scope=scope.key, now=utc_text(now), rows=records)
    created = [
        {"change_id": c.id, "fact_id": op.fact.id} for c in changes for op in c.operations if isinstance(op, Add)
    ]
    touched = [
        {"change_id": c.id, "fact_id": op.fact_id}
        for c in changes
        for op in c.operations
        if isinstance(op, (Invalidate, Revise, RemoveSource, Merge, Skip, Forget)) and op.fact_id
    ]
    for query, links in (("link_created", created), ("link_revised", touched)):
        if links:
            await tx.write(query, scope=scope.key, rows=links)
