"""Writing an invented graph straight into a store in bulk, as the writes of messages would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphmem.bench.people import TOLD, Graph, Told, each_of, owner_of, told_sentences
from graphmem.models import OPEN_END, Scope, slot_key
from graphmem.ports import Passage, Store, TokenEmbedder, Transaction
from graphmem.serial import utc_text
from graphmem.text import digest, fold
from graphmem.wiring import Parts, build_token_embedder

Vectors = NDArray[np.float32]
BATCH = 1000
SESSION = 20
"""How many messages a session has."""
# Facts that say nearly the same lie at cosine .9 and above with the default embedder; this is how far a drawn one is
# from the sentence that it was drawn around.
SPREAD = 0.45
_NOW = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Sentences with their vectors and tokens, really embedded; those of facts are drawn around them."""

    texts: Sequence[str]
    centres: Vectors
    tokens: Sequence[bytes]

    @property
    def each(self) -> int:
        """How many there are of each kind of fact."""
        return len(self.texts) // len(TOLD)

    def beside(self, number: int) -> int:
        """Return which sentence a message says beside its fact: one of the last kind, which are in nobody's way."""
        return len(self.texts) - self.each + number % self.each


async def embed_sentences(parts: Parts, facts: int, random: np.random.Generator) -> Sentences:
    """Return sentences for so many facts, embedded; without tokens where there is no late interaction."""
    texts = told_sentences(each_of(facts), random)
    tokens = build_token_embedder(parts.settings)
    return Sentences(
        texts=texts,
        centres=np.asarray(await parts.embedder.embed(texts), dtype=np.float32),
        tokens=await _tokens(texts, tokens) if tokens else [],
    )


async def _tokens(texts: Sequence[str], embedder: TokenEmbedder) -> list[bytes]:
    return [made for (made,) in await embedder.embed([Passage(texts=(text,)) for text in texts])]


def around(centres: Vectors, random: np.random.Generator) -> Vectors:
    """Return a vector near each of these, normalised like them."""
    noise = random.standard_normal(centres.shape).astype(np.float32) * SPREAD / np.sqrt(centres.shape[1])
    drawn = centres + noise
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


async def load_graph(scope: Scope, graph: Graph, vectors: Vectors, held: Sentences, store: Store) -> None:
    """Write a graph's entities, and its facts each with the message that states it."""
    await _begin(scope, graph.entities, store)
    for first in range(0, len(graph.facts), BATCH):
        batch = range(first, min(first + BATCH, len(graph.facts)))

        async def more(transaction: Transaction, batch: range = batch) -> None:
            await _write_facts(scope, graph, vectors, held, batch, transaction)
            await _write_messages(scope, graph, vectors, held, batch, transaction)

        await store.transact(more)


async def load_facts(scope: Scope, texts: Sequence[str], vectors: Vectors, store: Store) -> None:
    """Write facts about one person, without messages."""
    open_end = OPEN_END
    facts = [
        Told(subject=scope.user, predicate="NOTED", object=None, text=t, start=_NOW, end=open_end, sentence=0)
        for t in texts
    ]
    await _begin(scope, {scope.user: "Person"}, store)
    for first in range(0, len(facts), BATCH):
        batch = range(first, min(first + BATCH, len(facts)))
        rows = [_fact_row(scope, i, facts[i], vectors[i]) for i in batch]

        async def more(transaction: Transaction, rows: Sequence[dict[str, Any]] = rows) -> None:
            await transaction.write("create_facts", rows=rows, **_common(scope))

        await store.transact(more)


def _common(scope: Scope) -> dict[str, Any]:
    return {"scope": scope.key, "scope_key": scope.digest, "now": utc_text(_NOW)}


async def _begin(scope: Scope, entities: dict[str, str], store: Store) -> None:
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, kind in entities.items():
        row = {"id": _entity_id(scope, name), "name": name, "type": kind, "aliases": [], "names": [name]}
        by_type[kind].append(row | {"folded": fold(name), "name_key": digest(scope.key, name)})

    async def begin(transaction: Transaction) -> None:
        await transaction.write("lock_scope", **_common(scope))
        for kind, rows in by_type.items():
            await transaction.write("create_entities", names={"LABEL": kind}, rows=rows, **_common(scope))

    await store.transact(begin)


