"""Products of small matrices, on one core, and rows of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


AT_ONCE = 200_000
"""How many multiplications one product of matrices may take, so that the library does it on this thread."""


def products(some: Floats, others: Floats) -> Floats:
    """Return the scalar product of each row of one matrix with each of another.

    In blocks of rows: from 262,144 multiplications on OpenBLAS wakes threads, which then spin for 25 ms each time, on
    cores that the store needs, and for these few numbers save no time.
    """
    rows = max(1, AT_ONCE // max(1, others.size))
    found = np.empty((len(some), len(others)), dtype=np.float32)
    for start in range(0, len(some), rows):
        np.matmul(some[start : start + rows], others.T, out=found[start : start + rows])
    return found


def unit_rows(some: Floats) -> Floats:
    """Return each row scaled to a length of 1; one of zeros stays."""
    lengths = np.linalg.norm(some, axis=1, keepdims=True)
    return (some / np.maximum(lengths, 1e-9)).astype(np.float32)
