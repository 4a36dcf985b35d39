"""Make the projection of token vectors: ``python -m scripts.token_projection``.

Its columns are the main directions, not centred, of the tokens of freely licensed talk: the English conversations of
the package chatterbot-corpus (BSD). They stand in for the last layer of the late-interaction model, which its carried
file lacks.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import yaml

from graphmem.adapters.token_embedder import PROJECTION, LocalTokens
from graphmem.ports import TOKEN_NUMBERS

MOST_TOKENS = 400


def conversations() -> list[list[str]]:
    """Return the corpus's English conversations."""
    folder = Path(str(metadata.distribution("chatterbot-corpus").locate_file("chatterbot_corpus/data/english")))
    return [
        [str(said) for said in conversation]
        for file in sorted(folder.glob("*.yml"))
        for conversation in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]
    ]


def main() -> None:
    """Write the projection, 384 x 64 numbers."""
    model = LocalTokens()
    spread, count = np.zeros((384, 384)), 0
    for conversation in conversations():
        tokens = [token for said in conversation for token in model.tokens(said)][:MOST_TOKENS]
        if not tokens:
            continue
        vectors = model.raw(tokens)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        spread += vectors.T @ vectors
        count += len(vectors)
    strengths, directions = np.linalg.eigh(spread / count)
    kept = np.argsort(-strengths)[:TOKEN_NUMBERS]
    np.save(PROJECTION, directions[:, kept].astype(np.float16))
    print(
        f"{count:,} tokens; {strengths[kept].sum() / strengths.sum():.1%} of their spread is kept in {PROJECTION.name}"
    )


if __name__ == "__main__":
    main()
