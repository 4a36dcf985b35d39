"""Applying what is decided about entities: new ones, further names, other names and types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from graphmem.models import Entity, Scope
from graphmem.operations import AddEntity, ChangeEntity, Compare, NameEntity, Operation, RemoveEntity
from graphmem.ports import Transaction
from graphmem.serial import utc_text
from graphmem.text import fold
from graphmem.write.link import name_key


async def apply_entities(operations: Iterable[Operation], scope: Scope, now: datetime, tx: Transaction) -> None:
    """Write new entities, further names, entities that are changed or gone, and which may be one."""
    operations = list(operations)
    entities, named, changed = _wanted(operations)
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entity in entities.values():
        aliases = named.pop(entity.id, entity.aliases)
        by_type[entity.type].append(
            {
                "id": entity.id,
                "name": entity.name,
                "type": entity.type,
                "name_key": name_key(scope, entity.name),
                **_names(entity.name, aliases),
            }
        )
    for label, added in by_type.items():
        await tx.write(
            "create_entities",
            names={"LABEL": label},
            scope=scope.key,
            scope_key=scope.digest,
            now=utc_text(now),
            rows=added,
        )
    if named:
        known = await tx.read("entities_by_ids", scopes=[scope.key], ids=list(named))
        more = [{"id": k["entity"]["id"], **_names(k["entity"]["name"], named[k["entity"]["id"]])} for k in known]
        await tx.write("name_entities", scope=scope.key, rows=more)
    if changed:
        await tx.write("change_entities", scope=scope.key, rows=[_entity_row(e, scope) for e in changed.values()])
        for label in {e.type for e in changed.values()}:
            # What it was labelled before stays: labels are for people, and the type is the property.
            ids = [e.id for e in changed.values() if e.type == label]
            await tx.write("label_entities", names={"LABEL": label}, scope=scope.key, ids=ids)
    gone = [op.entity.id for op in operations if isinstance(op, RemoveEntity)]
    if gone:
        await tx.write("delete_entities", scope=scope.key, ids=gone)
    await _compare([op for op in operations if isinstance(op, Compare)], scope, tx)


async def _compare(operations: Sequence[Compare], scope: Scope, tx: Transaction) -> None:
    last = {(op.entity_id, op.other_id): op.after for op in operations}
    kept = [{"entity_id": a, "other_id": b, "state": after.value} for (a, b), after in last.items() if after]
    if kept:
        await tx.write("compare_entities", scope=scope.key, rows=kept)
    none = [{"entity_id": a, "other_id": b} for (a, b), after in last.items() if after is None]
    if none:
        await tx.write("uncompare_entities", scope=scope.key, rows=none)


def _wanted(
    operations: Iterable[Operation],
) -> tuple[dict[str, Entity], dict[str, tuple[str, ...]], dict[str, Entity]]:
    """Return new entities, the aliases of known ones, and entities that are changed, each by id."""
    entities: dict[str, Entity] = {}
    named: dict[str, tuple[str, ...]] = {}
    changed: dict[str, Entity] = {}
    for operation in operations:
        match operation:
            case AddEntity(entity=entity):
                entities[entity.id] = entity
            case NameEntity(entity_id=entity_id, alias=alias, before=before):
                named[entity_id] = (*named.get(entity_id, before), alias)
            case ChangeEntity(after=after):
                changed[after.id] = after
            case _:
                pass
    return entities, named, changed


def _entity_row(entity: Entity, scope: Scope) -> dict[str, Any]:
    return {
        "id": entity.id,
        "type": entity.type,
        "name_key": name_key(scope, entity.name),
        "canonical_id": entity.canonical_id,
        **_names(entity.name, entity.aliases),
    }


def _names(name: str, aliases: Sequence[str]) -> dict[str, Any]:
    folded = list(dict.fromkeys(fold(n) for n in (name, *aliases)))
    return {"name": name, "aliases": list(aliases), "names": folded, "folded": " | ".join(folded)}
