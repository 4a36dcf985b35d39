"""Any embeddings of langchain-core as an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphmem.adapters.cuts import Cuts
from graphmem.adapters.embedders import count_tokens
from graphmem.adapters.unit import unit
from graphmem.errors import EmbedderError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


class LangChainEmbedder:
    """Vectors of somebody else's embeddings, made of length 1; what these raise is passed on as it is.

    `name` is kept with the data and has to tell the model: another one under the same name is not noticed. Without
    `dimension`, loading asks. `remote` says whether its vectors are worth keeping in the cache. `window` is how many
    tokens the model reads, where that is known, as the default embedder's tokenizer counts them.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        name: str,
        dimension: int | None = None,
        remote: bool = True,
        window: int | None = None,
    ) -> None:
        self.name = name
        self.remote = remote
        self._embeddings = embeddings
        self._dimension = dimension
        self._cuts = Cuts(name, window)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has; raises EmbedderError before `load` has asked."""
        if self._dimension is None:
            raise EmbedderError(f"the dimension of {self.name} is not known before it is loaded.")
        return self._dimension

    @property
    def truncated(self) -> int:
        """How many texts were longer than the window so far."""
        return self._cuts.count

    async def load(self) -> None:
        """Find out the dimension, where nobody said it."""
        if self._dimension is None:
            self._dimension = len(await self._embeddings.aembed_query("hello"))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises EmbedderError for vectors of another dimension."""
        self._cuts.look(texts, count_tokens)
        vectors = await self._embeddings.aembed_documents(list(texts))
        if len(vectors) != len(texts):
            raise EmbedderError(f"{self.name} gave {len(vectors)} vectors for {len(texts)} texts.")
        return [self._checked(vector) for vector in vectors]

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question; raises EmbedderError for one of another dimension."""
        self._cuts.look([text], count_tokens)
        return self._checked(await self._embeddings.aembed_query(text))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the default embedder's tokenizer makes of a text."""
        return count_tokens(text)

    async def forget(self) -> None:
        """Do nothing: no text is kept here."""

    async def close(self) -> None:
        """Do nothing: who made the embeddings closes them."""

    def _checked(self, vector: Sequence[float]) -> list[float]:
        if len(vector) != self.dimension:
            raise EmbedderError(f"{self.name} gave a vector of {len(vector)} numbers, not of {self.dimension}.")
        return unit(vector)
