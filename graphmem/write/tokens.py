"""Embedding the tokens of messages and facts: beside the writes, of what is marked as due in the graph."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphmem.errors import GraphMemError
from graphmem.models import Scope
from graphmem.ports import Passage, Row, Store, TokenEmbedder, Transaction
from graphmem.text import embedded_text

AT_ONCE = 64
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class TokenWriter:
    """Keeps the tokens of a graph's texts up to date; without an embedder they stay due."""

    store: Store
    embedder: TokenEmbedder | None
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    _again: set[str] = field(default_factory=set[str])

    def later(self, scope: Scope) -> None:
        """Embed what is due in a scope beside what comes next; where that is being done, once more afterwards."""
        if self.embedder is None:
            return
        if scope.key in self._tasks:
            self._again.add(scope.key)
            return
        task = asyncio.create_task(self._beside(scope))
        self._tasks[scope.key] = task
        task.add_done_callback(lambda _: self._tasks.pop(scope.key, None))

    async def of(self, texts: Sequence[str]) -> dict[str, bytes]:
        """Return the tokens of facts' texts, by text; none without an embedder. Raises EmbedderError."""
        if self.embedder is None or not texts:
            return {}
        made = await self.embedder.embed(_alone(texts))
        return {text: tokens for text, (tokens,) in zip(texts, made, strict=True)}

    async def finish(self, scope: Scope | None = None) -> None:
        """Wait for what is done beside the writes, in all scopes or in one."""
        while running := [t for key, t in self._tasks.items() if scope is None or key == scope.key]:
            await asyncio.gather(*running)

    async def _beside(self, scope: Scope) -> None:
        try:
            await self.catch_up(scope)
            while scope.key in self._again:
                self._again.discard(scope.key)
                await self.catch_up(scope)
        except GraphMemError as exc:
            # They are due still, and looked for again after the next write.
            _log.warning("the tokens of %s were not embedded: %s", scope.key, exc)

    async def catch_up(self, scope: Scope) -> int:
        """Embed what is due in a scope; returns how many texts. Raises EmbedderError, StoreError."""
        if self.embedder is None:
            return 0
        done = 0
        for label, query in (("Episode", "tokens_due_messages"), ("Fact", "tokens_due_facts")):
            while rows := await self._due(query, scope):
                passages = _passages(rows) if label == "Episode" else _alone([row["text"] for row in rows])
                made = [tokens for texts in await self.embedder.embed(passages) for tokens in texts]
                await self._write(label, rows, made, scope)
                done += len(rows)
                if len(rows) < AT_ONCE:
                    break
        return done

    async def _due(self, query: str, scope: Scope) -> list[Row]:
        return await self.store.read(query, scope=scope.key, scope_key=scope.digest, limit=AT_ONCE)

    async def _write(self, label: str, rows: Sequence[Row], made: Sequence[bytes], scope: Scope) -> None:
        written = [{"id": r["id"], "text": r["text"], "tokens": t} for r, t in zip(rows, made, strict=True)]

        async def work(tx: Transaction) -> None:
            await tx.write("write_tokens", names={"LABEL": label}, scope=scope.key, rows=written)

        await self.store.transact(work)


def _alone(texts: Sequence[str]) -> list[Passage]:
    """Return texts as passages: a fact is read by itself."""
    return [Passage(texts=(text,)) for text in texts]


def _passages(rows: Sequence[Row]) -> list[Passage]:
    """Return messages as passages: those that follow one another in a session are read together."""
    passages: list[Passage] = []
    for before, row in zip((None, *rows), rows, strict=False):
        text = embedded_text(row["speaker"], row["text"])
        if before is not None and (before["session"], before["seq"] + 1) == (row["session"], row["seq"]):
            passages[-1] = Passage(texts=(*passages[-1].texts, text), before=passages[-1].before)
        else:
            told = tuple(embedded_text(p["speaker"], p["text"]) for p in row["before"])
            passages.append(Passage(texts=(text,), before=told))
    return passages
