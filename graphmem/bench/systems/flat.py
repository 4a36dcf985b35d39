"""Mem0 without its graph: statements in a flat list with vectors, kept up to date one new statement after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from graphmem.bench.locomo import Conversation
from graphmem.bench.replies import Spent
from graphmem.bench.system import Found, Indexed, Passage, Ranking, Way, as_context
from graphmem.bench.systems.decide import Decider, Decision, Met
from graphmem.bench.systems.statements import Statement, statements_of
from graphmem.ports import Embedder

NEAREST = 10
RANKED = 100
GIVEN = 30


@dataclass(slots=True)
class _List:
    statements: list[Statement] = field(default_factory=list[Statement])
    vectors: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])

    def near(self, vector: NDArray[np.float32], count: int) -> list[Met]:
        """Return the nearest statements, best first."""
        if not self.statements:
            return []
        cosines = np.stack(self.vectors) @ vector
        best = (int(i) for i in np.argsort(-cosines, kind="stable")[:count])
        return [Met(place=i, statement=self.statements[i], cosine=float(cosines[i])) for i in best]

    def apply(self, decision: Decision, vector: NDArray[np.float32]) -> None:
        """Change the list; `vector` is that of the decision's statement."""
        match decision:
            case Decision(action="ADD", statement=Statement() as statement):
                self.statements.append(statement)
                self.vectors.append(vector)
            case Decision(action="DELETE", place=int(place)):
                del self.statements[place], self.vectors[place]
            case Decision(action="UPDATE", place=int(place), statement=Statement() as statement):
                self.statements[place], self.vectors[place] = statement, vector
            case Decision(action="NOOP", place=int(place), statement=Statement() as statement):
                self.statements[place] = statement
            case _:
                pass


class FlatMemory:
    """The nearest statements of the list, each with its day; the best 30 are given."""

    name = "mem0-base"
    ranking: Ranking = "turns"

    def __init__(self, embedder: Embedder, decider: Decider) -> None:
        self.ways: Mapping[str, Way] = {}
        self._embedder = embedder
        self._decider = decider
        self._lists: dict[str, _List] = {}
        self._indexed: dict[str, Indexed] = {}
        self._decided: Counter[str] = Counter()

    @property
    def remarks(self) -> Mapping[str, Way]:
        """Who decided, how often what, and how many statements were left."""
        kept = sum(len(one.statements) for one in self._lists.values())
        counts = {action.lower(): self._decided[action] for action in ("ADD", "UPDATE", "DELETE", "NOOP")}
        return {**self._decider.remarks, **counts, "statements": kept, "k": GIVEN}

    async def index(self, conversation: Conversation) -> Indexed:
        """Embed the statements, and decide about each in the order in which they were drawn; raises ModelError."""
        if conversation.id in self._indexed:
            return self._indexed[conversation.id]
        start, spent = time.perf_counter(), Spent()
        kept = _List()
        new = statements_of(conversation)
        vectors = np.asarray(await self._embedder.embed([s.text for s in new]), dtype=np.float32)
        for statement, vector in zip(new, vectors, strict=True):
            decision = await self._decider.decide(statement, kept.near(vector, NEAREST), spent)
            self._decided[decision.action] += 1
            kept.apply(decision, await self._vector(decision, vector))
        self._lists[conversation.id] = kept
        self._indexed[conversation.id] = Indexed(
            seconds=time.perf_counter() - start + spent.kept_seconds,
            calls=spent.calls,
            tokens=spent.tokens_in + spent.tokens_out,
        )
        return self._indexed[conversation.id]

    async def ask(self, conversation: Conversation, question: str) -> Found:
        """Return the nearest statements."""
        vector = np.asarray(await self._embedder.embed_query(question), dtype=np.float32)
        near = self._lists[conversation.id].near(vector, RANKED)
        ranked = tuple(Passage(text=m.statement.line, turns=m.statement.turns) for m in near)
        return replace(as_context(ranked[:GIVEN]), passages=ranked)

    async def _vector(self, decision: Decision, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        if decision.action != "UPDATE" or decision.statement is None:
            return vector
        return np.asarray((await self._embedder.embed([decision.statement.text]))[0], dtype=np.float32)
