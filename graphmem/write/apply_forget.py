"""Applying requests to forget: the value goes out of facts, live view, quotes and record; messages are hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from graphmem import rows
from graphmem.models import Scope
from graphmem.operations import AddEntity, Forget, Hide, Operation
from graphmem.ports import Transaction
from graphmem.serial import load_rule, utc_text
from graphmem.text import fold, named_in
from graphmem.write.apply_rules import entities_in
from graphmem.write.forget import value_names
from graphmem.write.scrub import Scrubbed, drop_orphans, entities_of, scrub_changes, soften_doubts


async def apply_forget(
    operations: Sequence[Operation],
    vectors: Mapping[str, Sequence[float]],
    scope: Scope,
    now: datetime,
    tx: Transaction,
) -> None:
    """Take what was asked to be forgotten out of everything but the messages themselves."""
    texts = {op.fact_id: op.text for op in operations if isinstance(op, Forget)}
    hidden = sorted({i for op in operations if isinstance(op, Hide) for i in op.episode_ids})
    if not hidden:
        return
    found = await tx.read("facts_by_ids", scopes=[scope.key], ids=list(texts)) if texts else []
    facts = [rows.fact(row) for row in found]
    names = sorted(await value_names(facts, scope, tx))
    entities = await entities_of(list(texts), scope, tx)
    entities |= {op.entity.id for op in operations if isinstance(op, AddEntity)}
    if texts:
        await tx.write("drop_live", scope=scope.key, ids=list(texts))
        forgotten = [_row(i, text, vectors) for i, text in texts.items()]
        await tx.write("forget_facts", scope=scope.key, now=utc_text(now), rows=forgotten)
        await soften_doubts(facts, texts, scope, tx)
    await tx.write("read_anew_beside", scope=scope.key, ids=hidden)
    await tx.write("hide_episodes", scope=scope.key, now=utc_text(now), ids=hidden)
    rules = [load_rule(r["rule"]) for r in await tx.read("rules_of_episodes", scope=scope.key, ids=hidden)]
    await tx.write("delete_rules_of", scope=scope.key, ids=hidden)
    entities |= {e for rule in rules for e in entities_in(rule)}
    await tx.write("drop_summary", scope=scope.key)
    orphans = await drop_orphans(entities, scope, tx)
    phrases = [f.text for f in facts] + [r.text for r in rules]
    scrubbed = Scrubbed(
        facts=texts,
        episodes=set(hidden),
        kept=await _blank_quotes(hidden, [*names, *phrases, *orphans.names], scope, tx),
        rules={r.id for r in rules},
        orphans=orphans,
        names=names,
        phrases=phrases,
    )
    await scrub_changes(scrubbed, scope, tx)


def _row(fact_id: str, text: str, vectors: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {"fact_id": fact_id, "text": text, "folded": fold(text), "embedding": list(vectors[text])}


async def _blank_quotes(
    hidden: Sequence[str], words: Sequence[str], scope: Scope, tx: Transaction
) -> set[tuple[str, str]]:
    """Take the quotes of hidden messages that name what goes from the facts that stay, all where nothing has a name.

    Returns those that are kept, each with its message's id.
    """
    stated = await tx.read("facts_of_episodes", scope=scope.key, ids=list(hidden))
    blank = [row for row in stated if not words or named_in(row["quote"], words)]
    if blank:
        columns = ("fact_id", "episode_id", "quote")
        await tx.write("blank_quotes", scope=scope.key, rows=[{k: row[k] for k in columns} for row in blank])
    return {(row["episode_id"], row["quote"]) for row in stated if row not in blank}
