"""Products of small matrices, on one core, and rows of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def products(some: Floats, others: Floats) -> Floats:
    """Return the scalar product of each row of one matrix with each of another.

    Not by `@`: for matrices from some 500 x 64 on that wakes threads which then spin for 25 ms each time, on cores that
    the store needs; for these few numbers it saves no time.
    """
    return np.einsum("ij,kj->ik", some, others)


def unit_rows(some: Floats) -> Floats:
    """Return each row scaled to a length of 1; one of zeros stays."""
    lengths = np.linalg.norm(some, axis=1, keepdims=True)
    return (some / np.maximum(lengths, 1e-9)).astype(np.float32)
