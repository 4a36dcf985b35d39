"""How often a model is asked: a conversation read from recorded statements, and the written stories beside it."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphmem.bench.conflicts import Story, StoryChat, messages_of
from graphmem.bench.locomo import Conversation
from graphmem.bench.triples import plain_triple
from graphmem.memory import Memory
from graphmem.models import Message, Note
from graphmem.ports import ChatModel, ChatReply, ChatRequest
from graphmem.write.extract import EXTRACT
from graphmem.write.summary import KIND as SUMMARY

_QUOTED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one run; `resolver_per_message` is what deciding about conflicts adds."""

    messages: int
    calls: dict[str, int]
    extraction_per_message: float
    resolver_per_message: float
    calls_per_message: float
    prompt_tokens_per_message: float
    statements: int
    dropped: int
    pending: int
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScores:
    """A conversation, the same once more, and the stories; `batch` messages at a time."""

    conversation: str
    batch: int
    first: Calls
    second_run_calls: int
    stories: Calls | None = None


class Counting:
    """A chat model that counts what another one is asked."""

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self.asked: list[ChatRequest] = []
        self._model = model

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Pass the question on."""
        self.asked.append(request)
        return await self._model.ask(request)

    async def close(self) -> None:
        """Let go of the other."""
        await self._model.close()


class ObservedChat:
    """Answers each batch with the statements that the data set records about its turns, quoting the whole turn."""

    name = "observations"

    def __init__(self, conversation: Conversation) -> None:
        self._texts = {m.id: m.text for m in conversation.messages}
        self._notes: dict[str, list[Note]] = defaultdict(list)
        for note in conversation.observations:
            self._notes[note.message_ids[0]].append(note)

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the recorded statements; what is met is let stand beside them."""
        if request.kind == EXTRACT:
            noted = [(note, m) for m in request.message_ids for note in self._notes[m]]
            reply: dict[str, Any] = {
                "entities": [],
                "triples": [self._triple(note, request.names[f"message:{m}"], m) for note, m in noted],
            }
        elif request.kind == SUMMARY:
            reply = {"summary": f"{len(request.message_ids)} more turns of a talk between two friends."}
        else:
            met = _by_kind(request)
            stands = {"reason": "both were said", "action": "add"}
            reply = {
                "decisions": [{**stands, "triple": t, "fact": None, "at": None, "kind": None} for t in met["triple"]],
                "entities": [{**stands, "pair": p} for p in met["pair"]],
            }
        return ChatReply(text=json.dumps(reply), model=self.name)

    async def close(self) -> None:
        """Nothing is open."""

    def _triple(self, note: Note, short: str, message_id: str) -> dict[str, Any]:
        return plain_triple(short, self._texts[message_id][:_QUOTED], note.about, "NOTED", note.text)


def _by_kind(request: ChatRequest) -> dict[str, list[str]]:
    shorts: dict[str, list[str]] = defaultdict(list)
    for name, short in request.names.items():
        shorts[name.partition(":")[0]].append(short)
    return shorts


@dataclass(slots=True)
class _Run:
    """What is counted while messages are added."""

    model: Counting
    memory: Memory
    messages: int = 0
    statements: int = 0
    dropped: int = 0
    waiting: Counter[str] = field(default_factory=Counter[str])

    async def add(self, messages: Sequence[Message], scope: str, batch: int) -> None:
        for start in range(0, len(messages), batch):
            await self.memory.add(messages[start : start + batch], scope=scope)
        status = await self.memory.status(scope=scope)
        self.waiting += Counter(pending=status.pending, parked=status.parked)
        self.messages += len(messages)

    def calls(self) -> Calls:
        counted = Counter(r.kind for r in self.model.asked)
        tokens = sum(self.memory.count_tokens(f"{r.system}\n{r.user}") for r in self.model.asked)
        extraction, resolver = counted[EXTRACT], counted["resolve"]
        return Calls(
            messages=self.messages,
            calls=dict(counted),
            extraction_per_message=round(extraction / self.messages, 3),
            resolver_per_message=round(resolver / self.messages, 3),
            calls_per_message=round(sum(counted.values()) / self.messages, 3),
            prompt_tokens_per_message=round(tokens / self.messages, 1),
            statements=self.statements,
            dropped=self.dropped,
            pending=self.waiting["pending"],
            parked=self.waiting["parked"],
        )


async def run_conversation(
    conversation: Conversation, memory: Memory, model: Counting, batch: int
) -> tuple[Calls, int]:
    """Read a conversation in batches, and once more; returns its calls, and those of the second time.

    `memory` must read as many messages at once as `batch` says, with `model` as its model.
    """
    scope = f"calls-{uuid.uuid4().hex[:12]}"
    run = _Run(model=model, memory=memory)
    await run.add(conversation.messages, scope, len(conversation.messages))
    facts = await memory.facts(scope=scope, predicate="NOTED", limit=1000)
    run.statements = len(facts)
    run.dropped = sum("dropped" in c.reason for c in await memory.history(scope=scope, limit=100_000))
    first = run.calls()
    await run.add(conversation.messages, scope, len(conversation.messages))
    await memory.retry(scope=scope)
    return first, len(model.asked) - sum(first.calls.values())


async def run_stories(stories: Sequence[Story], memory: Memory, model: Counting, told: StoryChat, batch: int) -> Calls:
    """Tell the stories in batches, each in a scope of its own, and count what their conflicts ask for."""
    run = _Run(model=model, memory=memory)
    for story in stories:
        told.tell(story)
        await run.add(messages_of(story), f"calls-{uuid.uuid4().hex[:12]}", batch)
        run.statements += sum(len(s.triples) for s in story.messages)
    return run.calls()
