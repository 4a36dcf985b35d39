"""What asking models may take: over it messages wait, visibly, and are read once they may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import ModelUnavailable, PromptTooLong
from graphmem.ports import ChatReply, ChatRequest
from tests.scripted import ScriptedChat

SAID = ["I live in Turin.", "I have a cat, Miso.", "And a dog, Rex.", "I work at Lumen."]


class Days:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.time = datetime(2024, 6, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


def said(*texts: str) -> list[Message]:
    start = datetime(2024, 6, 1, tzinfo=UTC)
    return [Message(text=t, at=start + timedelta(hours=i), speaker="Ada", id=str(i)) for i, t in enumerate(texts)]


async def test_over_the_day_s_calls_messages_wait_and_are_read_the_day_after(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    clock = Days()
    limited = replace(settings, batch_messages=1, scope_calls=2)
    async with Memory.open(limited, model=model, embedder=embedder, clock=clock) as memory:
        added = await memory.add(said(*SAID), scope=scope)
        waiting = await memory.status(scope=scope)
        again = await memory.process(scope=scope)
        clock.time += timedelta(days=1)
        later = await memory.process(scope=scope)
        done = await memory.status(scope=scope)

    assert len(model.asked) == 4
    assert added.note is not None
    assert added.note.startswith("2 messages wait: the calls of")
    assert "GRAPHMEM_SCOPE_CALLS" in added.note
    assert (waiting.pending, waiting.parked, waiting.facts) == (2, 0, 2)
    assert waiting.waiting_for is not None
    assert (again.done, again.note) == (0, added.note)
    assert (later.done, later.note, done.pending, done.facts) == (2, None, 0, 4)
    assert (done.cost.calls, done.cost.tokens_in, done.cost.tokens_out) == (4, 40, 20)


async def test_the_day_s_tokens_are_those_of_all_scopes(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    clock = Days()
    clock.time = datetime(2031, 1, 1, tzinfo=UTC) + timedelta(days=abs(hash(scope)) % 10_000)
    limited = replace(settings, day_tokens=15)
    async with Memory.open(limited, model=model, embedder=embedder, clock=clock) as memory:
        first = await memory.add(said(SAID[0]), scope=scope)
        second = await memory.add(said(SAID[1]), scope=f"{scope}-2")
        rich = replace(limited, day_tokens=1000)
    async with Memory.open(rich, model=model, embedder=embedder, clock=clock) as memory:
        third = await memory.process(scope=f"{scope}-2")

    assert (first.note, len(model.asked)) == (None, 2)
    assert second.note is not None
    assert "all tokens for" in second.note
    assert third.done == 1


async def test_a_batch_over_its_own_budget_is_read_in_halves_and_at_last_parked(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    limited = replace(settings, batch_calls=0)
    async with Memory.open(limited, model=model, embedder=embedder) as memory:
        added = await memory.add(said(*SAID), scope=scope)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.retry(scope=scope)
        status = await memory.status(scope=scope)

    assert set(added.parked) == {"0", "1", "2", "3"}
    assert all(reason.startswith("BatchTooCostly: ") for reason in added.parked.values())
    assert (status.parked, status.facts) == (0, 4)


class Narrow(ScriptedChat):
    """Reads one message at a time."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        if len(request.message_ids) > 1:
            self.asked.append(request)
            raise PromptTooLong("the model cannot read so much at once.")
        return await super().ask(request)


async def test_what_is_too_long_for_the_model_is_read_in_halves(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    narrow = Narrow(read=model.read, decide=model.decide)
    async with Memory.open(settings, model=narrow, embedder=embedder) as memory:
        added = await memory.add(said(*SAID), scope=scope)
        facts = await memory.facts(scope=scope)

    assert added.parked == {}
    assert len(facts) == 4
    assert [len(r.message_ids) for r in narrow.asked] == [4, 2, 1, 1, 2, 1, 1]


class Gone(ScriptedChat):
    """Answers nothing."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        raise ModelUnavailable("nobody answers.")


async def test_a_call_without_an_answer_is_on_the_books(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    async with Memory.open(settings, model=Gone(read=model.read), embedder=embedder) as memory:
        await memory.add(said(SAID[0]), scope=scope)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.retry(scope=scope)
        used = await memory.usage(scope=scope, days=1)
        (read,) = [c for c in await memory.history(scope=scope) if c.reason.startswith("read 1 messages")]

    assert sorted((u.kind, u.cost.model, u.cost.calls, u.cost.tokens_in) for u in used) == [
        ("extract", "", 1, 0),
        ("extract", "scripted", 1, 10),
    ]
    assert {u.cost.prompt_version for u in used} == {read.cost.prompt_version}
    assert (read.cost.calls, read.cost.tokens_in, read.cost.tokens_out, read.cost.money) == (1, 10, 5, None)
    assert read.cost.seconds >= 0


async def test_a_model_that_is_not_there_is_asked_once_and_the_rest_waits(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    few = replace(settings, batch_messages=1)
    async with Memory.open(few, model=Gone(read=model.read), embedder=embedder) as memory:
        added = await memory.add(said(*SAID), scope=scope)
        (used,) = await memory.usage(scope=scope)
    async with Memory.open(few, model=model, embedder=embedder) as memory:
        await memory.retry(scope=scope)
        facts = await memory.facts(scope=scope)

    assert used.cost.calls == 1
    assert added.parked == {"0": "ModelUnavailable: nobody answers."}
    assert added.note == "3 messages wait: nobody answers."
    assert len(facts) == 4


class Priced(ScriptedChat):
    """Is a model whose price is known, and answers from a cache."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        reply = await super().ask(request)
        return replace(reply, model="gpt-4o-mini-2024-07-18", tokens_in=1000, tokens_cached=400, tokens_out=100)


async def test_money_comes_from_the_price_file(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    async with Memory.open(settings, model=Priced(read=model.read), embedder=embedder) as memory:
        await memory.add(said(SAID[0]), scope=scope)
        cost = (await memory.status(scope=scope)).cost

    assert cost.money is not None
    assert round(cost.money, 9) == round((600 * 0.15 + 400 * 0.075 + 100 * 0.6) / 1e6, 9)
    assert (cost.tokens_in, cost.tokens_cached) == (1000, 400)
