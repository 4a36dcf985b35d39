"""Scale: what the seeds of a search find, and how soon, in a graph of many scopes of very different sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphmem.bench.latency import percentiles
from graphmem.errors import InvalidInput
from graphmem.models import OPEN_END, Scope
from graphmem.ports import Store, Transaction
from graphmem.read.seeds import near_facts, saying_facts, scope_sizes
from graphmem.serial import utc_text
from graphmem.text import digest, fold
from graphmem.wiring import Parts

Vectors = NDArray[np.float32]
LARGEST, SMALLEST = 20_000, 10
NEAREST = 20
SENTENCES = 2000
QUESTIONS = 60
BATCH = 1000
CLASSES = ((10, 100), (100, 1_000), (1_000, 5_000), (5_000, LARGEST + 1))
# Facts that say nearly the same lie at cosine .9 and above with the default embedder; this is how far a drawn one is
# from the sentence that it was drawn around.
SPREAD = 0.45
# Words of a sentence recur in 2 to 8 % of all, as content words of talk do.
_WORDS = """
Ada, Ben, Chiara, Dmitri, Emeka, Farah, Goran, Hanna, Ines, Jamal, Keiko, Lars, Mira, Nadia, Oskar, Priya, Quentin,
Rosa, Sven, Tariq

paints, repairs, collects, sells, photographs, studies, recommends, mentions, misses, bought, inherited, borrowed,
restores, exhibits, draws, describes, donated, ordered, found, lost

boats, violins, engines, bees, bridges, maps, lamps, orchards, kites, stamps, novels, bicycles, telescopes, carpets,
pianos, clocks, roses, cameras, recipes, gloves, castles, puppets, falcons, tents

