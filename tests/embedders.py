"""Embedders that are another model than the default one."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import EmbedderError


class OtherEmbedder(LocalEmbedder):
    """The local model under another name."""

    name = "another-model"


class SmallEmbedder(LocalEmbedder):
    """The first 96 numbers of the local model, as if another; fails once its texts are used up (loading takes one)."""

    name = "small"
    dimension = 96

    def __init__(self, *, texts: int = 1_000_000) -> None:
        super().__init__()
        self.left = texts

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.left < len(texts):
            raise EmbedderError("the model went away")
        self.left -= len(texts)
        return [vector[: self.dimension] for vector in await super().embed(texts)]
