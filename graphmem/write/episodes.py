"""Keeping messages: durable first, facts later."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphmem import rows
from graphmem.models import Episode, EpisodeState, Message, Role, Scope
from graphmem.ports import Clock, Embedder, Reader, Store, Transaction
from graphmem.serial import milliseconds, utc_text
from graphmem.text import digest, embedded_text, fold
from graphmem.write.lock import lock_scope

MAIN_SESSION = "main"
_STORE_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of messages: the ids of their episodes in order, and how many were known already.

    `change_number` is the number of the scope's last change before they came.
    """

    ids: tuple[str, ...]
    new: int
    known: int
    change_number: int = 0


async def store_episodes(
    messages: Sequence[Message],
    scope: Scope,
    *,
    store: Store,
    embedder: Embedder,
    clock: Clock,
    state: EpisodeState = EpisodeState.PENDING,
) -> Kept:
    """Keep messages in the scope's order; one whose id is known is kept once."""
    ids = [episode_id(scope, m.id or uuid.uuid4().hex) for m in messages]
    new = 0
    change_number: int | None = None
    for start in range(0, len(messages), _STORE_BATCH):
        batch = ids[start : start + _STORE_BATCH]
        known = {row["id"] for row in await store.read("episodes_known", scope=scope.key, ids=batch)}
        part = [(i, m) for i, m in zip(batch, messages[start:], strict=False) if i not in known]
        if not part:
            continue
        texts = [embedded_text(speaker_of(m, scope), m.text) for _, m in part]
        vectors = await embedder.embed(texts)
        written = [_row(i, m, v, scope, state) for (i, m), v in zip(part, vectors, strict=True)]
        sizes = {i: embedder.count_tokens(text) for (i, _), text in zip(part, texts, strict=True)}

        async def work(
            transaction: Transaction, written: list[dict[str, Any]] = written, sizes: dict[str, int] = sizes
        ) -> tuple[int, int]:
            return await _store(transaction, written, sizes, scope, embedder, clock.now())

        stored, number = await store.transact(work)
        new += stored
        change_number = number if change_number is None else change_number
    return Kept(ids=tuple(ids), new=new, known=len(messages) - new, change_number=change_number or 0)


async def _store(
    transaction: Transaction,
    written: list[dict[str, Any]],
    sizes: Mapping[str, int],
    scope: Scope,
    embedder: Embedder,
    now: datetime,
) -> tuple[int, int]:
    """Store the rows that are still unknown; returns how many, and the scope's last change so far.

    `sizes` are tokens by id, counted before the lock is taken.
    """
    locked = await lock_scope(scope, embedder, now, transaction)
    known = {r["id"] for r in await transaction.read("episodes_known", scope=scope.key, ids=[r["id"] for r in written])}
    fresh = [{**row, "seq": 0} for row in written if row["id"] not in known]
    if not fresh:
        return 0, locked["change_number"]
    sessions = list(dict.fromkeys(row["session_id"] for row in fresh))
    tails = {
        r["session"]: r["last"] for r in await transaction.read("session_tails", scope=scope.key, sessions=sessions)
    }
    pairs: list[dict[str, str]] = []
    for seq, row in enumerate(fresh, start=locked["seq"]):
        row["seq"] = seq
        before = tails.get(row["session"])
        if before:
            pairs.append({"before": before, "after": str(row["id"])})
        tails[row["session"]] = row["id"]
    names = {row["session_id"]: row["session"] for row in fresh}
    await transaction.write(
        "create_sessions",
        scope=scope.key,
        rows=[{"id": i, "name": names[i], "last": tails[names[i]]} for i in sessions],
    )
    await transaction.write("create_episodes", scope=scope.key, scope_key=scope.digest, now=utc_text(now), rows=fresh)
    await transaction.write("link_next", scope=scope.key, rows=pairs)
    tokens = sum(sizes[str(row["id"])] for row in fresh)
    waiting = any(row["waiting"] for row in fresh)
    await transaction.write(
        "advance_scope",
        scope=scope.key,
        ledger=0,
        seq=len(fresh),
        changes=0,
        tokens=tokens,
        due=milliseconds(now) if waiting else -1,
    )
    return len(fresh), locked["change_number"]


async def read_episodes(ids: Sequence[str], scope: Scope, reader: Reader) -> list[Episode]:
    """Return the episodes of these ids that there are, in the scope's order."""
    found = await reader.read("episodes_by_ids", scopes=[scope.key], ids=list(ids))
    return sorted((rows.episode(row["episode"]) for row in found), key=lambda e: e.seq)


def episode_id(scope: Scope, message_id: str) -> str:
    """Return the id of a message's episode: the same message is the same episode."""
    return f"ep_{digest(scope.key, message_id)[:24]}"


def speaker_of(message: Message, scope: Scope) -> str:
    """Return who speaks: the name given, else the user's or the role's."""
    if message.speaker:
        return message.speaker.strip()
    return scope.user if message.role is Role.USER else Role(message.role).value.capitalize()


def _row(identity: str, message: Message, vector: list[float], scope: Scope, state: EpisodeState) -> dict[str, Any]:
    session = message.session or MAIN_SESSION
    return {
        "id": identity,
        "message_id": message.id or identity,
        "session": session,
        "session_id": f"se_{digest(scope.key, session)[:24]}",
        "role": Role(message.role).value,
        "speaker": speaker_of(message, scope),
        "text": message.text,
        "folded": fold(message.text),
        "at": utc_text(message.at),
        "agent": message.agent,
        "metadata": json.dumps(dict(message.metadata), ensure_ascii=False),
        "metadata_pairs": [f"{k}={v}" for k, v in message.metadata.items()],
        "state": state.value,
        "waiting": scope.digest if state is EpisodeState.PENDING else None,
        "embedding": vector,
    }


def batches(
    episodes: Sequence[Episode], size: int, tokens: int, count: Callable[[Episode], int]
) -> list[tuple[Episode, ...]]:
    """Cut episodes into exchanges: neighbours of one session, at most `size` and `tokens` in all, or just one."""
    cut: list[list[Episode]] = []
    left = 0
    for episode in episodes:
        taken = count(episode)
        left -= taken
        if cut and left >= 0 and len(cut[-1]) < size and cut[-1][0].session == episode.session:
            cut[-1].append(episode)
        else:
            cut.append([episode])
            left = tokens - taken
    return [tuple(part) for part in cut]
