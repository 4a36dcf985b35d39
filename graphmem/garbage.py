"""The garbage collector in a process that serves: what was loaded at its start is not looked through again."""

from __future__ import annotations

import gc


def spare_loaded() -> None:
    """Leave what is there now out of all later collections; with modules and models one takes 60 ms, amid a search."""
    gc.collect()
    gc.freeze()
