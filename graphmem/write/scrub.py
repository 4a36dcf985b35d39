"""Taking words out of the record: what was forgotten or deleted leaves ids and times in the changes, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

from graphmem.models import Scope
from graphmem.ports import Reader, Transaction
from graphmem.text import named_in
from graphmem.write.forget import REMOVED

_SILENT = {"quote": "", "subject_surface": "", "object_surface": ""}
# Operations on entities keep their names, unless the entity itself is gone.
_OF_ENTITIES = frozenset({"AddEntity", "NameEntity", "ChangeEntity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What has to go: facts by id with how they read now, quotes of messages, gone entities, and names anywhere."""

    facts: Mapping[str, str]
    episodes: Set[str]
    entities: Set[str] = frozenset()
    names: Sequence[str] = ()


async def scrub_changes(gone: Scrubbed, scope: Scope, tx: Transaction) -> None:
    """Rewrite the recorded decisions that hold what has to go; what they did, to what and when stays."""
    found = await tx.read(
        "changes_holding",
        scope=scope.key,
        facts=sorted(gone.facts),
        episodes=sorted(gone.episodes),
    )
    rewritten = [row for row in (_rewritten(row, gone) for row in found) if row is not None]
    if rewritten:
        await tx.write("rewrite_changes", scope=scope.key, rows=rewritten)


def _rewritten(row: Mapping[str, Any], gone: Scrubbed) -> dict[str, Any] | None:
    operations: list[dict[str, Any]] = json.loads(row["operations"])
    told = json.dumps([_operation(op, gone) for op in operations], ensure_ascii=False)
    only = bool(row["episode_ids"]) and set(row["episode_ids"]) <= gone.episodes
    reason = REMOVED if only or named_in(row["reason"], gone.names) else row["reason"]
    if (told, reason) == (row["operations"], row["reason"]):
        return None
    return {"id": row["id"], "operations": told, "reason": reason}


def _operation(operation: dict[str, Any], gone: Scrubbed) -> dict[str, Any]:
    if operation["op"] in _OF_ENTITIES:
        return _without_entities(operation, gone.entities)
    fact_id = str(operation.get("fact_id"))
    if fact_id in gone.facts and "text" in operation:
        operation = {**operation, "text": gone.facts[fact_id]}
    return cast("dict[str, Any]", _value(operation, gone))


def _without_entities(operation: dict[str, Any], entities: Set[str]) -> dict[str, Any]:
    named = [operation[k]["id"] for k in ("entity", "before", "after") if _is_map(operation.get(k))]
    if not {operation.get("entity_id"), *named} & entities:
        return operation
    if "alias" in operation:
        return {**operation, "alias": REMOVED, "before": []}
    return {k: {**v, "name": REMOVED, "aliases": []} if _is_map(v) else v for k, v in operation.items()}


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _value(value: Any, gone: Scrubbed) -> Any:
    if isinstance(value, dict):
        return _map(cast("dict[str, Any]", value), gone)
    if isinstance(value, list):
        return [_value(v, gone) for v in cast("list[Any]", value)]
    if isinstance(value, str) and gone.names and named_in(value, gone.names):
        return REMOVED
    return value


def _map(value: dict[str, Any], gone: Scrubbed) -> dict[str, Any]:
    if "predicate" in value and value.get("id") in gone.facts:
        empty = {"object": "", "object_id": None, "object_named": None, "literal": None, "uncertain_because": ""}
        sources = [{**s, **_SILENT} for s in value["sources"]]
        return {**value, **empty, "text": gone.facts[value["id"]], "sources": sources}
    if "quote" in value and value.get("episode_id") in gone.episodes:
        return {**value, **_SILENT}
    return {k: _value(v, gone) for k, v in value.items()}


async def drop_orphans(entity_ids: Set[str], scope: Scope, tx: Transaction) -> set[str]:
    """Delete those of the entities about which nothing is left, no fact and no message that is shown."""
    if not entity_ids:
        return set()
    alone = {row["id"] for row in await tx.read("orphans", scope=scope.key, ids=sorted(entity_ids))}
    if alone:
        await tx.write("delete_entities", scope=scope.key, ids=sorted(alone))
    return alone


async def entities_of(facts: Sequence[str], scope: Scope, reader: Reader) -> set[str]:
    """Return the ids of the entities that facts are about."""
    found = await reader.read("facts_by_ids", scopes=[scope.key], ids=list(facts)) if facts else []
    return {row[k] for row in found for k in ("subject_named", "object_named", "subject_id", "object_id") if row[k]}
