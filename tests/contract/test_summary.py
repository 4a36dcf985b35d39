"""The rolling summary: beside the writes, of what was said since, and without the words that are taken out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import ModelUnavailable
from graphmem.ports import ChatReply, ChatRequest
from tests.scripted import ScriptedChat


def said(*texts: str, first: int = 0) -> list[Message]:
    start = datetime(2024, 6, 1, tzinfo=UTC)
    return [
        Message(text=t, at=start + timedelta(hours=i), speaker="Ada", id=str(i)) for i, t in enumerate(texts, first)
    ]


def summaries(model: ScriptedChat) -> list[ChatRequest]:
    return [r for r in model.asked if r.kind == "summary"]


async def test_it_follows_what_was_said_and_is_shown_with_the_next_messages(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    few = replace(settings, summary_tokens=20)
    async with Memory.open(few, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Turin."), scope=scope)
        early = len(summaries(model))
        await memory.add(said(*["It rains & pours here, and so it goes on."] * 3, first=1), scope=scope)
    async with Memory.open(few, model=model, embedder=embedder) as memory:
        text = await memory.summary(scope=scope)
        status = await memory.status(scope=scope)
        await memory.add(said("I work at Lumen.", first=4), scope=scope)

    assert early == 0
    assert [r.message_ids for r in summaries(model)] == [("0", "1", "2", "3")]
    assert text == "4 messages were said."
    assert (status.summarised, status.cost.calls) == (4, 3)
    assert "Summary so far: 4 messages were said." in model.asked[-1].user
    assert "It rains &amp; pours" in summaries(model)[0].user


class Slow(ScriptedChat):
    """Takes its time for a summary, until it is let go."""

    go: asyncio.Event

    async def ask(self, request: ChatRequest) -> ChatReply:
        if request.kind == "summary":
            await self.go.wait()
        return await super().ask(request)


async def test_no_write_waits_for_it(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    slow = Slow(read=model.read)
    slow.go = asyncio.Event()
    async with Memory.open(replace(settings, summary_tokens=1), model=slow, embedder=embedder) as memory:
        await memory.add(said("I live in Turin."), scope=scope)
        await memory.add(said("I work at Lumen.", first=1), scope=scope)
        facts = await memory.facts(scope=scope)
        unwritten = await memory.summary(scope=scope)
        slow.go.set()
    async with Memory.open(settings, model=slow, embedder=embedder) as memory:
        written = await memory.summary(scope=scope)

    assert len(facts) == 2
    assert (unwritten, written) == ("", "1 messages were said.")


async def test_what_takes_too_long_in_the_end_is_broken_off_and_due_for_the_next_program(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    few, slow = replace(settings, summary_tokens=1), Slow(read=model.read)
    slow.go = asyncio.Event()
    async with asyncio.timeout(60), Memory.open(few, model=slow, embedder=embedder) as memory:
        await memory.add(said("I live in Turin."), scope=scope)
        await memory.finish(0.1)
    async with Memory.open(few, model=model, embedder=embedder) as memory:
        await memory.add(said("I work at Lumen.", first=1), scope=scope)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        text = await memory.summary(scope=scope)

    assert text == "2 messages were said."


class Dying(ScriptedChat):
    """Answers all but summaries."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        if request.kind == "summary":
            raise ModelUnavailable("nobody answers.")
        return await super().ask(request)


async def test_what_failed_is_due_for_the_next_program(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    few = replace(settings, summary_tokens=1)
    async with Memory.open(few, model=Dying(read=model.read), embedder=embedder) as memory:
        added = await memory.add(said("I live in Turin."), scope=scope)
        with pytest.raises(ModelUnavailable):
            await memory.summarise(scope=scope)
    async with Memory.open(few, model=model, embedder=embedder) as memory:
        await memory.add(said("I work at Lumen.", first=1), scope=scope)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        text = await memory.summary(scope=scope)

    assert added.parked == {}
    assert text == "2 messages were said."


@pytest.mark.parametrize("how", ["delete", "forget"])
async def test_it_goes_with_words_that_are_taken_out(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str, how: str
) -> None:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        added = await memory.add(said("I live in Turin.", "I have a cat, Miso."), scope=scope)
        done = await memory.summarise(scope=scope)
        before = await memory.summary(scope=scope)
        if how == "delete":
            await memory.delete(added.episode_ids[0], scope=scope)
        else:
            await memory.add(said("Please forget where I live.", first=2), scope=scope)
        gone = await memory.summary(scope=scope)
        again = await memory.summarise(scope=scope)
        after = await memory.summary(scope=scope)

    assert (done, before, gone, again, after) == (2, "2 messages were said.", "", 1, "1 messages were said.")
    assert summaries(model)[-1].message_ids == ("1",)
    assert "Turin" not in summaries(model)[-1].user


async def test_without_a_model_there_is_none(settings: Settings, embedder: LocalEmbedder, scope: str) -> None:
    async with Memory.open(replace(settings, summary_tokens=1), embedder=embedder) as memory:
        await memory.add(said("I live in Turin."), scope=scope)
        text = await memory.summary(scope=scope)
        with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
            await memory.summarise(scope=scope)

    assert text == ""