async def _write_facts(
    scope: Scope, graph: Graph, vectors: Vectors, held: Sentences, batch: range, transaction: Transaction
) -> None:
    facts, owner = [(i, graph.facts[i]) for i in batch], owner_of(scope)
    rows = [_fact_row(scope, i, fact, vectors[i]) for i, fact in facts]
    objects = [{"fact_id": f"{owner}-{i}", "object_id": _entity_id(scope, f.object)} for i, f in facts if f.object]
    followed = [(i, f.supersedes) for i, f in facts if f.supersedes is not None]
    await transaction.write("create_facts", rows=rows, **_common(scope))
    await transaction.write("link_objects", scope=scope.key, rows=objects)
    links = [{"fact_id": f"{owner}-{i}", "superseded_id": f"{owner}-{old}"} for i, old in followed]
    await transaction.write("link_superseded", scope=scope.key, rows=links)
    if held.tokens:
        tokens = [
            {"id": r["id"], "text": r["text"], "tokens": held.tokens[f.sentence]}
            for r, (_, f) in zip(rows, facts, strict=True)
        ]
        await transaction.write("write_tokens", names={"LABEL": "Fact"}, scope=scope.key, rows=tokens)


async def _write_messages(
    scope: Scope, graph: Graph, vectors: Vectors, held: Sentences, batch: range, transaction: Transaction
) -> None:
    owner = owner_of(scope)
    rows = [_message_row(scope, i, graph.facts[i], vectors[i], held) for i in batch]
    sessions = {row["session_id"]: {"id": row["session_id"], "name": row["session"], "last": row["id"]} for row in rows}
    following = [{"before": f"{owner}-m{i - 1}", "after": f"{owner}-m{i}"} for i in batch if i % SESSION]
    await transaction.write("create_sessions", scope=scope.key, rows=list(sessions.values()))
    await transaction.write("create_episodes", rows=rows, **_common(scope))
    await transaction.write("link_next", scope=scope.key, rows=following)
    sources = [
        {"fact_id": f"{owner}-{i}", "episode_id": f"{owner}-m{i}", "quote": graph.facts[i].text}
        | {"subject_surface": graph.facts[i].subject, "object_surface": graph.facts[i].object or ""}
        for i in batch
    ]
    await transaction.write("link_sources", scope=scope.key, rows=sources)
    ids = [row["id"] for row in rows]
    settled: dict[str, Any] = {"state": "done", "reason": None, "extraction": "model"}
    await transaction.write("settle_episodes", scope=scope.key, scope_key=scope.digest, ids=ids, **settled)
    if held.tokens:
        tokens = [
            {
                "id": row["id"],
                "text": row["text"],
                "tokens": held.tokens[graph.facts[i].sentence] + held.tokens[held.beside(i)],
            }
            for i, row in zip(batch, rows, strict=True)
        ]
        await transaction.write("write_tokens", names={"LABEL": "Episode"}, scope=scope.key, rows=tokens)
    await transaction.write("advance_scope", scope=scope.key, ledger=0, seq=len(rows), changes=0, tokens=0, due=-1)


def _entity_id(scope: Scope, name: str) -> str:
    return f"en_{digest(scope.key, 'entity', name)[:24]}"


def _fact_row(scope: Scope, number: int, fact: Told, vector: Vectors) -> dict[str, Any]:
    empty = ("raw_predicate", "value_number", "unit", "value_date", "live_key", "slot_key", "pair_key")
    subject, fact_id = _entity_id(scope, fact.subject), f"{owner_of(scope)}-{number}"
    opened = fact.end == OPEN_END
    return {
        **dict.fromkeys(empty),
        "id": fact_id,
        "subject_id": subject,
        "predicate": fact.predicate,
        "text": fact.text,
        "folded": fold(fact.text),
        "value_text": None if fact.object else fact.text,
        "value_key": digest(fact_id),
        "live_key": digest(fact_id, "live") if opened and fact.object else None,
        "slot_key": slot_key(scope.key, subject, fact.predicate) if fact.object else None,
        "pair_key": digest(scope.key, "pair", subject, _entity_id(scope, fact.object)) if fact.object else None,
        "valid_at": utc_text(fact.start),
        "invalid_at": utc_text(fact.end),
        "expired_at": utc_text(OPEN_END),
        "precision": "instant" if fact.predicate == "NOTED" else "day",
        "stated": False,
        "event": False,
        "modality": "said",
        "confidence": 1.0,
        "ends": False,
        "embedding": vector.tolist(),
    }


def _message_row(scope: Scope, number: int, fact: Told, vector: Vectors, held: Sentences) -> dict[str, Any]:
    session = f"s{number // SESSION}"
    text = f"{fact.text}. {held.texts[held.beside(number)]}."
    return {
        "id": f"{owner_of(scope)}-m{number}",
        "message_id": f"m{number}",
        "session": session,
        "session_id": f"se_{digest(scope.key, session)[:24]}",
        "seq": number,
        "role": "user",
        "speaker": scope.user,
        "text": text,
        "folded": fold(text),
        "at": utc_text(_NOW - timedelta(days=3000) + timedelta(hours=number)),
        "agent": None,
        "metadata": "{}",
        "metadata_pairs": [],
        "state": "done",
        "waiting": None,
        "embedding": vector.tolist(),
    }
