"""A reranker orders what was found anew, where the call or the setting wishes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import BudgetSpent, ModelUnavailable, ReplyRefused
from graphmem.models import Scope
from graphmem.ports import ChatReply, ChatRequest
from graphmem.read.rerank import READ
from tests.conftest import HeldServer
from tests.scripted import ScriptedChat
from tests.values import said

MOST = READ["quality"][1]
TOLD = ("I live in Turin.", "I have a cat, Miso.", "I work at Lumen.", "My boss is Ingrid.")


@pytest.fixture
def store(embedded_home: Path, embedded_server: HeldServer) -> Settings:
    """The embedded store that other tests use too: which one it is changes nothing here."""
    embedded_server.hold()
    return Settings(home=embedded_home, tenant="test")


class Lover:
    """Scores texts by how often they speak of one thing."""

    name = "lover"
    weight = 1.2

    def __init__(self, of: str) -> None:
        self.of = of
        self.read: list[str] = []
        self.scopes: list[str] = []

    async def load(self) -> None:
        """Do nothing."""

    async def score(self, question: str, texts: Sequence[str], scope: Scope) -> list[float]:
        self.scopes.append(scope.user)
        self.read += texts
        return [float(text.count(self.of)) for text in texts]


async def _tell(memory: Memory, scope: str) -> None:
    for day, text in enumerate(TOLD, 1):
        await memory.add(said(text, f"2024-01-{day:02}"), scope=scope)


async def test_the_readers_order_counts_and_its_scores_are_shown(
    store: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    lover = Lover("Miso")
    async with Memory.open(store, model=model, embedder=embedder, reranker=lover) as memory:
        await _tell(memory, scope)

        found = await memory.search("Where does Ada live?", scope=scope, limit=1)
        plain = await memory.search("Where does Ada live?", scope=scope, limit=1, rerank="none")

    assert set(lover.scopes) == {scope}
    assert (found.facts[0].text, found.episodes[0].episode.text) == ("Ada has the pet Miso", "I have a cat, Miso.")
    assert found.facts[0].parts["rerank"] == found.episodes[0].parts["rerank"] == 1
    assert "rerank" in found.timings
    assert plain.facts[0].text == "Ada lives in Turin"
    assert "rerank" not in plain.facts[0].parts


async def test_no_more_is_read_than_the_bound(
    store: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    settings, lover = replace(store, extraction="none"), Lover("Miso")
    async with Memory.open(settings, model=model, embedder=embedder, reranker=lover) as memory:
        await memory.add([said(f"Turin has {i} bridges.", "2024-01-10") for i in range(MOST + 10)], scope=scope)

        found = await memory.search("How many bridges has Turin?", scope=scope, limit=100)

    assert len(lover.read) == MOST
    assert len(found.episodes) == MOST + 10
    assert [e.episode.id for e in found.episodes if "rerank" in e.parts] == [
        e.episode.id for e in found.episodes[:MOST]
    ]


async def test_the_local_one_by_the_call_or_the_setting(
    store: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    async with Memory.open(store, model=model, embedder=embedder) as memory:
        await _tell(memory, scope)
        asked = await memory.search("Which pet does Ada have?", scope=scope, rerank="quality")
        unasked = await memory.search("Which pet does Ada have?", scope=scope)
    async with Memory.open(replace(store, reranker="local"), model=model, embedder=embedder) as memory:
        by_setting = await memory.search("Which pet does Ada have?", scope=scope)

    assert asked.facts[0].text == "Ada has the pet Miso"
    assert asked.facts[0].parts["rerank"] > asked.facts[1].parts["rerank"]
    assert [f.text for f in by_setting.facts] == [f.text for f in asked.facts]
    assert "rerank" not in unasked.facts[0].parts


class Chooser(ScriptedChat):
    """Names the ids of the texts that speak of one thing, or what it is told to."""

    of: str = "Miso"
    says: tuple[str, ...] = ()

    async def ask(self, request: ChatRequest) -> ChatReply:
        if request.kind != "rerank":
            return await super().ask(request)
        self.asked.append(request)
        shown = [line.partition(": ") for line in request.user.splitlines() if line.startswith("T")]
        helpful = self.says or [t for t, _, text in shown if self.of in text]
        return ChatReply(text=json.dumps({"helpful": helpful}), model=self.name, tokens_in=100, tokens_out=5)


def _chooser(model: ScriptedChat) -> Chooser:
    return Chooser(read=model.read)


async def test_the_chat_model_chooses_within_its_budget_and_its_calls_are_entered(
    store: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    settings, chooser = replace(store, reranker="model"), _chooser(model)
    async with Memory.open(settings, model=chooser, embedder=embedder) as memory:
        await _tell(memory, scope)
        found = await memory.search("Where does Ada live, <b>please</b>?", scope=scope)
        used = {u.kind: u.cost for u in await memory.usage(scope=scope)}
    spent = replace(settings, scope_calls=1)
    async with Memory.open(spent, model=chooser, embedder=embedder) as memory:
        with pytest.raises(BudgetSpent, match="GRAPHMEM_SCOPE_CALLS"):
            await memory.search("Where does Ada live?", scope=scope)

    asked = [r for r in chooser.asked if r.kind == "rerank"]
    assert found.facts[0].text == "Ada has the pet Miso"
    assert found.facts[0].parts["rerank"] > found.facts[1].parts["rerank"] == 0
    assert (used["rerank"].calls, used["rerank"].tokens, used["rerank"].prompt_version) == (1, 105, "rerank-1")
    assert len(asked) == 1
    assert "Question: Where does Ada live, &lt;b&gt;please&lt;/b&gt;?" in asked[0].user


async def test_the_chat_model_may_rank_where_nothing_is_read(
    store: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    settings, chooser = replace(store, reranker="model", extraction="none"), _chooser(model)
    async with Memory.open(settings, model=chooser, embedder=embedder) as memory:
        await _tell(memory, scope)
        found = await memory.search("Where does Ada live?", scope=scope)
        chooser.says = ("T99",)
        with pytest.raises(ReplyRefused, match="T99"):
            await memory.search("Where does Ada live?", scope=scope)

    assert {r.kind for r in chooser.asked} == {"rerank"}
    assert found.episodes[0].episode.text == "I have a cat, Miso."
    assert found.facts == ()


async def test_without_a_chat_model_none_can_rank(store: Settings, embedder: LocalEmbedder) -> None:
    settings = replace(store, reranker="model", extraction="none")
    with pytest.raises(ModelUnavailable, match="GRAPHMEM_RERANKER=model"):
        async with Memory.open(settings, embedder=embedder):
            pass
