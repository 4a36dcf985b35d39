"""Place the package's own relations among the vectors of the local embedders: ``python -m scripts.relations``.

To be run after a change of `graphmem/ontology.toml` or `graphmem/paraphrases.toml`; without it they would be embedded,
a thousand phrases, in the first search of each process.
"""

from __future__ import annotations

import asyncio

import numpy as np

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.multilingual import MultilingualEmbedder
from graphmem.ontology import load_ontology
from graphmem.read.relations import FILE, key_of, learn, ontology_forms


async def main() -> None:
    """Write the vectors, for each embedder a row for each relation."""
    embedders, forms = (LocalEmbedder(), MultilingualEmbedder()), ontology_forms(load_ontology())
    spaces = [await learn(forms, embedder) for embedder in embedders]
    np.savez(
        FILE,
        keys=np.array([key_of(embedder, forms) for embedder in embedders]),
        means=np.array([space.mean for space in spaces], dtype=np.float16),
        centroids=np.array([space.centroids for space in spaces], dtype=np.float16),
    )
    print(
        f"{len(forms)} relations in {sum(map(len, forms.values()))} forms: {FILE.stat().st_size:,} bytes in {FILE.name}"
    )


if __name__ == "__main__":
    asyncio.run(main())
