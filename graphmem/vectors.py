"""Which model a graph's vectors come from: those of two are never compared."""

from __future__ import annotations

from graphmem.errors import VectorsForeign
from graphmem.ports import Embedder, Row


def check_vectors(own: Row, embedder: Embedder, where: str = "this graph") -> None:
    """Raise VectorsForeign unless all are the embedder's; `own` has the graph's embedder, dimension and reembedding."""
    if (own["embedder"], own["dimension"]) != (embedder.name, embedder.dimension):
        raise VectorsForeign(
            f"the vectors of {where} come from {own['embedder']} ({own['dimension']} numbers), but the embedder is "
            f"{embedder.name} ({embedder.dimension}). Use that model, or write them anew: graphmem reembed."
        )
    if own["reembedding"] is not None:
        raise VectorsForeign(
            f"the vectors of {where} are being written anew with {embedder.name}, and are not all there yet. "
            "Wait for it, or where it was cut short go on with it: graphmem reembed."
        )