in Turin, in Oslo, in Lagos, in Kyoto, in Lima, by the harbour, near the station, with her sister, with an uncle, at
night, on weekends, in spring, for a museum, for charity, after work, during lunch, at school, on holiday
"""
_WHO, _DOES, _WHAT, _WHERE = (" ".join(part.split()).split(", ") for part in _WORDS.strip().split("\n\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What was measured over the scopes of one range of sizes: recall of the true nearest, milliseconds."""

    least: int
    most: int
    scopes: int
    questions: int
    recall: float
    worst_recall: float
    vector_ms: dict[str, float]
    text_ms: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The figures by size of scope."""

    store: str
    facts: int
    scopes: int
    loading_seconds: float
    sizes: tuple[Sized, ...]


def scope_counts(facts: int, scopes: int) -> list[int]:
    """Return how many facts each scope holds, from 20,000 down to 10 along a power law; raises InvalidInput."""
    largest = min(LARGEST, facts // 2) if scopes > 1 else min(LARGEST, facts)
    if scopes < 1 or facts < scopes * SMALLEST or largest * scopes < facts:
        raise InvalidInput(f"{facts:,} facts do not fit {scopes:,} scopes of {SMALLEST} to {largest:,} facts each.")
    ranks = np.arange(1, scopes + 1)
    low, high = 0.0, 20.0
    for _ in range(60):
        slope = (low + high) / 2
        whole = int(np.maximum(SMALLEST, largest * ranks**-slope).astype(int).sum())
        low, high = (slope, high) if whole > facts else (low, slope)
    counts = np.maximum(SMALLEST, largest * ranks**-high).astype(int).tolist()
    counts[-1] += facts - sum(counts)
    return counts


async def run_scale(parts: Parts, facts: int, scopes: int, progress: Callable[[str], None]) -> Scale:
    """Fill an empty store, or take one that holds this very run, and ask it; raises InvalidInput for any other.

    Vectors are drawn around those of real sentences, so that they lie in clusters.
    """
    counts = scope_counts(facts, scopes)
    random = np.random.default_rng(7)
    texts = sentences(SENTENCES, random)
    progress(f"{len(texts):,} sentences are embedded")
    centres = np.asarray(await parts.embedder.embed(texts), dtype=np.float32)
    loaded = await _loaded(counts, parts.store)
    start = time.perf_counter()
    held: list[tuple[Scope, Vectors]] = []
    for number, count in enumerate(counts):
        scope = Scope(tenant="scale", user=f"u{number}")
        which = random.integers(0, len(texts), count)
        vectors = around(centres[which], random)
        if not loaded:
            await load_facts(scope, [texts[int(i)] for i in which.tolist()], vectors, parts.store)
        held.append((scope, vectors))
        if number % max(1, scopes // 20) == 0:
            progress(f"{number + 1:,} of {scopes:,} scopes are loaded")
    loading = 0.0 if loaded else time.perf_counter() - start
    sizes = [await _measured(least, most, held, texts, centres, parts, random) for least, most in CLASSES]
    return Scale(
        store="",
        facts=facts,
        scopes=scopes,
        loading_seconds=round(loading, 1),
        sizes=tuple(s for s in sizes if s.questions),
    )


def sentences(count: int, random: np.random.Generator) -> list[str]:
    """Return so many short sentences, drawn of four lists of words."""
    drawn = random.integers(0, (len(_WHO), len(_DOES), len(_WHAT), len(_WHERE)), (count, 4))
    return [f"{_WHO[a]} {_DOES[b]} {_WHAT[c]} {_WHERE[d]}" for a, b, c, d in drawn.tolist()]


async def _loaded(counts: Sequence[int], store: Store) -> bool:
    keys = [Scope(tenant="scale", user=f"u{number}").key for number in range(len(counts))]
    found = {row["scope"]: row["facts"] for row in await store.read("status", scopes=keys)}
    if any(found.values()) and [found[key] for key in keys] != list(counts):
        raise InvalidInput("this store holds another scale run; name an empty one.")
    return any(found.values())


def around(centres: Vectors, random: np.random.Generator) -> Vectors:
    """Return a vector near each of these, normalised like them."""
    noise = random.standard_normal(centres.shape).astype(np.float32) * SPREAD / np.sqrt(centres.shape[1])
    drawn = centres + noise
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


async def load_facts(scope: Scope, texts: Sequence[str], vectors: Vectors, store: Store) -> None:
    """Write facts about one person straight into the store, as the writes of messages would."""
    now = utc_text(datetime(2024, 1, 1, tzinfo=UTC))
    common: dict[str, Any] = {"scope": scope.key, "scope_key": scope.digest, "now": now}
    owner = digest(scope.key, "owner")

    async def begin(transaction: Transaction) -> None:
        await transaction.write("lock_scope", **common)
        row = {"id": owner, "name": scope.user, "type": "Person", "aliases": [], "names": [scope.user]}
        row |= {"folded": scope.user, "name_key": digest(scope.key, scope.user)}
        await transaction.write("create_entities", names={"LABEL": "Person"}, rows=[row], **common)

    await store.transact(begin)
    for first in range(0, len(texts), BATCH):
        batch = range(first, min(first + BATCH, len(texts)))
        rows = [_row(f"{owner}-{i}", owner, texts[i], vectors[i], now) for i in batch]

        async def more(transaction: Transaction, rows: Sequence[dict[str, Any]] = rows) -> None:
            await transaction.write("create_facts", rows=rows, **common)

        await store.transact(more)


def _row(fact_id: str, subject: str, text: str, vector: Vectors, now: str) -> dict[str, Any]:
    empty = ("raw_predicate", "value_number", "unit", "value_date", "live_key", "slot_key", "pair_key")
    return {
        **dict.fromkeys(empty),
        "id": fact_id,
        "subject_id": subject,
        "predicate": "NOTED",
        "text": text,
        "folded": fold(text),
        "value_text": text,
        "value_key": digest(fact_id),
        "valid_at": now,
        "invalid_at": utc_text(OPEN_END),
        "expired_at": utc_text(OPEN_END),
        "precision": "instant",
        "stated": False,
        "event": False,
        "modality": "said",
        "confidence": 1.0,
        "ends": False,
        "embedding": vector.tolist(),
    }


async def _measured(
    least: int,
    most: int,
    held: Sequence[tuple[Scope, Vectors]],
    texts: Sequence[str],
    centres: Vectors,
    parts: Parts,
    random: np.random.Generator,
) -> Sized:
    fitting = [(s, v) for s, v in held if least <= len(v) < most]
    recalls: list[float] = []
    vector_ms: list[float] = []
    text_ms: list[float] = []
    # The first round warms caches and, on some stores, builds the index.
    for number in range(2 * QUESTIONS if fitting else 0):
        scope, vectors = fitting[number % len(fitting)]
        which = int(random.integers(0, len(texts)))
        question = around(centres[which : which + 1], random)[0]
        owner = digest(scope.key, "owner")
        nearest = np.argsort(-(vectors @ question))[:NEAREST]
        sizes = await scope_sizes([scope], parts.embedder, parts.store)
        start = time.perf_counter()
        found = await near_facts(question.tolist(), [scope], sizes, datetime.now(UTC), parts.store)
        middle = time.perf_counter()
        await saying_facts(texts[which], [scope], parts.store)
        end = time.perf_counter()
        if number >= QUESTIONS:
            recalls.append(len({f"{owner}-{i}" for i in nearest} & set(found)) / len(nearest))
            vector_ms.append((middle - start) * 1000)
            text_ms.append((end - middle) * 1000)
    return Sized(
        least=least,
        most=max((len(v) for _, v in fitting), default=0),
        scopes=len(fitting),
        questions=len(recalls),
        recall=round(float(np.mean(recalls)), 4) if recalls else 0.0,
        worst_recall=round(min(recalls, default=0.0), 4),
        vector_ms=percentiles(vector_ms) if vector_ms else {},
        text_ms=percentiles(text_ms) if text_ms else {},
    )
