"""Embedders by their setting: switching says what to do, and vectors that are kept go with the words they are of."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import EmbedderError
from graphmem.house.doctor import examine
from graphmem.house.upkeep import migrate_store, reembed_store
from tests.openai_server import Answer, embeddings, openai_server
from tests.scripted import ScriptedChat
from tests.values import said

ASKED: list[str] = []


def answer(body: dict[str, Any]) -> Answer:
    """Vectors of 64 numbers, alike where texts share words."""
    ASKED.extend(body["input"])
    vectors: list[list[float]] = []
    for text in body["input"]:
        vector = [0.01] * 64
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            vector[hashlib.sha256(word.encode()).digest()[0] % 64] += 1.0
        vectors.append(vector)
    return embeddings(vectors)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Settings]:
    """An embedded store whose vectors come from a server."""
    ASKED.clear()
    with openai_server(answer) as url:
        yield Settings(home=tmp_path / "home", tenant="test", embedder="openai:tiny", openai_base_url=url)


def kept(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.home / "cache" / "embeddings.sqlite")) as db:
        return db.execute("SELECT count(*) FROM vectors").fetchone()[0]


async def test_switching_says_reembed_and_it_works_with_the_new_setting(
    fresh: Settings, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    async with Memory.open(fresh, model=model) as memory:
        await memory.add(said("I live in Turin.", "2024-01-10"), scope="ada")
    with openai_server(answer) as url:
        switched = replace(fresh, embedder="openai:tiny", openai_base_url=url)
        with pytest.raises(EmbedderError, match=r"openai:tiny \(64\).*graphmem reembed"):
            async with Memory.open(switched, model=model):
                pass
        (unwell,) = (check for check in await examine(switched) if not check.well)
        assert "graphmem reembed" in unwell.advice

        done = await reembed_store(switched)

        assert (done.embedder, done.written) == ("openai:tiny", 2)
        async with Memory.open(switched, model=model) as memory:
            assert (await memory.search("Who lives in Turin?", scope="ada")).facts[0].text == "Ada lives in Turin"
        assert all(check.well for check in await examine(switched))
    await reembed_store(fresh, embedder)


async def test_switching_to_the_multilingual_one(tmp_path: Path, model: ScriptedChat) -> None:
    settings = Settings(home=tmp_path / "home", tenant="test")
    async with Memory.open(settings, model=model) as memory:
        await memory.add([said("I have a cat, Miso.", "2024-01-10"), said("I am 34.", "2024-01-11")], scope="ada")
    switched = replace(settings, embedder="local:multilingual")
    with pytest.raises(EmbedderError, match="graphmem reembed"):
        async with Memory.open(switched, model=model):
            pass

    await reembed_store(switched)

    async with Memory.open(switched, model=model) as memory:
        found = await memory.search("Hat Ada ein Haustier?", scope="ada")
        assert found.facts[0].text == "Ada has the pet Miso"


async def test_a_graph_that_is_made_by_migrating_has_the_settings_vectors(remote: Settings) -> None:
    await migrate_store(remote)

    async with Memory.open(remote, model=None) as memory:
        assert (await memory.status(scope="ada")).embedder == "openai:tiny"


async def test_no_text_is_sent_twice(remote: Settings, model: ScriptedChat) -> None:
    async with Memory.open(remote, model=model) as memory:
        await memory.add(said("I live in Turin.", "2024-01-10"), scope="ada")
    first = list(ASKED)

    async with Memory.open(remote, model=model) as memory:
        await memory.add(said("I live in Turin.", "2024-03-10"), scope="ben")

    assert first.count("Ada: I live in Turin.") == 1
    assert ASKED[len(first) :] == ["hello"], "only the dimension is asked for"


@pytest.mark.parametrize("deed", ["delete", "erase", "request"])
async def test_words_that_go_take_their_vectors_along(remote: Settings, model: ScriptedChat, deed: str) -> None:
    async with Memory.open(remote, model=model) as memory:
        added = await memory.add(said("I live in Turin.", "2024-01-10"), scope="ada")
        assert kept(remote) == 2
        if deed == "delete":
            await memory.delete(added.episode_ids[0], scope="ada")
        elif deed == "erase":
            await memory.erase(scope="ada")
        else:
            await memory.add(said("Please forget where I live.", "2024-01-12"), scope="ada")

    assert kept(remote) == 0


async def test_vectors_that_another_setting_kept_go_too(remote: Settings, model: ScriptedChat) -> None:
    async with Memory.open(remote, model=model) as memory:
        await memory.add(said("I live in Turin.", "2024-01-10"), scope="ada")
    local = replace(remote, embedder="local", openai_base_url=None)
    await reembed_store(local)
    assert kept(remote) == 2

    async with Memory.open(local, model=model) as memory:
        await memory.erase(scope="ada")

    assert kept(remote) == 0


async def test_the_cache_can_be_turned_off(remote: Settings, model: ScriptedChat) -> None:
    async with Memory.open(replace(remote, embedder_cache="off"), model=model) as memory:
        await memory.add(said("I live in Turin.", "2024-01-10"), scope="ada")

    assert not (remote.home / "cache").exists()
