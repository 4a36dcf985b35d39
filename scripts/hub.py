"""How long the conflict detector takes about a subject of 10,000 facts: ``python -m scripts.hub``."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from graphmem import Memory, Message, Scope, Settings
from graphmem.adapters.clock import SystemClock
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.schema import open_store
from graphmem.models import Note, Statement
from graphmem.ontology import load_ontology
from graphmem.write.conflicts import Found, detect_conflicts

SCOPE = Scope(user="ada")
TIMES = 60


def _thing(number: int) -> str:
    """Return one of many different remarks."""
    verbs, things, places = ("paints", "sells", "mends", "admires"), ("boat", "lamp", "kite", "violin", "stove"), 500
    verb, thing = verbs[number % len(verbs)], things[number // len(verbs) % len(things)]
    return f"Ada {verb} a {thing} in house {number // 20 % places} of street {number}"


async def measure(home: Path, facts: int) -> dict[str, float]:
    """Return the detector's milliseconds for a batch of eight statements about the hub."""
    settings, now = Settings(home=home), datetime(2024, 1, 1, tzinfo=UTC)
    embedder = LocalEmbedder()
    async with Memory.open(settings, embedder=embedder) as memory:
        await memory.add(Message(text="Hello.", at=now, id="m1", speaker="Ada"), scope=SCOPE)
        await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=SCOPE, valid_from="2020")
        notes = [Note(about="Ada", text=_thing(i), message_ids=("m1",)) for i in range(facts)]
        await memory.note(notes, scope=SCOPE)
        (home_fact,) = await memory.facts(scope=SCOPE, predicate="LIVES_IN")
        noted = await memory.facts(scope=SCOPE, predicate="NOTED", limit=7)
        batch = [Statement(fact=replace(f, id=f"new {f.id}")) for f in (*noted, replace(home_fact, object_id="other"))]
        vectors = dict(
            zip((s.fact.text for s in batch), await embedder.embed([s.fact.text for s in batch]), strict=True)
        )
        store = await open_store(EmbeddedServer(home), embedder, SystemClock())
        spent: list[float] = []
        found: tuple[Found, ...] = ()
        for _ in range(TIMES):
            start = time.perf_counter()
            found = await detect_conflicts(batch, SCOPE, load_ontology(), vectors, datetime.now(UTC), store)
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
