"""Texts that are longer than what a model reads: counted, and said once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)


class Cuts:
    """Counts the texts of which a model reads only the beginning, `window` tokens; the first is logged."""

    def __init__(self, model: str, window: int | None = None) -> None:
        self.count = 0
        self._model = model
        self._window = window
        # Embedders look from several threads.
        self._noting = threading.Lock()

    def look(self, texts: Sequence[str], tokens: Callable[[str], int]) -> None:
        """Note the texts that have more tokens than the window."""
        if self._window is None:
            return
        # No tokenizer makes more tokens than bytes, and counting takes longer than looking.
        long = [t for t in texts if len(t) * 4 > self._window and len(t.encode()) > self._window]
        self.note(sum(tokens(text) > self._window for text in long))

    def note(self, count: int) -> None:
        """Add texts that were cut."""
        with self._noting:
            first = count and not self.count
            self.count += count
        if first:
            limit = f" of {self._window} tokens" if self._window else ""
            _log.warning(
                "%s reads only the beginning%s of texts that are longer than its window; the embedder's `truncated` "
                "counts them.",
                self._model,
                limit,
            )
