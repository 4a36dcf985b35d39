"""How long calls took, in the two figures that every benchmark prints."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50 and p95 of at least two measurements."""
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1)}
