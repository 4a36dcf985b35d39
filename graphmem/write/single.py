"""One decision by itself, in one transaction under the scope's lock: an edit by hand, an undo, a merge."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from graphmem.models import Scope
from graphmem.ontology import Ontology
from graphmem.operations import Change, ChangeEntity, Cost, Operation
from graphmem.ports import Clock, Embedder, Store, Transaction, Vector
from graphmem.write.apply import Effects, apply_changes
from graphmem.write.consequences import with_consequences
from graphmem.write.lock import lock_scope
from graphmem.write.retext import retext
from graphmem.write.tokens import TokenWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every writer works with."""

    store: Store
    embedder: Embedder
    clock: Clock
    ontology: Ontology
    tokens: TokenWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a decision is to be: its operations, why, what it undoes, who made it, the vectors of new facts' texts."""

    operations: tuple[Operation, ...]
    reason: str
    undoes: tuple[str, ...] = ()
    editor: str = ""
    cost: Cost = field(default_factory=Cost)
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, Vector])


Build: TypeAlias = Callable[[Transaction, datetime], Awaitable[Draft]]


async def decide(build: Build, scope: Scope, tools: Tools) -> tuple[Change, ...]:
    """Write what `build` drafts inside the lock, with all that follows; nothing for a draft without operations."""
    now = tools.clock.now()

    async def work(tx: Transaction) -> tuple[Change, ...]:
        locked = await lock_scope(scope, tools.embedder, now, tx)
        draft = await build(tx, now)
        if not draft.operations:
            return ()
        change = Change(
            id=f"ch_{uuid.uuid4().hex[:24]}",
            scope=scope.key,
            at=now,
            operations=draft.operations,
            reason=draft.reason,
            cost=draft.cost,
            episode_ids=(),
            number=locked["change_number"] + 1,
            editor=draft.editor,
            undoes=draft.undoes,
        )
        fired = await with_consequences((change,), {}, scope, tools.ontology, now, tx)
        effects = Effects(vectors={**draft.vectors, **fired.vectors})
        await apply_changes(fired.changes, effects, scope, tools.ontology, now, tx)
        await tx.write("advance_scope", scope=scope.key, ledger=1, seq=0, changes=1, tokens=0, due=-1)
        return fired.changes

    changes = await tools.store.transact(work)
    changed = [op for c in changes for op in c.operations if isinstance(op, ChangeEntity)]
    renamed = {e for op in changed for e in (op.before.canonical_id, op.after.canonical_id)}
    if renamed:
        await retext(sorted(renamed), scope, tools.ontology, tools.store, tools.embedder, now)
    tools.tokens.later(scope)
    return changes
