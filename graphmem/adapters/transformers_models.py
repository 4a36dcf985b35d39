"""Embedders and rerankers of sentence-transformers, by name, from a folder, or from a package that carries one."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from graphmem.adapters.cuts import Cuts
from graphmem.adapters.embedders import InProcess
from graphmem.adapters.prefixes import prefixes_of
from graphmem.adapters.rerankers import CROSS_ENCODER_WEIGHT
from graphmem.errors import EmbedderError, GraphMemError, RerankerError
from graphmem.models import Scope

_MISSING = "it needs the extra: pip install 'graphmem[sentence-transformers]'."
_BATCH = 16


class SentenceTransformersEmbedder(InProcess):
    """Any model of sentence-transformers, its vectors normalised; a name that is no folder or package is downloaded.

    A model's own prompts for questions and texts are used, else the prefixes of its family.
    """

    def __init__(self, model: str) -> None:
        self._where = model_place(model)
        self.name = f"sentence-transformers:{model_name(model)}"
        self._prefixes = prefixes_of(model)
        self._loading = threading.Lock()
        self._cuts = Cuts(self.name)
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """How many numbers a vector has; raises EmbedderError before it is loaded."""
        if self._dimension is None:
            raise EmbedderError(f"the dimension of {self.name} is not known before it is loaded.")
        return self._dimension

    @property
    def truncated(self) -> int:
        """How many texts were longer than the window so far."""
        return self._cuts.count

    async def load(self) -> None:
        """Load the model; raises EmbedderError."""
        self._dimension = len(await self.embed_query("hello"))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text."""
        return await asyncio.to_thread(self._embed, list(texts), "document", self._prefixes.passage)

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return (await asyncio.to_thread(self._embed, [text], "query", self._prefixes.query))[0]

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens without those that frame every text."""
        return len(self._loaded().tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def _embed(self, texts: list[str], kind: str, prefix: str) -> list[list[float]]:
        model = self._loaded()
        prompts: dict[str, str] = model.prompts or {}
        before = prompts.get(kind) or prefix
        whole = [before + text for text in texts]
        self._cuts.look(whole, self.count_tokens)
        made = model.encode(whole, prompt="", batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False)
        return [vector.tolist() for vector in made]

    def _loaded(self) -> Any:
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> Any:
        model = _library(EmbedderError).SentenceTransformer(self._where)
        self._cuts = Cuts(self.name, int(model.max_seq_length) - 2 if model.max_seq_length else None)
        return model


class SentenceTransformersReranker:
    """Any cross-encoder of sentence-transformers."""

    weight = CROSS_ENCODER_WEIGHT

    def __init__(self, model: str) -> None:
        self._where = model_place(model)
        self.name = f"sentence-transformers:{model_name(model)}"
        self._loading = threading.Lock()

    async def load(self) -> None:
        """Load the model; raises RerankerError."""
        await asyncio.to_thread(self._score, "hello", ["hello"])

    async def score(self, question: str, texts: Sequence[str], _scope: Scope, /) -> list[float]:
        """Return how well each text answers."""
        return await asyncio.to_thread(self._score, question, list(texts))

    def _score(self, question: str, texts: list[str]) -> list[float]:
        with self._loading:
            model = self._model
        pairs = [(question, text) for text in texts]
        return [float(score) for score in model.predict(pairs, batch_size=_BATCH, show_progress_bar=False)]

    @cached_property
    def _model(self) -> Any:
        return _library(RerankerError).CrossEncoder(self._where)


def model_place(model: str) -> str:
    """Return where a model is: its folder, the one in the package of that name, or the name itself."""
    if Path(model).expanduser().is_dir():
        return str(Path(model).expanduser())
    try:
        carrier = metadata.distribution(model)
    except (metadata.PackageNotFoundError, ValueError):
        return model
    found = [f for f in carrier.files or () if f.name == "modules.json"] or [
        f for f in carrier.files or () if f.name == "config.json"
    ]
    return str(Path(str(carrier.locate_file(found[0]))).parent) if found else model


def model_name(model: str) -> str:
    """Return the name that is kept with the data; a folder's tells the model by a digest of its weights."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return model
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.iterdir() if f.suffix in {".safetensors", ".bin", ".json"}):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return f"{folder.resolve().name}@{digest.hexdigest()[:12]}"


def _library(error: type[GraphMemError]) -> Any:
    try:
        import sentence_transformers  # pyright: ignore[reportMissingImports]  # noqa: PLC0415  (an extra, and slow)
    except ImportError as exc:
        raise error(f"sentence-transformers is not installed ({exc}): {_MISSING}") from exc
    return sentence_transformers
