"""Keeping messages: durable first, facts later."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias, cast

from graphmem import rows
from graphmem.errors import MessageConflict
from graphmem.models import Episode, EpisodeState, Message, Role, Scope
from graphmem.ports import Clock, Embedder, Reader, Row, Store, Transaction
from graphmem.serial import milliseconds, utc_text
from graphmem.text import digest, embedded_text, fold
from graphmem.write.lock import lock_scope

Admit: TypeAlias = Callable[[int], Awaitable[None]]
MAIN_SESSION = "main"
_SAID = ("role", "speaker", "session", "text", "agent")
ONE_TRANSACTION = 2000
_TRANSACTION_BYTES = 10_000_000
"""So much is kept all or none: longer transactions lose against those of others again and again."""
_SENT = 500
_SENT_BYTES = 4_000_000
"""The embedded store takes no more than 16 MiB in one piece, and leaves whoever sends more without an answer."""


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
    key: str | None = None,
    exact: bool = False,
    admit: Admit | None = None,
) -> Kept:
    """Keep messages in the scope's order, up to 2,000 of them and 10 MB in a transaction; a known one is kept once.

    `key` is that of the request which they are; with `exact`, MessageConflict is raised where an id or the key is kept
    with something else. `admit` hears how many are not kept yet, and refuses all of them by what it raises. Where it
    fails after a transaction, the same messages with their ids or key can be kept again.
    """
    if not messages:
        return Kept(ids=(), new=0, known=0)
    request = _request(messages, key)
    ids = [episode_id(scope, m.id or uuid.uuid4().hex) for m in messages]
    given = [_row(i, m, scope, state, request) for i, m in zip(ids, messages, strict=True)]
    unknown = await _unknown(given, scope, key, store, exact=exact)
    if unknown and admit is not None:
        await admit(len(unknown))
    kept: list[tuple[int, int]] = []
    for piece in _pieces(unknown, ONE_TRANSACTION, _TRANSACTION_BYTES):
        texts = [embedded_text(row["speaker"], row["text"]) for row in piece]
        vectors = await embedder.embed(texts)
        written = [{**row, "embedding": vector} for row, vector in zip(piece, vectors, strict=True)]
        # In a thread: of texts of 100 kB each this takes seconds, in which others would not be answered.
        counts = await asyncio.to_thread(_counts, texts, embedder)
        sizes = {row["id"]: count for row, count in zip(piece, counts, strict=True)}

        async def work(
            transaction: Transaction, written: list[dict[str, Any]] = written, sizes: dict[str, int] = sizes
        ) -> tuple[int, int]:
            locked = await lock_scope(scope, embedder, clock.now(), transaction)
            fresh = await _unknown(written, scope, key, transaction, exact=exact)
            if fresh:
                await _store(transaction, fresh, sizes, scope, locked["seq"], clock.now())
            return len(fresh), locked["change_number"]

        kept.append(await store.transact(work))
    new = sum(stored for stored, _ in kept)
    return Kept(ids=tuple(ids), new=new, known=len(messages) - new, change_number=kept[0][1] if kept else 0)


def _counts(texts: Sequence[str], embedder: Embedder) -> list[int]:
    return [embedder.count_tokens(text) for text in texts]


async def _unknown(
    given: Sequence[dict[str, Any]], scope: Scope, key: str | None, reader: Reader, *, exact: bool
) -> list[dict[str, Any]]:
    """Return the rows that are not kept yet; raises MessageConflict where it must be `exact` and is not."""
    # The first message that the key named may be none of these, where the key was used for others.
    named = [] if key is None else [episode_id(scope, f"{_told(key)}-0")]
    asked = list(dict.fromkeys([*(row["id"] for row in given), *named]))
    kept = {row["id"]: row for row in await reader.read("episodes_said", scope=scope.key, ids=asked)}
    if exact:
        for row in kept.values():
            _check_request(row, key, given[0]["request"])
        for row in given:
            if row["id"] in kept:
                _check_same(row, kept[row["id"]])
    return [row for row in given if row["id"] not in kept]


def _check_request(kept: Row, key: str | None, request: str | None) -> None:
    if key is not None and (kept["request"] or "").startswith(_told(key)) and kept["request"] != request:
        raise MessageConflict("this Idempotency-Key was sent with other messages; take a new one for these.")


def _check_same(row: Row, kept: Row) -> None:
    differs = [name for name in _SAID if row[name] != kept[name]]
    if rows.moment(row["at"]) != rows.moment(kept["at"]):
        differs.append("at")
    if _sorted(row["metadata"]) != _sorted(kept["metadata"]):
        differs.append("metadata")
    if differs:
        raise MessageConflict(
            f"the message {row['message_id']!r} is kept with another {', '.join(differs)}; give this one an id, or an "
            "Idempotency-Key, of its own."
        )


def _sorted(metadata: str | None) -> str:
    return json.dumps(json.loads(metadata or "{}"), sort_keys=True)


async def _store(
    transaction: Transaction,
    fresh: list[dict[str, Any]],
    sizes: Mapping[str, int],
    scope: Scope,
    first: int,
    now: datetime,
) -> None:
    """Store rows from the number `first` on; `sizes` are tokens by id, counted before the lock is taken."""
    sessions = list(dict.fromkeys(row["session_id"] for row in fresh))
    tails = {
        r["session"]: r["last"] for r in await transaction.read("session_tails", scope=scope.key, sessions=sessions)
    }
    pairs: list[dict[str, str]] = []
    for seq, row in enumerate(fresh, start=first):
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
    for some in _pieces(fresh, _SENT, _SENT_BYTES):
        await transaction.write(
            "create_episodes", scope=scope.key, scope_key=scope.digest, now=utc_text(now), rows=some
        )
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


def _pieces(fresh: Sequence[dict[str, Any]], most: int, most_bytes: int) -> list[list[dict[str, Any]]]:
    """Cut rows into pieces, by their number and by their size."""
    cut: list[list[dict[str, Any]]] = []
    left = 0
    for row in fresh:
        size = _size(row)
        left -= size
        if not cut or left < 0 or len(cut[-1]) == most:
            cut.append([])
            left = most_bytes - size
        cut[-1].append(row)
    return cut


def _size(value: Any) -> int:
    """Return about how many bytes a value takes on its way to the store."""
    match value:
        case str():
            return len(value.encode())
        case dict():
            return sum(map(_size, cast("dict[str, Any]", value).values()))
        case [str(), *_]:
            return sum(map(_size, cast("list[str]", value)))
        case list():
            return 9 * len(cast("list[float]", value))
        case _:
            return 9


async def read_episodes(ids: Sequence[str], scope: Scope, reader: Reader) -> list[Episode]:
    """Return the episodes of these ids that there are, in the scope's order."""
    found = await reader.read("episodes_by_ids", scopes=[scope.key], ids=list(ids))
    return sorted((rows.episode(row["episode"]) for row in found), key=lambda e: e.seq)


