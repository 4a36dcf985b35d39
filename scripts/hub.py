"""How long the conflict detector takes about a subject of 10,000 facts: ``python -m scripts.hub``."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from graphmem import Memory, Message, Scope, Settings
from graphmem.adapters.bolt_store import open_store
from graphmem.adapters.clock import SystemClock
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.models import Note, Statement
from graphmem.ontology import load_ontology
from graphmem.write.conflicts import Found, detect_conflicts

SCOPE = Scope(user="ada")
TIMES = 60


class Flat:
    """An embedder that costs nothing: the detector does not look at vectors."""

    name = "flat"
    dimension = 8

    async def load(self) -> None:
        """Nothing is loaded."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for all."""
        return [[0.35355339] * 8 for _ in texts]

    async def embed_query(self, text: str) -> list[float]:
        """Return the same for a question."""
        return (await self.embed([text]))[0]

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())


async def measure(home: Path, facts: int) -> dict[str, float]:
    """Return the detector's milliseconds for a batch of eight statements about the hub."""
    settings, now = Settings(home=home), datetime(2024, 1, 1, tzinfo=UTC)
    async with Memory.open(settings, embedder=Flat()) as memory:
        await memory.add(Message(text="Hello.", at=now, id="m1", speaker="Ada"), scope=SCOPE)
        await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=SCOPE, valid_from="2020")
        notes = [Note(about="Ada", text=f"thing number {i}", message_ids=("m1",)) for i in range(facts)]
        await memory.note(notes, scope=SCOPE)
        (home_fact,) = await memory.facts(scope=SCOPE, predicate="LIVES_IN")
        noted = await memory.facts(scope=SCOPE, predicate="NOTED", limit=7)
        batch = [Statement(fact=replace(f, id=f"new {f.id}")) for f in (*noted, replace(home_fact, object_id="other"))]
        store = await open_store(EmbeddedServer(home), Flat(), SystemClock())
        spent: list[float] = []
        found: tuple[Found, ...] = ()
        for _ in range(TIMES):
            start = time.perf_counter()
            found = await detect_conflicts(batch, SCOPE, load_ontology(), datetime.now(UTC), store)
            spent.append((time.perf_counter() - start) * 1000)
        await store.close()
    cuts = quantiles(spent[TIMES // 3 :], n=20, method="inclusive")
    conflicts = sum(len(f.conflicts) for f in found)
    return {"facts": facts, "conflicts": conflicts, "p50_ms": round(cuts[9], 1), "p95_ms": round(cuts[18], 1)}


def main() -> None:
    """Print a line of JSON for a small and for a large hub."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, nargs="+", default=[100, 10_000])
    given = parser.parse_args()
    for facts in given.facts:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            print(json.dumps(asyncio.run(measure(Path(folder) / "home", facts))), flush=True)


if __name__ == "__main__":
    main()
