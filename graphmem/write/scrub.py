"""Taking words out of the record: what was forgotten or deleted leaves ids and times in the changes, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

from graphmem.models import Fact, Scope
from graphmem.ports import Reader, Transaction
from graphmem.text import named_in
from graphmem.write.forget import REMOVED

_ALL = 1_000_000
_SILENT = {"quote": "", "subject_surface": "", "object_surface": ""}
# Where words of people stand; elsewhere are ids, times, and names of the ontology.
_WORDED = frozenset(
    {"text", "quote", "subject_surface", "object_surface", "subject", "object", "uncertain_because", "alias", "names"}
)
_EMPTY = {"object": "", "object_id": None, "object_named": None, "literal": None, "uncertain_because": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Entities that are gone, and the names that only they had: Tom is still a part of Tom Dahl."""

    ids: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What has to go: facts by id with how they read now, rules, the quotes of messages, entities, and words.

    `names` go from decisions about these facts and messages only, `phrases` from all: nothing else says them. `kept`
    are the quotes of these messages, with the message's id, that other facts keep.
    """

    facts: Mapping[str, str]
    episodes: Set[str]
    kept: Set[tuple[str, str]] = frozenset()
    rules: Set[str] = frozenset()
    orphans: Orphans = Orphans()
    names: Sequence[str] = ()
    phrases: Sequence[str] = ()


async def scrub_changes(gone: Scrubbed, scope: Scope, tx: Transaction) -> None:
    """Rewrite the recorded decisions that hold what has to go; what they did, to what and when stays."""
    found = await tx.read("changes_holding", scope=scope.key)
    rewritten = [row for row in (_rewritten(row, gone) for row in found) if row is not None]
    if rewritten:
        await tx.write("rewrite_changes", scope=scope.key, rows=rewritten)


def _rewritten(row: Mapping[str, Any], gone: Scrubbed) -> dict[str, Any] | None:
    sources = set(row["episode_ids"] or ())
    related = bool(sources & gone.episodes) or any(i in row["operations"] for i in (*gone.facts, *gone.rules))
    words = [*gone.phrases, *gone.orphans.names, *(gone.names if related else ())]
    alone = bool(sources) and sources <= gone.episodes
    operations = [_operation(op, gone, words, alone=alone) for op in json.loads(row["operations"])]
    told = json.dumps(operations, ensure_ascii=False)
    reason = REMOVED if alone or named_in(row["reason"], words) else row["reason"]
    if (told, reason) == (row["operations"], row["reason"]):
        return None
    return {"id": row["id"], "operations": told, "reason": reason}


def _operation(operation: dict[str, Any], gone: Scrubbed, words: Sequence[str], *, alone: bool) -> dict[str, Any]:
    fact_id = operation.get("fact_id")
    if fact_id in gone.facts and "text" in operation:
        operation = {**operation, "text": gone.facts[str(fact_id)]}
    elif alone and "text" in operation:
        operation = {**operation, "text": REMOVED}
    rule = operation.get("rule")
    if operation.get("rule_id") in gone.rules:
        operation = {**operation, "text": REMOVED}
    if rule is not None and rule["id"] in gone.rules:
        fact: dict[str, Any] = {**rule["fact"], **_EMPTY, "text": REMOVED, "sources": []}
        operation = {**operation, "rule": {**rule, "text": REMOVED, "normal": "", "fact": fact}}
    return cast("dict[str, Any]", _value(operation, gone, words))


def _value(value: Any, gone: Scrubbed, words: Sequence[str], key: str = "") -> Any:
    if isinstance(value, dict):
        return _map(cast("dict[str, Any]", value), gone, words)
    if isinstance(value, list):
        return [_value(v, gone, words, key) for v in cast("list[Any]", value)]
    wordy = isinstance(value, str) and key in _WORDED and bool(words) and named_in(value, words)
    return REMOVED if wordy else value


def _map(value: dict[str, Any], gone: Scrubbed, words: Sequence[str]) -> dict[str, Any]:
    if "predicate" in value and value.get("id") in gone.facts:
        sources = [{**s, **_SILENT} for s in value["sources"]]
        value = {**value, **_EMPTY, "text": gone.facts[value["id"]], "sources": sources}
    elif "canonical_id" in value:
        # An entity keeps its names while there is one.
        return {**value, "name": REMOVED, "aliases": []} if value["id"] in gone.orphans.ids else value
    elif _goes(value, gone):
        value = {**value, **_SILENT}
    return {k: _value(v, gone, words, k) for k, v in value.items()}


def _goes(value: Mapping[str, Any], gone: Scrubbed) -> bool:
    """Tell whether it is a source whose words go."""
    episode, quote = value.get("episode_id"), value.get("quote")
    return quote is not None and episode in gone.episodes and (episode, quote) not in gone.kept


async def soften_doubts(facts: Sequence[Fact], texts: Mapping[str, str], scope: Scope, tx: Transaction) -> None:
    """Leave facts that are gone out of the reasons for which others are or were uncertain."""
    reasons = [{"text": f.text, "neutral": texts[f.id]} for f in facts]
    for label in ("Fact", "FactVersion"):
        await tx.write("soften_doubts", names={"LABEL": label}, scope=scope.key, rows=reasons)


async def drop_orphans(entity_ids: Set[str], scope: Scope, tx: Transaction) -> Orphans:
    """Delete those of the entities about which nothing is left, no fact and no message that is shown."""
    if not entity_ids:
        return Orphans()
    alone = await tx.read("orphans", scope=scope.key, ids=sorted(entity_ids))
    if alone:
        await tx.write("delete_entities", scope=scope.key, ids=sorted(row["id"] for row in alone))
    names = {n for row in alone for n in (row["name"], *(row["aliases"] or ()))}
    left = await tx.read("entities_of_scopes", scopes=[scope.key], after_name=None, after_id=None, limit=_ALL)
    living = " | ".join(n for row in left for n in (row["entity"]["name"], *(row["entity"]["aliases"] or ())))
    own = tuple(sorted(n for n in names if not named_in(living, [n])))
    return Orphans(ids=frozenset(row["id"] for row in alone), names=own)


async def entities_of(facts: Sequence[str], scope: Scope, reader: Reader) -> set[str]:
    """Return the ids of the entities that facts are about."""
    found = await reader.read("facts_by_ids", scopes=[scope.key], ids=list(facts)) if facts else []
    return {row[k] for row in found for k in ("subject_named", "object_named", "subject_id", "object_id") if row[k]}
