"""A reranker orders what was found anew, where the call or the setting wishes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.read.rerank import READ
from tests.scripted import ScriptedChat
from tests.values import said

MOST = READ["quality"][1]
TOLD = ("I live in Turin.", "I have a cat, Miso.", "I work at Lumen.", "My boss is Ingrid.")


class Lover:
    """Scores texts by how often they speak of one thing."""

    name = "lover"

    def __init__(self, of: str) -> None:
        self.of = of
        self.read: list[str] = []

    async def load(self) -> None:
        """Do nothing."""

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.read += texts
        return [float(text.count(self.of)) for text in texts]


async def _tell(memory: Memory) -> None:
    for day, text in enumerate(TOLD, 1):
        await memory.add(said(text, f"2024-01-{day:02}"), scope="ada")


async def test_the_readers_order_counts_and_its_scores_are_shown(
    tmp_path: Path, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    settings, lover = Settings(home=tmp_path / "home"), Lover("Miso")
    async with Memory.open(settings, model=model, embedder=embedder, reranker=lover) as memory:
        await _tell(memory)

        found = await memory.search("Where does Ada live?", scope="ada", limit=1)
        plain = await memory.search("Where does Ada live?", scope="ada", limit=1, rerank="none")

    assert (found.facts[0].text, found.episodes[0].episode.text) == ("Ada has the pet Miso", "I have a cat, Miso.")
    assert found.facts[0].parts["rerank"] == found.episodes[0].parts["rerank"] == 1
    assert "rerank" in found.timings
    assert plain.facts[0].text == "Ada lives in Turin"
    assert "rerank" not in plain.facts[0].parts


async def test_no_more_is_read_than_the_bound(tmp_path: Path, embedder: LocalEmbedder, model: ScriptedChat) -> None:
    settings, lover = Settings(home=tmp_path / "home", extraction="none"), Lover("Miso")
    async with Memory.open(settings, model=model, embedder=embedder, reranker=lover) as memory:
        await memory.add([said(f"Turin has {i} bridges.", "2024-01-10") for i in range(MOST + 10)], scope="ada")

        found = await memory.search("How many bridges has Turin?", scope="ada", limit=100)

    assert len(lover.read) == MOST
    assert len(found.episodes) == MOST + 10
    assert [e.episode.id for e in found.episodes if "rerank" in e.parts] == [
        e.episode.id for e in found.episodes[:MOST]
    ]


async def test_the_local_one_by_the_call_or_the_setting(
    tmp_path: Path, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    settings = Settings(home=tmp_path / "home")
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await _tell(memory)
        asked = await memory.search("Which pet does Ada have?", scope="ada", rerank="quality")
        unasked = await memory.search("Which pet does Ada have?", scope="ada")
    async with Memory.open(replace(settings, reranker="local"), model=model, embedder=embedder) as memory:
        by_setting = await memory.search("Which pet does Ada have?", scope="ada")

    assert asked.facts[0].text == "Ada has the pet Miso"
    assert asked.facts[0].parts["rerank"] > asked.facts[1].parts["rerank"]
    assert [f.text for f in by_setting.facts] == [f.text for f in asked.facts]
    assert "rerank" not in unasked.facts[0].parts
