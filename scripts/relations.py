"""Place the package's own relations among the vectors of the local embedders: ``python -m scripts.relations``.

To be run after a change of `graphmem/ontology.toml` or `graphmem/paraphrases.toml`; without it the first search
of each process would learn those that changed, from a few of their forms.
"""

from __future__ import annotations

import asyncio

import numpy as np

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.multilingual import MultilingualEmbedder
from graphmem.adapters.token_embedder import LocalTokens
from graphmem.adapters.token_means import TokenMeans
from graphmem.ontology import load_ontology
from graphmem.read.relations import FILE, digest_of, learn, ontology_forms


async def main() -> None:
    """Write the vectors, for each embedder a row for each relation."""
    embedders = TokenMeans(LocalTokens()), LocalEmbedder(), MultilingualEmbedder()
    forms = ontology_forms(load_ontology())
    spaces = [await learn(forms, embedder, whitened=True) for embedder in embedders]
    np.savez_compressed(
        FILE,
        embedders=np.array([embedder.name for embedder in embedders]),
        digests=np.array([digest_of(relation, said) for relation, said in forms.items()]),
        means=np.array([space.mean for space in spaces], dtype=np.float16),
        centroids=np.array([space.centroids for space in spaces], dtype=np.float16),
        whitenings=np.array([space.whitening for space in spaces], dtype=np.float16),
    )
    print(
        f"{len(forms)} relations in {sum(map(len, forms.values()))} forms: {FILE.stat().st_size:,} bytes in {FILE.name}"
    )


if __name__ == "__main__":
    asyncio.run(main())
