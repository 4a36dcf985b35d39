"""Opening a store: at once from many places, and not at all where it is somebody else's or newer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import EmbedderError, StoreForeign, StoreNewer, StoreUnavailable
from tests.browse import cypher
from tests.embedders import OtherEmbedder


async def test_eight_openings_of_an_empty_store_at_once(fresh: Settings, embedder: LocalEmbedder) -> None:
    async def open_and_ask() -> int:
        async with Memory.open(fresh, embedder=embedder) as memory:
            return (await memory.status(scope="ada")).episodes

    assert await asyncio.gather(*(open_and_ask() for _ in range(8))) == [0] * 8


async def test_a_graph_of_others_is_left_alone(fresh: Settings, embedder: LocalEmbedder) -> None:
    cypher(fresh, "CREATE (:Film {title: 'Alien'})")

    with pytest.raises(StoreForeign, match="did not write"):
        async with Memory.open(fresh, embedder=embedder):
            pass
    assert cypher(fresh, "MATCH (n) RETURN count(n) AS n") == [{"n": 1}]


async def test_a_newer_graph_is_refused(fresh: Settings, embedder: LocalEmbedder) -> None:
    async with Memory.open(fresh, embedder=embedder):
        cypher(fresh, "MATCH (g:GraphMem) SET g.format = 999")

    with pytest.raises(StoreNewer, match="999"):
        async with Memory.open(fresh, embedder=embedder):
            pass


async def test_vectors_of_another_model_are_not_mixed(fresh: Settings, embedder: LocalEmbedder) -> None:
    async with Memory.open(fresh, embedder=embedder):
        pass

    with pytest.raises(EmbedderError, match="reembed"):
        async with Memory.open(fresh, embedder=OtherEmbedder()):
            pass


async def test_no_server_at_the_address_is_said(tmp_path: Path, unused_tcp_port: int, embedder: LocalEmbedder) -> None:
    settings = Settings(home=tmp_path, neo4j_uri=f"bolt://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(StoreUnavailable, match="NEO4J_URI"):
        async with Memory.open(settings, embedder=embedder):
            pass