def identified(messages: Sequence[Message], key: str) -> list[Message]:
    """Give messages without an id one that is the same when they are sent again with the same key."""
    number = count()
    return [m if m.id is not None else replace(m, id=f"{_told(key)}-{next(number)}") for m in messages]


def _told(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _request(messages: Sequence[Message], key: str | None) -> str | None:
    """Return what tells a request from others of its key: which messages it has, not what they say."""
    return None if key is None else f"{_told(key)}:{digest(*(m.id or '' for m in messages))[:32]}"


def episode_id(scope: Scope, message_id: str) -> str:
    """Return the id of a message's episode: the same message is the same episode."""
    return f"ep_{digest(scope.key, message_id)[:24]}"


def speaker_of(message: Message, scope: Scope) -> str:
    """Return who speaks: the name given, else the user's or the role's."""
    if message.speaker:
        return message.speaker.strip()
    return scope.user if message.role is Role.USER else Role(message.role).value.capitalize()


def _row(identity: str, message: Message, scope: Scope, state: EpisodeState, request: str | None) -> dict[str, Any]:
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
        "request": request,
    }


def batches(
    episodes: Sequence[Episode], size: int, tokens: int, count_tokens: Callable[[Episode], int]
) -> list[tuple[Episode, ...]]:
    """Cut episodes into exchanges: neighbours of one session, at most `size` and `tokens` in all, or just one."""
    cut: list[list[Episode]] = []
    left = 0
    for episode in episodes:
        taken = count_tokens(episode)
        left -= taken
        if cut and left >= 0 and len(cut[-1]) < size and cut[-1][0].session == episode.session:
            cut[-1].append(episode)
        else:
            cut.append([episode])
            left = tokens - taken
    return [tuple(part) for part in cut]
