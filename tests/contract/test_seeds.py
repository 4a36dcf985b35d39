"""The vector index over messages gives what comparing each of them gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graphmem import Memory, Message, Scope, Settings, lucene
from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.read.seeds import ENOUGH, EPISODES, Sizes, near_episodes
from graphmem.wiring import connection, connector

WHO, DOES, WHAT = ("Ada", "Ben", "Ellie"), ("likes", "sold", "painted", "found"), ("a boat", "tea", "the old map")


async def test_the_index_finds_the_messages_that_are_nearest(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    said = [f"{who} {does} {what}." for who in WHO for does in DOES for what in WHAT]
    start = datetime(2024, 6, 1, tzinfo=UTC)
    messages = [Message(text=text, at=start + timedelta(minutes=n)) for n, text in enumerate(said)]
    async with Memory.open(settings, embedder=embedder) as memory:
        await memory.add(messages, scope=scope, wait=False)
        await memory.add(messages[:5], scope=f"{scope}-other", wait=False)
    store = BoltStore(connector(settings), connection(settings))
    await store.connect()
    asked, whose = await embedder.embed_query("Who sold the tea?"), [Scope(user=scope, tenant=settings.tenant)]

    exact = await near_episodes(asked, whose, Sizes(episodes=len(said), facts=0), store)
    found = await near_episodes(asked, whose, Sizes(episodes=store.compared(EPISODES) + 1, facts=0), store)
    await store.close()

    assert ENOUGH <= len(found) <= EPISODES
    best = sorted(exact, key=lambda i: -exact[i])[:ENOUGH]
    assert len(set(best) & set(found)) >= ENOUGH - 1, "of the true nearest, as good as all"
    assert set(found) <= set(exact), "and of no other scope"
    assert found == pytest.approx({i: exact[i] for i in found}, abs=1e-4), "on one scale, to be ranked together"


async def test_what_is_asked_together_is_what_is_asked_one_by_one(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    async with Memory.open(settings, embedder=embedder) as memory:
        said = [
            Message(text=text, at=datetime(2024, 6, 1, tzinfo=UTC))
            for text in ("Ada sold the old map.", "Ben found tea.")
        ]
        await memory.add(said, scope=scope, wait=False)
    store = BoltStore(connector(settings), connection(settings))
    await store.connect()
    vector = await embedder.embed_query("Who sold the map?")

    for user, messages in ((scope, 2), (f"{scope}-nobody", 0)):
        whose = Scope(user=user, tenant=settings.tenant)
        shared = {"scopes": [whose.key], "vector": vector}
        text = lucene.scoped([whose], ["map", "tea"])
        asked = [
            ("scope_sizes", {"most": 10}),
            ("facts_saying", {"text": text, "limit": 5}),
            ("episodes_saying", {"text": text, "limit": 5}),
            ("nearest_episodes", {"limit": 1}),
        ]
        together = await store.read_joined(asked, **shared)
        singly = [await store.read(name, **shared, **own) for name, own in asked]

        assert together == singly
        assert [len(found) for found in together] == [1, 0, messages, min(messages, 1)]
    await store.close()
