"""How long a write takes beside the model: storing, embedding, linking, detecting, deciding, applying."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from graphmem.bench.latency import percentiles
from graphmem.bench.loading import around, load_facts
from graphmem.bench.people import SENTENCES, sentences
from graphmem.bench.triples import plain_triple
from graphmem.memory import Memory
from graphmem.models import Message, Scope
from graphmem.ports import ChatReply, ChatRequest, Embedder, Store
from graphmem.write.extract import EXTRACT
from graphmem.write.summary import KIND as SUMMARY

WARM_UP, BATCHES = 10, 40
TENANT = "writes"
_LINE = re.compile(r"^(M\d+) \[[^]]*\] \(user\) [^:]*: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Milliseconds a message, those of the model left out, in a scope that holds so many facts already."""

    store: str
    facts: int
    batch: int
    messages: int
    message_ms: dict[str, float]
    statements: int
    asked: int


@dataclass(slots=True)
class InstantChat:
    """Finds one statement in each message, every other one with a place in it, and lets all stand beside the rest."""

    name: str = "instant"
    asked: int = 0
    seconds: float = 0.0
    speaker: str = field(default="Ada")

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer, and take the time that this took."""
        start = time.perf_counter()
        self.asked += 1
        if request.kind == EXTRACT:
            found = _LINE.findall(request.user.rpartition("Exchange:")[2])
            reply: dict[str, Any] = {"entities": [], "triples": [self._triple(*line) for line in found]}
        elif request.kind == SUMMARY:
            reply = {"summary": "Ada told what her friends do."}
        else:
            shorts = [short for name, short in request.names.items() if name.startswith("triple:")]
            stands = {"reason": "both were said", "action": "add", "fact": None, "at": None, "kind": None}
            reply = {"decisions": [{**stands, "triple": short} for short in shorts]}
        text = json.dumps(reply)
        self.seconds += time.perf_counter() - start
        return ChatReply(text=text, model=self.name)

    async def close(self) -> None:
        """Nothing is open."""

    def _triple(self, short: str, said: str) -> dict[str, Any]:
        visited = said.startswith("I visited ")
        predicate, value = ("VISITED", said.removeprefix("I visited ")) if visited else ("NOTED", said)
        return plain_triple(short, said, self.speaker, predicate, value)


async def run_writes(
    memory: Memory,
    model: InstantChat,
    store: Store,
    embedder: Embedder,
    facts: int,
    batch: int,
    warm_up: int = WARM_UP,
    batches: int = BATCHES,
) -> Writes:
    """Fill a scope of its own with facts, then write batches of messages into it, one after the other."""
    scope = Scope(tenant=TENANT, user=f"u{uuid.uuid4().hex[:12]}")
    random = np.random.default_rng(7)
    texts = sentences(max(1, min(SENTENCES, facts)), random)
    centres = np.asarray(await embedder.embed(texts), dtype=np.float32)
    which = random.integers(0, len(texts), facts)
    await load_facts(scope, [texts[int(i)] for i in which.tolist()], around(centres[which], random), store)
    start = datetime(2024, 6, 1, tzinfo=UTC)
    taken: list[float] = []
    statements = 0
    said = sentences((warm_up + batches) * batch, random)
    for number in range(warm_up + batches):
        messages = [
            Message(
                text=f"I visited Place {i}" if i % 2 else said[i],
                at=start + timedelta(minutes=i),
                speaker=model.speaker,
            )
            for i in range(number * batch, (number + 1) * batch)
        ]
        before, begun = model.seconds, time.perf_counter()
        added = await memory.add(messages, scope=scope)
        spent = time.perf_counter() - begun - (model.seconds - before)
        if number >= warm_up:
            taken.append(spent * 1000 / batch)
            statements += len(added.changes)
    return Writes(
        store="",
        facts=facts,
        batch=batch,
        messages=batches * batch,
        message_ms=percentiles(taken),
        statements=statements,
        asked=model.asked,
    )
