"""Writing the texts of facts anew, with their vectors, after an entity got another name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graphmem import rows
from graphmem.models import Fact, Scope
from graphmem.ontology import NOTED, Ontology
from graphmem.ports import Embedder, Store, Transaction
from graphmem.text import fold
from graphmem.write.lock import lock_scope

_AT_ONCE = 200
_MOST = 1_000_000


def text_of(fact: Fact, ontology: Ontology) -> str:
    """Return how a fact reads: subject, the predicate's phrase, value; a note is its own text."""
    if fact.predicate == NOTED:
        return fact.value
    phrase = fact.raw_predicate.replace("_", " ").lower() or ontology.predicate(fact.predicate).phrase
    return f"{fact.subject} {phrase} {fact.value}"


async def retext(
    entity_ids: Sequence[str], scope: Scope, ontology: Ontology, store: Store, embedder: Embedder, now: datetime
) -> None:
    """Bring the texts of all facts about some entities up to their names; what is right already stays."""
    touching = await store.read("facts_touching", scopes=[scope.key], entities=list(entity_ids), limit=_MOST)
    ids = [row["id"] for row in touching]
    for start in range(0, len(ids), _AT_ONCE):
        found = await store.read("facts_by_ids", scopes=[scope.key], ids=ids[start : start + _AT_ONCE])
        stale = [(f.id, text) for f in map(rows.fact, found) if (text := text_of(f, ontology)) != f.text]
        if not stale:
            continue
        vectors = await embedder.embed([text for _, text in stale])
        written: list[dict[str, object]] = [
            {"fact_id": i, "text": text, "folded": fold(text), "embedding": vector}
            for (i, text), vector in zip(stale, vectors, strict=True)
        ]

        async def work(tx: Transaction, written: list[dict[str, object]] = written) -> None:
            await lock_scope(scope, embedder, now, tx)
            await tx.write("retext_facts", scope=scope.key, rows=written)

        await store.transact(work)
