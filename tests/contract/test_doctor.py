from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.output_form import key_of
from graphmem.house.doctor import examine
from graphmem.wiring import remembered
from tests.embedders import OtherEmbedder


async def test_all_is_well_with_a_store_in_use(settings: Settings, embedder: LocalEmbedder) -> None:
    async with Memory.open(settings, embedder=embedder):
        checks = await examine(settings, embedder)

    assert [c.name for c in checks] == ["address", "owner", "schema", "rights", "indexes", "embedder", "clock", "model"]
    assert all(c.well for c in checks), checks


async def test_another_embedder_is_seen_and_named(settings: Settings, embedder: LocalEmbedder) -> None:
    async with Memory.open(settings, embedder=embedder):
        checks = await examine(settings, OtherEmbedder())

    (bad,) = (c for c in checks if not c.well)
    assert bad.name == "embedder"
    assert embedder.name in bad.advice


async def test_the_model_is_named_with_the_form_that_was_found_out(tmp_path: Path, embedder: LocalEmbedder) -> None:
    asked = Settings(
        home=tmp_path / "home", openai_base_url="http://127.0.0.1:1/v1/", model="tiny", model_output="auto"
    )
    remembered(asked).set(key_of("http://127.0.0.1:1/v1", "tiny"), "tool")

    seen = {
        what: [c.seen for c in await examine(s, embedder) if c.name == "model"]
        for what, s in {
            "none": replace(asked, openai_base_url=None),
            "found": asked,
            "unknown": replace(asked, model="other"),
            "named": replace(asked, model_output="json_object"),
        }.items()
    }

    assert seen == {
        "none": ["none: messages are indexed, no facts are drawn from them"],
        "found": ["tiny; answers as tool"],
        "unknown": ["other; in which form it answers is found out when it is first asked"],
        "named": ["tiny; answers as json_object"],
    }


async def test_an_empty_embedded_store_is_well(tmp_path: Path, embedder: LocalEmbedder) -> None:
    checks = await examine(Settings(home=tmp_path / "home"), embedder)

    assert all(c.well for c in checks), checks


@pytest.mark.parametrize("uri", ["bolt://127.0.0.1:1", "neo4j://127.0.0.1:1"])
async def test_a_server_that_does_not_answer_ends_the_examination(tmp_path: Path, uri: str) -> None:
    settings = replace(Settings(home=tmp_path, neo4j_uri=uri), neo4j_connect_timeout=1.0, neo4j_retry_timeout=1.0)
    (check,) = await examine(settings)

    assert (check.name, check.well, check.seen) == ("address", False, "StoreUnavailable")
    assert "NEO4J_URI" in check.advice
