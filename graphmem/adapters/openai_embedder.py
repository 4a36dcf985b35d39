"""An embedding model behind any OpenAI-compatible server, through the official SDK, which retries with backoff."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import openai
from pydantic import BaseModel, ValidationError

from graphmem.adapters.cuts import Cuts
from graphmem.adapters.embedders import count_tokens
from graphmem.adapters.prefixes import prefixes_of
from graphmem.adapters.unit import unit
from graphmem.errors import EmbedderError

BATCH_TEXTS = 128
BATCH_CHARACTERS = 100_000
LEAST_CHARACTERS = 200
_TOO_LONG = ("context_length", "context length", "context window", "too many tokens", "input length", "too long")


class _Vector(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Vector]


class OpenAIEmbedder:
    """Vectors of the server's model, made of length 1; a text that it finds too long is cut in halves until it fits.

    `dimension` says how many numbers a vector has; without it `load` asks. `timeout` is in seconds and for each try.
    """

    remote = True

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None,
        base_url: str | None,
        timeout: float,
        retries: int = 3,
        dimension: int | None = None,
    ) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._prefixes = prefixes_of(model)
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none", base_url=base_url, timeout=timeout, max_retries=retries
        )
        self._deadline = timeout * (retries + 1)
        self._dimension = dimension
        self._cuts = Cuts(self.name)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has; raises EmbedderError before `load` has asked."""
        if self._dimension is None:
            raise EmbedderError(f"the dimension of {self.name} is not known before it is loaded.")
        return self._dimension

    @property
    def truncated(self) -> int:
        """How many texts the server found too long so far."""
        return self._cuts.count

    async def load(self) -> None:
        """Find out the dimension, where nobody said it; raises EmbedderError."""
        if self._dimension is None:
            await self.embed(["hello"])

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises EmbedderError."""
        return await self._embed([self._prefixes.passage + text for text in texts])

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question; raises EmbedderError."""
        return (await self._embed([self._prefixes.query + text]))[0]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the default embedder's tokenizer makes of a text: the server's own is not here."""
        return count_tokens(text)

    async def forget(self) -> None:
        """Do nothing: no text is kept here."""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        made: list[list[float]] = []
        for batch in _batches(texts):
            made += await self._batch(batch)
        return made

    async def _batch(self, texts: list[str]) -> list[list[float]]:
        try:
            return self._checked(await self._create(texts), len(texts))
        except openai.BadRequestError as exc:
            if not any(sign in str(exc).lower() for sign in _TOO_LONG):
                raise self._in_words(exc) from exc
            if len(texts) == 1 and len(texts[0]) < LEAST_CHARACTERS:
                raise EmbedderError(f"{self.name} finds {len(texts[0])} characters too long ({exc}).") from exc
        except (openai.OpenAIError, TimeoutError) as exc:
            raise self._in_words(exc) from exc
        if len(texts) > 1:
            return [vector for text in texts for vector in await self._batch([text])]
        return [await self._cut(texts[0])]

    async def _cut(self, text: str) -> list[float]:
        """Return the vector of the longest beginning, by halves, that the server takes."""
        self._cuts.note(1)
        before = self._cuts.count
        vector = (await self._batch([text[: len(text) // 2]]))[0]
        # However often it was cut, it is one text.
        self._cuts.count = before
        return vector

    async def _create(self, texts: list[str]) -> bytes:
        """Return the server's answer as it came: the SDK would take anything for vectors."""
        async with asyncio.timeout(self._deadline):
            answer = await self._client.embeddings.with_raw_response.create(
                model=self._model, input=texts, encoding_format="float"
            )
            return answer.content

    def _checked(self, answer: bytes, asked: int) -> list[list[float]]:
        """Return the vectors in the order of the texts."""
        try:
            found = sorted(_Answer.model_validate_json(answer).data, key=lambda d: d.index)
        except ValidationError as exc:
            raise EmbedderError(f"{self.name} answered what holds no vectors. Check OPENAI_BASE_URL.") from exc
        if [d.index for d in found] != list(range(asked)):
            raise EmbedderError(f"{self.name} answered {len(found)} vectors to {asked} texts. Check OPENAI_BASE_URL.")
        lengths = {len(d.embedding) for d in found}
        if self._dimension is None and len(lengths) == 1:
            (self._dimension,) = lengths
        if lengths != {self._dimension}:
            raise EmbedderError(
                f"{self.name} answered vectors of {', '.join(map(str, sorted(lengths)))} numbers, not of "
                f"{self._dimension}. Check GRAPHMEM_EMBEDDER_DIMENSION, or leave it out."
            )
        return [unit(d.embedding) for d in found]

    def _in_words(self, exc: Exception) -> EmbedderError:
        who = f"the embedding model {self._model!r}"
        if isinstance(exc, openai.AuthenticationError):
            return EmbedderError(f"{who} refuses the key ({exc}). Check OPENAI_API_KEY.")
        if isinstance(exc, openai.NotFoundError):
            return EmbedderError(f"there is no {who[4:]} there ({exc}). Check GRAPHMEM_EMBEDDER and OPENAI_BASE_URL.")
        if isinstance(exc, openai.RateLimitError):
            return EmbedderError(f"{who} is asked too often, or its quota is spent ({exc}). Retry later.")
        if isinstance(exc, (openai.BadRequestError, openai.UnprocessableEntityError)):
            return EmbedderError(f"{who} refuses the request ({exc}). Check GRAPHMEM_EMBEDDER.")
        if isinstance(exc, (TimeoutError, openai.APITimeoutError)):
            return EmbedderError(f"{who} took too long. Check OPENAI_BASE_URL, or raise GRAPHMEM_MODEL_TIMEOUT.")
        return EmbedderError(f"{who} did not answer: {exc}. Check OPENAI_BASE_URL.")


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == BATCH_TEXTS or size + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
