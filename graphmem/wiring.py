"""The only place that builds concrete parts from settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from graphmem.adapters.clock import SystemClock
from graphmem.adapters.connection import Connection, FixedAddress
from graphmem.adapters.embedded_server import CACHE, Address, EmbeddedServer
from graphmem.adapters.embedding_cache import CachedEmbedder
from graphmem.adapters.local_finder import LocalFinder
from graphmem.adapters.model_reranker import ModelReranker
from graphmem.adapters.models import embedder_named, reranker_named
from graphmem.adapters.output_form import Form, Remembered, key_of
from graphmem.adapters.recording_chat import RecordingChat
from graphmem.adapters.replay_chat import ReplayChat
from graphmem.adapters.schema import open_store
from graphmem.adapters.token_embedder import LocalTokens
from graphmem.adapters.token_means import TokenMeans
from graphmem.errors import ModelUnavailable
from graphmem.ontology import Ontology, load_ontology
from graphmem.ports import ChatModel, Clock, Embedder, Reranker, Store
from graphmem.prices import load_prices
from graphmem.read.pipeline import ReadPipeline
from graphmem.read.relations import Relations
from graphmem.settings import Settings
from graphmem.write.editing import Editor
from graphmem.write.ledger import Ledger
from graphmem.write.pipeline import Batch, WritePipeline
from graphmem.write.reading import Extractor
from graphmem.write.single import Tools
from graphmem.write.tokens import TokenWriter
from graphmem.write.usage import Limits, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a memory is made of."""

    settings: Settings
    store: Store
    embedder: Embedder
    clock: Clock
    ontology: Ontology
    model: ChatModel | None
    usage: Usage
    writer: WritePipeline
    reader: ReadPipeline
    editor: Editor
    owned_models: tuple[ChatModel, ...]
    owns_embedder: bool

    async def close(self) -> None:
        """Finish what is done beside the writes, and let go of the store, and of models that were not given."""
        try:
            await self.writer.finish()
        finally:
            await self.store.close()
        for model in self.owned_models:
            await model.close()
        if self.owns_embedder:
            await self.embedder.close()


async def build(
    settings: Settings,
    *,
    model: ChatModel | None = None,
    embedder: Embedder | None = None,
    reranker: Reranker | None = None,
    clock: Clock | None = None,
) -> Parts:
    """Open the store and build the pipelines; a part given here takes the place of the settings' one."""
    clock = clock or SystemClock()
    tokens = build_token_embedder(settings)
    # Parts of English questions are told apart best by the model that compares tokens.
    of_parts = None if tokens is None else _cached(TokenMeans(tokens), settings, keep=False)
    owned, embedder = embedder is None, build_embedder(settings, embedder, beside=of_parts)
    ontology = load_ontology(settings.ontology)
    reads, ranks = settings.extraction in {"model", "two_pass"}, settings.reranker == "model" and reranker is None
    chat = (model or build_model(settings)) if reads or ranks else None
    reading = chat if reads else None
    prices = load_prices(settings.prices)
    if ranks and chat is None:
        raise ModelUnavailable(
            "GRAPHMEM_RERANKER=model needs a chat model. Set OPENAI_API_KEY (and OPENAI_BASE_URL, GRAPHMEM_MODEL)."
        )
    store = await open_store(connector(settings), embedder, clock, connection(settings))
    tools = Tools(
        store=store,
        embedder=embedder,
        clock=clock,
        ontology=ontology,
        tokens=TokenWriter(store=store, embedder=tokens),
    )
    ledger = Ledger(tools)
    usage = Usage(store=store, clock=clock, limits=_limits(settings), prices=prices)
    extractor = Extractor(tools=tools, two_pass=settings.extraction == "two_pass", finder=_finder(settings, ontology))
    return Parts(
        settings=settings,
        store=store,
        embedder=embedder,
        clock=clock,
        ontology=ontology,
        model=reading,
        usage=usage,
        writer=WritePipeline(tools, ledger, extractor, usage, reading, _batch(settings)),
        editor=Editor(tools, ledger, reads=reading is not None),
        reader=ReadPipeline(
            store=store,
            embedder=embedder,
            tokens=tokens,
            relations=Relations(ontology=ontology, embedder=of_parts or embedder),
            clock=clock,
            ontology=ontology,
            reranker=reranker or build_reranker(settings, chat if ranks else None, usage),
            rerank="none" if reranker is None and settings.reranker == "none" else "quality",
        ),
        owned_models=(chat,) if chat is not None and chat is not model else (),
        owns_embedder=owned,
    )


