"""What embedders and rerankers find, and how long they take: ``python -m scripts.embedders local``."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphmem.adapters.embedding_cache import CachedEmbedder
from graphmem.adapters.models import reranker_named
from graphmem.models import Scope
from graphmem.ports import Embedder
from graphmem.settings import read_settings
from graphmem.wiring import build_embedder

SENTENCES = Path(__file__).with_name("sentences.json")
TIMES = 30
CROWD = 128
NOBODY = Scope(user="nobody")


async def found(embedder: Embedder) -> dict[str, dict[str, int]]:
    """Return for each language how many questions have their own statement nearest: of that language, of English."""
    said = {language: [pair[0] for pair in pairs] for language, pairs in _sentences().items()}
    facts = {language: np.asarray(await embedder.embed(texts)) for language, texts in said.items()}
    hits: dict[str, dict[str, int]] = {}
    for language, pairs in _sentences().items():
        asked = np.asarray([await embedder.embed_query(question) for _, question in pairs])
        hits[language] = {
            "own": _hits(asked @ facts[language].T),
            "english": _hits(asked @ facts["en"].T),
            "of": len(pairs),
        }
    return hits


async def measure(embedder: Embedder) -> dict[str, object]:
    """Return what an embedder finds, and its milliseconds: a question, a text alone and among many, a kept text."""
    await embedder.load()
    statements = [f"Ada met her neighbour number {i} in house {i * 7} of the long street." for i in range(CROWD)]
    together = time.perf_counter()
    await embedder.embed(statements)
    together = (time.perf_counter() - together) / CROWD * 1000
    with tempfile.TemporaryDirectory() as folder:
        kept = CachedEmbedder(embedder, Path(folder) / "vectors.sqlite", keep=True)
        await kept.embed(statements)
        return {
            "embedder": embedder.name,
            "dimension": embedder.dimension,
            "question_ms": await _milliseconds(lambda i: embedder.embed_query(f"Where does neighbour {i} live?")),
            "text_ms": await _milliseconds(lambda i: embedder.embed([statements[i]])),
            "text_of_many_ms": round(together, 2),
            "kept_text_ms": await _milliseconds(lambda i: kept.embed([statements[i]])),
            "found": await found(embedder),
        }


async def measure_reranker(name: str) -> dict[str, object]:
    """Return how many English questions have their statement first, and the milliseconds of 30 texts."""
    reranker = reranker_named(name)
    await reranker.load()
    pairs = _sentences()["en"]
    texts = [pair[0] for pair in pairs]
    scores = np.asarray([await reranker.score(question, texts, NOBODY) for _, question in pairs])
    many = [f"{texts[i % len(texts)]} That was {i} days ago, as far as Ada knows." for i in range(30)]
    spent = await _milliseconds(lambda i: reranker.score(pairs[i % len(pairs)][1], many, NOBODY), 10)
    return {"reranker": reranker.name, "of_30_texts_ms": spent, "found": {"en": _hits(scores), "of": len(pairs)}}


async def _milliseconds(work: Callable[[int], Awaitable[object]], times: int = TIMES) -> float:
    """Return the least of some runs: whatever else the machine does only adds to it."""
    spent: list[float] = []
    for i in range(times):
        start = time.perf_counter()
        await work(i)
        spent.append((time.perf_counter() - start) * 1000)
    return round(min(spent), 2)


def _hits(scores: NDArray[np.float64]) -> int:
    return int((scores.argmax(axis=1) == np.arange(len(scores))).sum())


def _sentences() -> dict[str, Sequence[tuple[str, str]]]:
    return json.loads(SENTENCES.read_text(encoding="utf-8"))


async def _named(name: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        embedder = build_embedder(replace(read_settings(), embedder=name, embedder_cache="off", home=Path(folder)))
        try:
            return await measure(embedder)
        finally:
            await embedder.close()


def main() -> None:
    """Print a line of JSON for each embedder and reranker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("embedders", nargs="*", default=["local", "local:multilingual"])
    parser.add_argument("--rerankers", nargs="*", default=["local"])
    given = parser.parse_args()
    for name in given.embedders:
        print(json.dumps(asyncio.run(_named(name))), flush=True)
    for name in given.rerankers:
        print(json.dumps(asyncio.run(measure_reranker(name))), flush=True)


if __name__ == "__main__":
    main()
