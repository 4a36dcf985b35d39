"""Place the package's own relations among the vectors of the local embedder: ``python -m scripts.relations``.

To be run after a change of `graphmem/ontology.toml` or `graphmem/paraphrases.toml`; without it they would be embedded,
a thousand phrases, in the first search of each process.
"""

from __future__ import annotations

import asyncio

import numpy as np

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.ontology import load_ontology
from graphmem.read.relations import FILE, key_of, learn, ontology_forms


async def main() -> None:
    """Write the vectors, a row for each relation."""
    embedder, forms = LocalEmbedder(), ontology_forms(load_ontology())
    space = await learn(forms, embedder)
    np.savez(
        FILE,
        key=np.array(key_of(embedder, forms)),
        mean=space.mean.astype(np.float16),
        centroids=space.centroids.astype(np.float16),
    )
    print(
        f"{len(forms)} relations in {sum(map(len, forms.values()))} forms: {FILE.stat().st_size:,} bytes in {FILE.name}"
    )


if __name__ == "__main__":
    asyncio.run(main())