def build_embedder(settings: Settings, given: Embedder | None = None, *, beside: Embedder | None = None) -> Embedder:
    """Return the embedder that the settings name, or the given one, with its cache; it is still to be loaded.

    What it forgets, the one `beside` it forgets too.
    """
    keep = {"auto": None, "on": True, "off": False}[settings.embedder_cache]
    inner = given or embedder_named(
        settings.embedder,
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        timeout=settings.model_timeout,
        retries=settings.model_retries,
        dimension=settings.embedder_dimension,
    )
    return _cached(inner, settings, keep=keep, beside=beside)


def _cached(
    inner: Embedder, settings: Settings, *, keep: bool | None, beside: Embedder | None = None
) -> CachedEmbedder:
    return CachedEmbedder(inner, settings.home / CACHE / "embeddings.sqlite", keep=keep, beside=beside)


def build_token_embedder(settings: Settings) -> LocalTokens | None:
    """Return what embeds tokens for late interaction; none where it is off, or the texts are not taken for English."""
    english = settings.embedder != "local:multilingual"
    wanted = {"auto": english, "on": True, "off": False}[settings.late_interaction]
    return _local_tokens() if wanted else None


@cache
def _local_tokens() -> LocalTokens:
    """Return the one of this process: it keeps nothing but the model."""
    return LocalTokens()


def build_reranker(settings: Settings, model: ChatModel | None, usage: Usage) -> Reranker:
    """Return the chat model where one is given, else the reranker that the settings name, the local one for none.

    It is loaded when first asked.
    """
    if model is not None:
        return ModelReranker(model=model, usage=usage)
    return reranker_named("local" if settings.reranker == "none" else settings.reranker)


def remembered(settings: Settings) -> Remembered:
    """Return what was found out about servers of chat models."""
    return Remembered(settings.home / CACHE / "models.json")


def found_form(settings: Settings) -> Form | None:
    """Return the form in which the settings' chat model was found to answer; None where it was not asked yet."""
    return remembered(settings).get(key_of(settings.openai_base_url, settings.model))


def _finder(settings: Settings, ontology: Ontology) -> LocalFinder | None:
    return LocalFinder(ontology, settings.spacy_model) if settings.extraction == "local" else None


def _batch(settings: Settings) -> Batch:
    return Batch(
        messages=settings.batch_messages, tokens=settings.prompt_tokens, summary_tokens=settings.summary_tokens
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        batch_calls=settings.batch_calls,
        batch_tokens=settings.batch_tokens,
        scope_calls=settings.scope_calls,
        scope_tokens=settings.scope_tokens,
        day_calls=settings.day_calls,
        day_tokens=settings.day_tokens,
    )


def recording(settings: Settings, path: Path) -> RecordingChat:
    """Return the settings' chat model with its replies written down; raises ModelUnavailable, FileUnwritable."""
    model = build_model(settings)
    if model is None:
        raise ModelUnavailable(
            "There is no chat model to record. Set OPENAI_API_KEY (and OPENAI_BASE_URL, GRAPHMEM_MODEL)."
        )
    return RecordingChat(model, path)


def connection(settings: Settings) -> Connection:
    """Return how a server is spoken to."""
    return Connection(
        pool=settings.neo4j_pool_size,
        connect_seconds=settings.neo4j_connect_timeout,
        query_seconds=settings.neo4j_query_timeout,
        retry_seconds=settings.neo4j_retry_timeout,
        cypher_seconds=settings.cypher_timeout,
        result_bytes=settings.result_bytes,
        authorities=settings.neo4j_ca,
    )


def connector(settings: Settings) -> FixedAddress | EmbeddedServer:
    """Return what finds the store: a server's address, or the directory of an embedded one."""
    if settings.neo4j_uri is None:
        return EmbeddedServer(settings.home)
    return FixedAddress(
        Address(
            uri=settings.neo4j_uri,
            user=settings.neo4j_user if settings.neo4j_password else "",
            password=settings.neo4j_password,
            database=settings.neo4j_database,
        )
    )


def build_model(settings: Settings) -> ChatModel | None:
    """Return the chat model or the recording that the settings name, None where they name none."""
    if settings.replay is not None:
        return ReplayChat(settings.replay)
    if settings.openai_api_key or settings.openai_base_url:
        from graphmem.adapters.openai_chat import OpenAIChat  # noqa: PLC0415  (the SDK takes 0.5 s: only when asked)

        return OpenAIChat(
            model=settings.model,
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            timeout=settings.model_timeout,
            retries=settings.model_retries,
            output=None if settings.model_output == "auto" else cast("Form", settings.model_output),
            remembered=remembered(settings),
        )
    return None
