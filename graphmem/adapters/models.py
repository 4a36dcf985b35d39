"""Embedders and rerankers by the names that the settings have for them."""

from __future__ import annotations

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.ports import Embedder, Reranker


def embedder_named(
    name: str, *, api_key: str | None, base_url: str | None, timeout: float, retries: int, dimension: int | None
) -> Embedder:
    """Return the embedder of a name: local, local:multilingual, openai:MODEL, sentence-transformers:NAME_OR_FOLDER."""
    kind, _, model = name.partition(":")
    if kind == "openai":
        from graphmem.adapters.openai_embedder import OpenAIEmbedder  # noqa: PLC0415  (the SDK takes 0.5 s)

        return OpenAIEmbedder(
            model=model, api_key=api_key, base_url=base_url, timeout=timeout, retries=retries, dimension=dimension
        )
    if kind == "sentence-transformers":
        from graphmem.adapters.transformers_models import SentenceTransformersEmbedder  # noqa: PLC0415

        return SentenceTransformersEmbedder(model)
    if name == "local:multilingual":
        from graphmem.adapters.multilingual import MultilingualEmbedder  # noqa: PLC0415

        return MultilingualEmbedder()
    return LocalEmbedder()


def reranker_named(name: str) -> Reranker:
    """Return the reranker of a name: local, or sentence-transformers:NAME_OR_FOLDER."""
    kind, _, model = name.partition(":")
    if kind == "sentence-transformers":
        from graphmem.adapters.transformers_models import SentenceTransformersReranker  # noqa: PLC0415

        return SentenceTransformersReranker(model)
    from graphmem.adapters.rerankers import LocalReranker  # noqa: PLC0415

    return LocalReranker()
