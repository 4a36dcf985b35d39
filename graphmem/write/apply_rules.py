"""Applying what is decided about stated rules: new ones wait; others took effect, wait again, or are withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from graphmem.models import Rule, RuleState, Scope
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
        about = [{"rule_id": r.id, "entity_id": e} for r in stated for e in entities_in(r)]
        await tx.write("link_rules", scope=scope.key, rows=about)
    changed = {op.rule_id: op.after.value for op in operations if isinstance(op, ChangeRule)}
    if changed:
        await tx.write("change_rules", scope=scope.key, rows=[{"id": i, "state": s} for i, s in changed.items()])


def entities_in(rule: Rule) -> list[str]:
    """Return the ids of the entities that a rule waits for or leads to; a literal that it waits for is none."""
    fact = rule.fact
    ends = (rule.subject_id, rule.normal, fact.subject_named or fact.subject_id, fact.object_named or fact.object_id)
    return list(dict.fromkeys(e for e in ends if e))
