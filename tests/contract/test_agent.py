"""An agent recalls, answers, keeps the exchange, and never learns its own recall."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.agent import Agent, Answered
from graphmem.errors import BudgetSpent, ModelUnavailable, ReplyUnparsable
from graphmem.models import Role
from graphmem.ports import ChatReply, Turn
from tests.scripted import ScriptedChat


@dataclass
class Speaking:
    """Answers in words with what it remembers about Turin, and remembers what it was shown."""

    name: str = "speaking"
    answer: str = "You live in Turin."
    problem: str = ""
    shown: list[list[Turn]] = field(default_factory=list[list[Turn]])

    async def talk(self, turns: Sequence[Turn]) -> ChatReply:
        self.shown.append(list(turns))
        return ChatReply(text=self.answer, model=self.name, tokens_in=50, tokens_out=5, problem=self.problem)

    async def stream(self, turns: Sequence[Turn]) -> AsyncIterator[str]:
        self.shown.append(list(turns))
        for word in self.answer.split(" "):
            yield f"{word} "
        if self.problem:
            raise ModelUnavailable(self.problem)


async def test_an_exchange_is_answered_from_memory_and_kept(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    speaking = Speaking()
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        at = datetime(2024, 6, 1, tzinfo=UTC)
        await memory.add(Message(text="I live in Turin.", at=at, speaker="Ada"), scope=scope)
        async with Agent(memory, speaking) as agent:
            first = await agent.chat("Where do I live?", scope=scope, speaker="Ada")
            await agent.chat("I have a cat, Miso.", scope=scope, speaker="Ada")
            await agent.finish()
            found = await agent.search_memories("Which pet does Ada have?", scope=scope)
        said = await memory.messages(scope=scope, session="chat")
        facts = sorted(f.text for f in await memory.facts(scope=scope))
        used = [u for u in await memory.usage(scope=scope) if u.kind == "chat"]
        breaches = await memory.verify(scope=scope)

    assert first.text == "You live in Turin."
    assert first.facts[0].text == "Ada lives in Turin"
    assert [(e.role, e.text) for e in said] == [
        (Role.USER, "Where do I live?"),
        (Role.ASSISTANT, "You live in Turin."),
        (Role.USER, "I have a cat, Miso."),
        (Role.ASSISTANT, "You live in Turin."),
    ]
    system, *turns = speaking.shown[1]
    assert "Ada lives in Turin" in system.text
    assert [(t.role, t.text) for t in turns] == [
        ("user", "Where do I live?"),
        ("assistant", "You live in Turin."),
        ("user", "I have a cat, Miso."),
    ]
    assert found.facts[0].text == "Ada has the pet Miso"
    assert facts == ["Ada has the pet Miso", "Ada lives in Turin"]
    assert [(u.cost.calls, u.cost.tokens_in, u.cost.tokens_out) for u in used] == [(2, 100, 10)]
    assert breaches == ()


async def test_what_it_recalled_is_never_learned_again(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    """The model that reads finds the recalled words in the answer, and the ledger takes nothing from there."""
    credulous = ScriptedChat(read=lambda said: model.read("I live in Turin.") if "Turin" in said else model.read(said))
    async with Memory.open(settings, model=credulous, embedder=embedder) as memory:
        at = datetime(2024, 6, 1, tzinfo=UTC)
        await memory.add(Message(text="I live in Turin.", at=at, speaker="Ada"), scope=scope)
        async with Agent(memory, Speaking()) as agent:
            await agent.chat("And I have a dog?", scope=scope, speaker="Ada")
        (fact,) = await memory.facts(scope=scope)

    assert len(fact.sources) == 1


async def test_a_stream_is_kept_at_its_end_and_not_at_all_where_it_breaks_off(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    told: list[Answered] = []
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        async with Agent(memory, Speaking(answer="It is fine.")) as agent:
            pieces = [p async for p in agent.stream("How is it?", scope=scope, done=told.append)]
        async with Agent(memory, Speaking(problem="gone")) as agent:
            with pytest.raises(ModelUnavailable, match="gone"):
                _ = [p async for p in agent.stream("And now?", scope=scope)]
        said = await memory.messages(scope=scope, session="chat")
        (used,) = [u for u in await memory.usage(scope=scope) if u.kind == "chat"]

    assert pieces == ["It ", "is ", "fine. "]
    assert [a.text for a in told] == ["It is fine. "]
    assert [e.text for e in said] == ["How is it?", "It is fine. "]
    assert (used.cost.calls, used.cost.tokens_out > 3) == (2, True)


@pytest.mark.parametrize("answer", ["", " ", "\x00"])
async def test_an_answer_that_no_message_can_be_is_the_models_failure(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str, answer: str
) -> None:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        async with Agent(memory, Speaking(answer=answer)) as agent:
            with pytest.raises(ReplyUnparsable, match="answer"):
                await agent.chat("Hello", scope=scope)
            with pytest.raises(ReplyUnparsable, match="answer"):
                _ = [p async for p in agent.stream("Hello", scope=scope)]
        said = await memory.messages(scope=scope, session="chat")

    assert said == ()


async def test_what_cannot_be_answered_is_said(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    async with Memory.open(settings, embedder=embedder) as memory, Agent(memory) as agent:
        with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
            await agent.chat("Hello", scope=scope)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        async with Agent(memory, Speaking(problem="length")) as agent:
            with pytest.raises(ReplyUnparsable, match="length"):
                await agent.chat("Hello", scope=scope)
        said = await memory.messages(scope=scope, session="chat")
    limited = replace(settings, scope_calls=1)
    async with Memory.open(limited, model=model, embedder=embedder) as memory, Agent(memory, Speaking()) as agent:
        with pytest.raises(BudgetSpent, match="GRAPHMEM_SCOPE_CALLS"):
            await agent.chat("Hello", scope=scope)

    assert said == ()
