"""Late interaction: how near each token of a question is to the nearest token of each text.

Source: Khattab and Zaharia 2020 (ColBERT), arXiv 2004.12832.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.ports import TOKEN_NUMBERS, Passage, QueryTokens, Reader, Row, TokenEmbedder
from graphmem.products import products
from graphmem.text import embedded_text

Nearest: TypeAlias = Mapping[str, NDArray[np.float32]]
"""By the texts' ids, for each token of the question the cosine of the nearest token."""
MOST_EMBEDDED = 32
"""How many texts without tokens are read in a search; they wait to be embedded beside the writes."""


async def nearest_tokens(
    question: QueryTokens,
    wanted: Mapping[str, bytes | None],
    scopes: Sequence[str],
    embedder: TokenEmbedder,
    reader: Reader,
) -> Nearest:
    """Return the nearness of messages, by the tokens `wanted`; those still due, None, are embedded here, up to 32."""
    due = [i for i, tokens in wanted.items() if tokens is None][:MOST_EMBEDDED]
    found = await reader.read("tokens_of_messages", scopes=list(scopes), ids=due) if due else []
    made = await with_due(found, due, embedder)
    return nearness(question, {i: tokens or made.get(i, b"") for i, tokens in wanted.items()})


async def with_due(found: Sequence[Row], ids: Sequence[str], embedder: TokenEmbedder) -> dict[str, bytes]:
    """Return tokens by id, embedding those that are still due, the first of `ids` first."""
    order = {i: n for n, i in enumerate(ids)}
    tokens = {row["id"]: row["tokens"] for row in found if row["tokens"] is not None}
    due = sorted((row for row in found if row["tokens"] is None), key=lambda row: order.get(row["id"], len(order)))
    made = await embedder.embed([_passage(row) for row in due[:MOST_EMBEDDED]]) if due else []
    return tokens | {row["id"]: texts[0] for row, texts in zip(due, made, strict=False)}


def _passage(row: Row) -> Passage:
    before = tuple(embedded_text(p["speaker"], p["text"]) for p in row.get("before", ()))
    text = embedded_text(row["speaker"], row["text"]) if row.get("speaker") is not None else row["text"]
    return Passage(texts=(text,), before=before)


def nearness(question: QueryTokens, tokens: Mapping[str, bytes]) -> Nearest:
    """Compare a question's tokens with those of texts, one matrix product for all."""
    kept = {i: raw for i, raw in tokens.items() if raw}
    if not kept or not len(question.vectors):
        return {}
    starts = np.cumsum([0, *(len(raw) // TOKEN_NUMBERS for raw in kept.values())])[:-1]
    best = np.maximum.reduceat(cosines(b"".join(kept.values()), question.vectors), starts, axis=0)
    return dict(zip(kept, best, strict=True))


def cosines(tokens: bytes, question: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how near each stored token is to each of a question, whose vectors have a length of 1."""
    vectors = np.frombuffer(tokens, dtype=np.int8).reshape(-1, TOKEN_NUMBERS).astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    # The products are few numbers, the vectors many: so it is the products that are divided.
    return products(vectors, question) / np.maximum(lengths, 1.0)[:, None]


def lateness(question: QueryTokens, tokens: Mapping[str, bytes]) -> dict[str, float]:
    """Return how near texts are to a question, the mean over its tokens."""
    return {i: weighed(near, question.weights) for i, near in nearness(question, tokens).items()}


def weighed(nearest: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """Return the mean over a question's tokens, by their weights."""
    return float(nearest @ weights / weights.sum())
