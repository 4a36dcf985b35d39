"""A memory as LangChain's retriever, history and tools, on every store, sync and async."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core._api.deprecation import LangChainDeprecationWarning
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnablePassthrough
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.tools import StructuredTool

from graphmem import AsOf, Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import InvalidInput, InvalidMessage, NotFound, ScopeMissing, WrongLoop
from graphmem.langchain import (
    GraphChatMessageHistory,
    GraphMemoryRetriever,
    LangChainChat,
    loops,
    memory_tools,
    open_in_background,
)
from graphmem.models import Role
from tests.browse import cypher
from tests.conftest import Add as Story
from tests.scripted import ScriptedChat, triple
from tests.values import day, said

WHERE = "Where does Ada live?"
TOLD = (
    ("I live in Turin.", "2024-01-10"),
    ("And a dog, Rex.", "2024-01-11"),
    ("We moved to Oslo last week!", "2024-06-20"),
)


@pytest.fixture
def settings(embedded_home: Path) -> Settings:
    """The embedded store alone: a face only calls the memory, which has tests of its own on every store."""
    return Settings(home=embedded_home, tenant="test")


@pytest.fixture
def background(settings: Settings, embedder: LocalEmbedder, model: ScriptedChat) -> Iterator[Memory]:
    """A memory whose loop runs in a thread of its own."""
    with open_in_background(settings, model=model, embedder=embedder) as memory:
        yield memory


def tell(memory: Memory, scope: str) -> None:
    messages = [said(text, at) for text, at in TOLD]
    loops.run(memory, lambda: memory.add(messages, scope=scope))


def tool(tools: list[StructuredTool], name: str) -> StructuredTool:
    return next(t for t in tools if t.name == name)


# The retriever


async def test_a_retriever_finds_facts_and_messages_with_what_they_rest_on(
    memory: Memory, story: Story, scope: str
) -> None:
    first = await story(*TOLD[0])
    moved = await story(*TOLD[2])

    found = await GraphMemoryRetriever(memory=memory, scope=scope).ainvoke(WHERE)

    fact, message = found[0], next(d for d in found if d.metadata["kind"] == "message")
    assert fact.page_content == 'Ada lives in Oslo (since 13 Jun 2024): "moved to Oslo last week" (Ada, 20 Jun 2024)'
    assert fact.id == fact.metadata["id"] == (await memory.facts(scope=scope))[0].id
    assert (fact.metadata["kind"], fact.metadata["predicate"]) == ("fact", "LIVES_IN")
    assert (fact.metadata["valid_at"], fact.metadata["invalid_at"]) == ("2024-06-13T00:00:00Z", None)
    assert (fact.metadata["sources"], fact.metadata["quote"]) == (list(moved.episode_ids), "moved to Oslo last week")
    assert message.metadata["id"] in {*first.episode_ids, *moved.episode_ids}
    assert message.page_content.startswith(("10 Jan 2024 Ada: ", "20 Jun 2024 Ada: "))


async def test_a_retriever_asks_about_another_time_and_a_call_about_yet_another(
    memory: Memory, story: Story, scope: str
) -> None:
    for text, at in TOLD:
        await story(text, at)
    spring = AsOf(valid=day("2024-03-01"))

    retriever = GraphMemoryRetriever(memory=memory, scope=scope, as_of=spring, limit=1)
    for_now = await retriever.ainvoke(WHERE, as_of=AsOf(), limit=2)

    assert [d.page_content[:18] for d in await retriever.ainvoke(WHERE)] == ["Ada lives in Turin"]
    assert len(for_now) == 2
    assert for_now[0].page_content.startswith("Ada lives in Oslo")
    assert await retriever.ainvoke(WHERE, scope=f"{scope}-nobody") == []
    assert [d.metadata["kind"] for d in await retriever.ainvoke(WHERE, tokens=1)] == []


async def test_what_ended_is_told_as_that(memory: Memory, story: Story, scope: str) -> None:
    await story("I work at Lumen.", "2024-01-10")
    await story("I left Lumen.", "2024-05-01")

    found = await GraphMemoryRetriever(memory=memory, scope=scope).ainvoke("Where does Ada work?")

    (ended,) = [d for d in found if d.metadata["state"] == "ended"]
    assert ended.page_content.startswith("No longer so, and nothing known in its place: Ada works at Lumen")
    assert ended.metadata["invalid_at"] == "2024-05-01T12:00:00Z"


def test_a_retriever_answers_where_there_is_no_loop(background: Memory, scope: str) -> None:
    tell(background, scope)
    retriever = GraphMemoryRetriever(memory=background, scope=scope)

    assert retriever.invoke(WHERE)[0].page_content.startswith("Ada lives in Oslo")
    assert [len(found) for found in retriever.batch([WHERE, "Who is Rex?"], limit=1)] == [1, 1]
    assert asyncio.run(retriever.ainvoke(WHERE)) == retriever.invoke(WHERE)


async def test_a_retriever_answers_inside_another_loop(background: Memory, scope: str) -> None:
    tell(background, scope)
    retriever = GraphMemoryRetriever(memory=background, scope=scope)

    assert retriever.invoke(WHERE) == await retriever.ainvoke(WHERE) != []


async def test_errors_are_graphmems_own(memory: Memory, scope: str) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        await GraphMemoryRetriever(memory=memory, scope=scope, limit=0).ainvoke(WHERE)
    with pytest.raises(ScopeMissing):
        await GraphMemoryRetriever(memory=memory, scope=[]).ainvoke(WHERE)


# A chain


def chain(retriever: GraphMemoryRetriever, *answers: str) -> tuple[Runnable[str, str], list[str]]:
    """retriever | format | prompt | model | parser, and the prompts that the model gets."""
    prompts: list[str] = []

    def together(documents: list[Document]) -> str:
        return "\n".join(d.page_content for d in documents)

    def noted(prompt: Any) -> Any:
        prompts.append(prompt.to_string())
        return prompt

    prompt = ChatPromptTemplate.from_messages([("system", "What is known:\n{known}"), ("human", "{question}")])
    llm = GenericFakeChatModel(messages=iter(answers))
    given: Any = {"known": retriever | together, "question": RunnablePassthrough()}
    return given | prompt | RunnableLambda(noted) | llm | StrOutputParser(), prompts


async def test_a_chain_runs_async(memory: Memory, story: Story, scope: str) -> None:
    await story(*TOLD[2])
    told, prompts = chain(GraphMemoryRetriever(memory=memory, scope=scope), "In Oslo.", "Still in Oslo.")

    assert await told.ainvoke(WHERE) == "In Oslo."
    assert "".join([piece async for piece in told.astream(WHERE)]) == "Still in Oslo."
    assert "Ada lives in Oslo (since 13 Jun 2024)" in prompts[0]
    assert prompts[0].endswith(WHERE)


def test_a_chain_runs_sync(background: Memory, scope: str) -> None:
    tell(background, scope)
    told, prompts = chain(GraphMemoryRetriever(memory=background, scope=scope), "In Oslo.", "Still in Oslo.")

    assert told.invoke(WHERE) == "In Oslo."
    assert "".join(told.stream(WHERE)) == "Still in Oslo."
    assert "Ada lives in Oslo (since 13 Jun 2024)" in prompts[0]


async def test_a_chain_runs_sync_in_a_thread_beside_the_memorys_loop(memory: Memory, story: Story, scope: str) -> None:
    await story(*TOLD[2])
    told, prompts = chain(GraphMemoryRetriever(memory=memory, scope=scope), "In Oslo.")

    assert await asyncio.to_thread(told.invoke, WHERE) == "In Oslo."
    assert "Ada lives in Oslo" in prompts[0]


# Loops


async def test_a_sync_call_in_the_memorys_own_loop_is_refused(
    memory: Memory, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever = GraphMemoryRetriever(memory=memory, scope=scope)
    with pytest.raises(WrongLoop, match="await the async one"):
        retriever.invoke(WHERE)
    monkeypatch.setattr(loops, "_TAKEN_UP_SECONDS", 0.2)
    with pytest.raises(WrongLoop, match="a sync method was called inside it"):
        chain(retriever)[0].invoke(WHERE)  # LangChain asks the retriever from a thread, while this loop waits for it


async def test_what_was_refused_for_waiting_is_not_done_afterwards(
    memory: Memory, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_TAKEN_UP_SECONDS", 0.2)
    history = GraphChatMessageHistory(memory, scope, "talk")

    refused = asyncio.get_running_loop().run_in_executor(None, history.add_user_message, "I live in Turin.")
    while not refused.done():
        await blocked()
    with pytest.raises(WrongLoop):
        await refused

    assert await history.aget_messages() == []


async def blocked() -> None:
    """Hold the loop up for longer than a call waits for it."""
    time.sleep(0.5)
    await asyncio.sleep(0)


async def test_a_memory_whose_loop_is_over_says_so(settings: Settings, embedder: LocalEmbedder, scope: str) -> None:
    with open_in_background(settings, embedder=embedder) as memory:
        pass
    retriever = GraphMemoryRetriever(memory=memory, scope=scope)

    with pytest.raises(WrongLoop, match="does not run"):
        retriever.invoke(WHERE)
    with pytest.raises(WrongLoop, match="does not run"):
        await retriever.ainvoke(WHERE)


# The history


async def test_a_history_keeps_a_session_and_facts_are_drawn_from_it(memory: Memory, scope: str) -> None:
    history = GraphChatMessageHistory(memory, scope, "talk", speaker="Ada")

    await history.aadd_messages(
        [SystemMessage("Be kind."), HumanMessage("I live in Turin.", id="h1"), AIMessage("A fine city!", id="run-1")]
    )
    await history.aadd_messages(
        [HumanMessage("And a dog, Rex.", name="Ada"), HumanMessage("I live in Turin.", id="h1")]
    )
    await GraphChatMessageHistory(memory, scope, "other").aadd_messages([HumanMessage("My boss is Ingrid.", id="h1")])

    read = await history.aget_messages()
    kept = await memory.messages(scope=scope, session="talk")
    assert [(type(m), m.text) for m in read] == [
        (SystemMessage, "Be kind."),
        (HumanMessage, "I live in Turin."),
        (AIMessage, "A fine city!"),
        (HumanMessage, "And a dog, Rex."),
    ]
    assert [(m.id, m.name) for m in read[1:]] == [("h1", None), ("run-1", None), (kept[3].id, "Ada")]
    assert [(e.role, e.speaker) for e in kept] == [
        (Role.SYSTEM, "System"),
        (Role.USER, "Ada"),
        (Role.ASSISTANT, "Assistant"),
        (Role.USER, "Ada"),
    ]
    assert {f.text for f in await memory.facts(scope=scope)} == {
        "Ada lives in Turin",
        "Ada has the pet Rex",
        "Ada reports to Ingrid",
    }
    assert [m.text for m in await GraphChatMessageHistory(memory, scope, "talk", limit=1).aget_messages()] == [
        "And a dog, Rex."
    ]


async def test_what_no_history_can_keep_is_refused_before_anything_is_kept(memory: Memory, scope: str) -> None:
    history = GraphChatMessageHistory(memory, scope, "talk")
    call = AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": "1"}])

    for message in (ToolMessage("22 degrees", tool_call_id="1"), call):
        with pytest.raises(InvalidMessage):
            await history.aadd_messages([HumanMessage("I live in Turin."), message])

    assert await history.aget_messages() == []


async def test_clearing_a_history_deletes_its_messages_for_good(
    memory: Memory, scope: str, model: ScriptedChat
) -> None:
    history = GraphChatMessageHistory(memory, scope, "talk", speaker="Ada")
    other = GraphChatMessageHistory(memory, scope, "other", speaker="Ada")
    await other.aadd_messages([HumanMessage("I have a cat, Miso.")])
    await history.aadd_messages([HumanMessage("I live in Turin."), HumanMessage("And a dog, Rex.")])
    await history.aadd_messages(
        [HumanMessage("We moved to Oslo last week!"), HumanMessage("Please forget where I live.")]
    )
    unread = GraphChatMessageHistory(memory, scope, "talk", speaker="Ada", wait=False)
    await unread.aadd_messages([HumanMessage("I work at Lumen.")])
    read = [request for request in model.asked if "I work at Lumen." in request.user]

    await history.aclear()

    assert [request for request in model.asked if "I work at Lumen." in request.user] == read

    assert await history.aget_messages() == []
    assert await memory.messages(scope=scope, session="talk") == ()
    assert [f.text for f in await memory.facts(scope=scope)] == ["Ada has the pet Miso"]
    assert [m.text for m in await other.aget_messages()] == ["I have a cat, Miso."]


def test_a_history_is_kept_read_and_cleared_where_there_is_no_loop(background: Memory, scope: str) -> None:
    history = GraphChatMessageHistory(background, scope, "talk", speaker="Ada")

    history.add_user_message("I live in Turin.")
    history.add_messages([AIMessage("A fine city!"), HumanMessage("And a dog, Rex.")])
    read = [m.text for m in history.messages]
    shown = str(history)
    history.clear()

    assert read == ["I live in Turin.", "A fine city!", "And a dog, Rex."]
    assert shown.startswith("Human: I live in Turin.\nAI: A fine city!")
    assert history.messages == []


async def test_a_history_can_be_cleared_where_no_model_reads(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    async with Memory.open(settings, embedder=embedder) as memory:
        history = GraphChatMessageHistory(memory, scope, "talk", wait=False)
        await history.aadd_messages([HumanMessage("I live in Turin."), AIMessage("A fine city!")])

        await history.aclear()

        assert await memory.messages(scope=scope, session="talk") == ()


async def test_a_runnable_with_message_history_talks_on(memory: Memory, scope: str) -> None:
    llm = GenericFakeChatModel(messages=iter(["A fine city!", "In Turin."]))
    prompts: list[list[str]] = []

    def noted(messages: list[BaseMessage]) -> list[BaseMessage]:
        prompts.append([m.text for m in messages])
        return messages

    with pytest.warns(LangChainDeprecationWarning, match="RunnableWithMessageHistory"):
        talk = RunnableWithMessageHistory(
            RunnableLambda(noted) | llm, lambda session: GraphChatMessageHistory(memory, scope, session, speaker="Ada")
        )
    config = RunnableConfig(configurable={"session_id": "talk"})

    await talk.ainvoke([HumanMessage("I live in Turin.")], config)
    answer = await talk.ainvoke([HumanMessage(WHERE)], config)

    assert answer.text == "In Turin."
    assert prompts[1] == ["I live in Turin.", "A fine city!", WHERE]
    assert [e.text for e in await memory.messages(scope=scope, session="talk")] == [*prompts[1], "In Turin."]
    assert [f.text for f in await memory.facts(scope=scope)] == ["Ada lives in Turin"]


# The tools


async def test_tools_add_search_and_tell_the_history(memory: Memory, scope: str) -> None:
    tools = memory_tools(memory, scope)
    add, search, history = (tool(tools, name) for name in ("add_memory", "search_memory", "memory_history"))

    first = await add.ainvoke({"text": "I live in Turin.", "speaker": "Ada"})
    nothing = await add.ainvoke({"text": "Good morning!"})
    await memory.add(Message(text="We are in Rome now.", at=memory.now(), speaker="Ada"), scope=scope)

    assert first.startswith(f"{shown(memory.now())}  new: Ada lives in Turin  (")
    assert nothing == "Kept."
    assert "Ada lives in Rome" in await search.ainvoke({"question": WHERE})
    told = (await history.ainvoke({"about": "ada"})).splitlines()
    assert [line.split("  ")[1] for line in told] == [
        "new: Ada lives in Turin",
        "closed: Ada lives in Turin; new: Ada lives in Rome",
    ]
    (rome,) = await memory.facts(scope=scope)
    assert "Ada lives in Rome" in await history.ainvoke({"about": rome.id})


def shown(at: datetime) -> str:
    return f"{at.day} {at:%b} {at.year}"


async def test_a_search_asks_about_a_past_date(memory: Memory, story: Story, scope: str) -> None:
    for text, at in TOLD:
        await story(text, at)
    search = tool(memory_tools(memory, scope), "search_memory")

    then = await search.ainvoke({"question": WHERE, "as_of": "2024-03"})

    assert "Ada lives in Turin" in then
    assert "Ada lives in Oslo" not in then


async def test_a_name_behind_a_thousand_others_has_a_history_too(
    memory: Memory, scope: str, settings: Settings
) -> None:
    await memory.assert_fact("Zoe", "LIVES_IN", "Turin", scope=scope)
    crowd = """UNWIND range(1, 1000) AS n
        CREATE (:Entity {id: $scope + toString(n), canonical_id: $scope + toString(n), scope: $scope,
                         name: 'A' + toString(n), type: 'Thing', aliases: []})"""
    cypher(settings, crowd, scope=f"test/{scope}")

    told = await tool(memory_tools(memory, scope), "memory_history").ainvoke({"about": "Zoe"})

    assert "Zoe lives in Turin" in told


async def test_a_name_means_whose_name_it_is_before_those_also_called_so(memory: Memory, scope: str) -> None:
    for name, home in (("Tom", "Turin"), ("Bob", "Oslo")):
        await memory.assert_fact(name, "LIVES_IN", home, scope=scope)
    known = {e.name: e.id for e in await memory.entities(scope=scope)}
    await memory.change_entity(known["Tom"], name="Thomas", scope=scope)
    history = tool(memory_tools(memory, scope), "memory_history")
    before = await history.ainvoke({"about": "tom"})
    await memory.change_entity(known["Bob"], name="Tom", scope=scope)
    after = await history.ainvoke({"about": "tom"})

    assert "Tom lives in Turin" in before, "nobody else is called so"
    assert "Bob lives in Oslo" in after
    assert "Turin" not in after


async def test_all_whom_a_name_means_are_told_of(memory: Memory, scope: str) -> None:
    for name, home in (("Tom", "Turin"), ("Bob", "Oslo")):
        await memory.assert_fact(name, "LIVES_IN", home, scope=scope)
    known = {e.name: e.id for e in await memory.entities(scope=scope)}
    await memory.change_entity(known["Bob"], name="Tom", scope=scope)

    told = await tool(memory_tools(memory, scope), "memory_history").ainvoke({"about": "Tom"})

    assert "Tom lives in Turin" in told
    assert "Bob lives in Oslo" in told


async def test_of_a_merged_name_all_is_told_once(memory: Memory, scope: str) -> None:
    for name, pet in (("Tom", "Rex"), ("Bob", "Miso")):
        await memory.assert_fact(name, "HAS_PET", pet, scope=scope)
    known = {e.name: e.id for e in await memory.entities(scope=scope)}
    await memory.merge_entities(known["Tom"], known["Bob"], scope=scope)

    told = await tool(memory_tools(memory, scope), "memory_history").ainvoke({"about": "Bob"})

    assert told.count("new: Tom has the pet Rex") == 1
    assert told.count("new: Bob has the pet Miso") == 1


async def test_a_model_reads_what_was_refused(memory: Memory, scope: str) -> None:
    tools = memory_tools(memory, scope)

    assert "'spring' is no date" in await tool(tools, "search_memory").ainvoke({"question": "?", "as_of": "spring"})
    assert "message 1 is empty" in await tool(tools, "add_memory").ainvoke({"text": " "})
    call = {"name": "memory_history", "args": {"about": "Nobody"}, "id": "1", "type": "tool_call"}
    answer = await tool(tools, "memory_history").ainvoke(call)
    assert (answer.status, answer.content) == ("error", "there is no fact or entity 'Nobody' in this scope.")
    assert NotFound.__name__ not in answer.content


def test_tools_work_where_there_is_no_loop(background: Memory, scope: str) -> None:
    tools = memory_tools(background, scope)

    tool(tools, "add_memory").invoke({"text": "I live in Turin.", "speaker": "Ada"})

    assert "Ada lives in Turin" in tool(tools, "search_memory").invoke({"question": WHERE})
    assert "Ada lives in Turin" in tool(tools, "memory_history").invoke({"about": "Ada"})
    assert "'spring' is no date" in tool(tools, "search_memory").invoke({"question": WHERE, "as_of": "spring"})


# The chat model


async def test_a_chat_model_of_langchain_reads_messages(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    extraction = {"entities": [], "rules": [], "triples": [triple("Ada", "LIVES_IN", "Turin", quote="live in Turin")]}
    llm = GenericFakeChatModel(
        messages=iter(
            [
                AIMessage("Let me think."),
                AIMessage(
                    f"```json\n{json.dumps(extraction)}\n```",
                    usage_metadata={"input_tokens": 900, "output_tokens": 80, "total_tokens": 980},
                ),
            ]
        )
    )

    async with Memory.open(settings, model=LangChainChat(llm, name="scripted"), embedder=embedder) as memory:
        added = await memory.add(said("I live in Turin.", "2024-01-10"), scope=scope)
        (used,) = [u.cost for u in await memory.usage(scope=scope)]

        assert [f.text for f in await memory.facts(scope=scope)] == ["Ada lives in Turin"]
        assert (added.parked, used.model) == ({}, "scripted")
        assert (used.calls, used.tokens_in, used.tokens_out) == (2, 900, 80)


async def test_messages_wait_parked_while_it_is_away(settings: Settings, embedder: LocalEmbedder, scope: str) -> None:
    class Away(GenericFakeChatModel):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise ConnectionRefusedError("nobody there")

    async with Memory.open(settings, model=LangChainChat(Away(messages=iter([]))), embedder=embedder) as memory:
        added = await memory.add(said("I live in Turin.", "2024-01-10"), scope=scope)

    (reason,) = added.parked.values()
    assert reason.startswith("ModelUnavailable: the chat model Away is not reached (ConnectionRefusedError; the log")
    assert "nobody there" not in reason
