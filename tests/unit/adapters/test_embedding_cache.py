"""Vectors that are kept across restarts: computed once, bounded, shared by processes, and gone when they must be."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.embedders import InProcess
from graphmem.adapters.embedding_cache import MOST_RECENT, CachedEmbedder, VectorCache
from graphmem.errors import EmbedderError

_MANY = """
import sys
from pathlib import Path
from graphmem.adapters.embedding_cache import VectorCache
cache = VectorCache(Path(sys.argv[1]))
for i in range(40):
    keys = [f"{sys.argv[2]} {i}".encode(), f"shared {i}".encode()]
    generation, _ = cache.get(keys)
    cache.put({key: [float(i), 1.0] for key in keys}, generation)
"""


class Digests(InProcess):
    """Vectors made of a text's digest; counts what it computes."""

    name = "digests"
    dimension = 8
    truncated = 0

    def __init__(self) -> None:
        self.computed: list[str] = []

    async def load(self) -> None:
        """Do nothing."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.computed += texts
        made = [np.frombuffer(hashlib.sha256(t.encode()).digest()[:8], np.uint8).astype(np.float32) for t in texts]
        return [(v / np.linalg.norm(v)).tolist() for v in made]

    async def embed_query(self, text: str) -> list[float]:
        return (await self.embed([f"? {text}"]))[0]

    def count_tokens(self, text: str) -> int:
        return len(text)


async def test_a_text_is_computed_once_across_restarts(tmp_path: Path) -> None:
    texts = ["Ada lives in Oslo", "Ben has a dog", "Ada lives in Oslo"]
    first, again = Digests(), Digests()
    path = tmp_path / "cache" / "vectors.sqlite"

    made = await CachedEmbedder(first, path, keep=True).embed(texts)
    kept = await CachedEmbedder(again, path, keep=True).embed([*texts, "new"])

    assert first.computed == ["Ada lives in Oslo", "Ben has a dog"]
    assert again.computed == ["new"]
    assert kept[:3] == made == await Digests().embed(texts)


async def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    other = Digests()
    other.name = "other"
    await CachedEmbedder(Digests(), tmp_path / "v.sqlite", keep=True).embed(["Ada"])

    await CachedEmbedder(other, tmp_path / "v.sqlite", keep=True).embed(["Ada"])

    assert other.computed == ["Ada"]


async def test_a_local_embedder_computes_and_leaves_no_file(tmp_path: Path) -> None:
    inner = Digests()
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite")

    await cached.embed(["Ada"])
    await cached.embed(["Ada"])
    await cached.forget()

    assert inner.computed == ["Ada"]
    assert list(tmp_path.iterdir()) == []


async def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    inner = Digests()
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite", keep=True, most=3)
    for text in ("a", "b", "c", "a", "d"):
        await cached.embed([text])
    inner.computed.clear()

    await cached.embed(["a", "c", "d"])
    await cached.embed(["b"])

    assert inner.computed == ["b"]


async def test_questions_are_kept_in_memory_only(tmp_path: Path) -> None:
    inner = Digests()
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite", keep=True)

    assert await cached.embed_query("Where?") == await cached.embed_query("Where?")
    assert inner.computed == ["? Where?"]
    assert list(tmp_path.iterdir()) == []
    for i in range(MOST_RECENT):
        await cached.embed_query(str(i))
    inner.computed.clear()
    await cached.embed_query("Where?")
    assert inner.computed == ["? Where?"], "only the last ones are kept"


async def test_a_few_texts_are_kept_in_memory_where_the_file_is_not_used_until_some_are_to_be_forgotten(
    tmp_path: Path,
) -> None:
    inner = Digests()
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite")

    first = await cached.embed(["Ada", "Turin"])
    assert await cached.embed(["Turin", "Ada", "Rome"]) == [first[1], first[0], *await Digests().embed(["Rome"])]
    assert inner.computed == ["Ada", "Turin", "Rome"]
    assert list(tmp_path.iterdir()) == []

    await cached.forget()
    await cached.embed(["Ada"])
    assert inner.computed[3:] == ["Ada"]


async def test_what_is_beside_it_is_forgotten_with_it(tmp_path: Path) -> None:
    inner = Digests()
    beside = CachedEmbedder(inner, tmp_path / "v.sqlite", keep=False)
    for _ in range(2):
        await beside.embed(["Ada"])

    await CachedEmbedder(Digests(), tmp_path / "v.sqlite", beside=beside).forget()

    await beside.embed(["Ada"])
    assert inner.computed == ["Ada", "Ada"]


async def test_forgetting_leaves_no_byte_of_a_vector(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    cached = CachedEmbedder(Digests(), path, keep=True)
    texts = [f"secret {i}" for i in range(200)]
    vectors = await cached.embed(texts)
    needles = [np.asarray(vector, "<f4").tobytes() for vector in vectors]
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(needle in held for needle in needles)

    await CachedEmbedder(Digests(), path).forget()

    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(needle in held for needle in needles)
    assert not any(hashlib.sha256(f"digests\0{text}".encode()).digest() in held for text in texts)


def test_what_was_computed_before_a_deletion_is_not_kept_after_it(tmp_path: Path) -> None:
    writer, eraser = VectorCache(tmp_path / "v.sqlite"), VectorCache(tmp_path / "v.sqlite")
    generation, _ = writer.get([b"key"])
    eraser.empty()

    writer.put({b"key": [1.0]}, generation)

    assert writer.get([b"key"]) == (generation + 1, {})


def test_many_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    others = [subprocess.Popen([sys.executable, "-c", _MANY, str(path), name]) for name in "abcd"]

    assert [other.wait(timeout=120) for other in others] == [0] * 4
    wanted = [f"{name} {i}".encode() for name in ("a", "b", "c", "d", "shared") for i in range(40)]
    assert len(VectorCache(path).get(wanted)[1]) == 200


async def test_a_file_that_is_no_cache_is_said(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)

    with pytest.raises(EmbedderError, match="GRAPHMEM_EMBEDDER_CACHE"):
        await CachedEmbedder(Digests(), path, keep=True).embed(["Ada"])
