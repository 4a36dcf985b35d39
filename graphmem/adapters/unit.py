"""Vectors of length 1, as the store compares them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.errors import EmbedderError


def unit(vector: Sequence[float]) -> list[float]:
    """Return a vector scaled to length 1, as float32 numbers; raises EmbedderError for one without direction."""
    made = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(made))
    if not 0 < length < float("inf"):
        raise EmbedderError("the embedder gave a vector of zeros or of no numbers, which points nowhere.")
    return (made / length).tolist()
