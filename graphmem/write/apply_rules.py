"""Applying what is decided about stated rules: new ones wait; others took effect, wait again, or are withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from graphmem.models import RuleState, Scope
from graphmem.operations import AddRule, ChangeRule, Operation
from graphmem.ports import Transaction
from graphmem.serial import dump_rule, utc_text


async def apply_rules(
    operations: Sequence[Operation],
    vectors: Mapping[str, Sequence[float]],
    scope: Scope,
    now: datetime,
    tx: Transaction,
) -> None:
    """Write rules with the vectors of their consequences, and what became of known ones."""
    stated = [op.rule for op in operations if isinstance(op, AddRule)]
    if stated:
        rows = [
            {
                "id": r.id,
                "text": r.text,
                "rule": dump_rule(r),
                "state": RuleState.WAITING.value,
                "said_at": utc_text(r.said_at),
                "embedding": list(vectors[r.fact.text]),
                "episode_id": r.source.episode_id,
                "quote": r.source.quote,
            }
            for r in stated
        ]
        await tx.write("create_rules", scope=scope.key, now=utc_text(now), rows=rows)
    changed = {op.rule_id: op.after.value for op in operations if isinstance(op, ChangeRule)}
    if changed:
        await tx.write("change_rules", scope=scope.key, rows=[{"id": i, "state": s} for i, s in changed.items()])
