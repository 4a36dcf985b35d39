"""Vectors of short texts as the means of their tokens' vectors, by the model that compares tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.adapters.embedders import InProcess
from graphmem.adapters.in_threads import in_threads
from graphmem.adapters.token_embedder import WINDOW, LocalTokens
from graphmem.products import unit_rows


class TokenMeans(InProcess):
    """The mean of the first 200 tokens of a text, 384 numbers, normalised: what a few words say, whoever they name."""

    name = "answerai-colbert-small-v1-int8/mean"
    dimension = 384
    truncated = 0

    def __init__(self, tokens: LocalTokens) -> None:
        self._tokens = tokens

    async def load(self) -> None:
        """Load the model and its tokenizer; raises EmbedderError."""
        await self._tokens.load()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of 384 numbers for each text; raises EmbedderError."""
        return await in_threads(self._embed, texts)

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question; raises EmbedderError."""
        return (await self.embed([text]))[0]

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens without the two that frame every text."""
        return len(self._tokens.tokens(text))

    def _embed(self, texts: list[str]) -> list[list[float]]:
        read = (self._tokens.raw(self._tokens.tokens(text)[:WINDOW]) for text in texts)
        # The sum points where the mean does, and is there also for a text without a token.
        return unit_rows(np.array([vectors.sum(axis=0) for vectors in read], dtype=np.float32)).tolist()
