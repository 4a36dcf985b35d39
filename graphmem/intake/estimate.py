"""What drawing facts from messages will take: calls, tokens and dollars, counted as the prompts will hold them.

The messages are counted one by one, and the prompts' own words by rendering them. What the model answers, the summary
and the known names that it is shown are not known ahead: for them stand the figures below, of the sample conversation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graphmem.models import Episode, Message, Role, Scope
from graphmem.ontology import Ontology
from graphmem.ports import ChatRequest
from graphmem.prices import Price, price_of
from graphmem.settings import Settings
from graphmem.text import embedded_text
from graphmem.write.episodes import MAIN_SESSION, batches, speaker_of
from graphmem.write.extract import Contexts, entities_request, extraction_request, message_line, relations_request
from graphmem.write.pipeline import READ_AT_ONCE
from graphmem.write.reading import CONTEXT_MESSAGES
from graphmem.write.summary import PAGE, SHOWN_TOKENS, summary_request

REPLY_TOKENS = 60
"""Of the answer, for each message read."""
SUMMARY_REPLY_TOKENS = 350
KNOWN_TOKENS = 250
"""Of the known names beside each exchange."""

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What will be asked of the model: calls to extract and to summarise, tokens in and out, US dollars.

    `settling_calls` may come on top, one an exchange at most, for what contradicts what is known. `model` is None where
    none is set, and nothing is sent; `dollars` is None where the model's price is not known.
    """

    model: str | None
    calls: int = 0
    summary_calls: int = 0
    settling_calls: int = 0
    message_tokens: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float | None = None


@dataclass(slots=True, kw_only=True)
class Estimator:
    """Counts messages as they pass by; keeps those of one page of the pipeline only."""

    settings: Settings
    ontology: Ontology
    prices: Mapping[str, Price]
    count: Count
    scope: Scope
    _page: list[Episode] = field(default_factory=list[Episode])
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    _earlier: deque[int] = field(default_factory=lambda: deque[int](maxlen=CONTEXT_MESSAGES))
    _since: list[int] = field(default_factory=list[int])
    _calls: int = 0
    _messages: int = 0
    _said: int = 0
    _exchanges: int = 0
    _shown: int = 0
    _summaries: int = 0
    _summarised: int = 0

    def add(self, message: Message) -> None:
        """Take the next message."""
        episode = self._episode(message)
        said = self.count(embedded_text(episode.speaker, episode.text))
        self._sizes[episode.id] = (said, self.count(message_line("M1", episode)) + 1)
        self._messages += 1
        self._said += said
        self._page.append(episode)
        self._summarise(said)
        if len(self._page) == READ_AT_ONCE:
            self._read()

    def estimate(self) -> Estimate:
        """Return what all messages so far will take; more may follow."""
        self._read()
        model = self._model()
        if model is None:
            return Estimate(model=None, message_tokens=self._said)
        own = [self.count(r.system) + self.count(r.user) for r in self._requests()]
        summary = summary_request("", ())
        summary_own = self.count(summary.system) + self.count(summary.user) + SUMMARY_REPLY_TOKENS
        due = self._summaries + (sum(self._since) >= self.settings.summary_tokens)
        read = self._shown + self._exchanges * KNOWN_TOKENS
        tokens_in = len(own) * read + self._exchanges * sum(own) + due * summary_own + self._summarised
        tokens_out = self._messages * REPLY_TOKENS + due * SUMMARY_REPLY_TOKENS
        price = price_of(model, self.prices)
        return Estimate(
            model=model,
            calls=self._exchanges * len(own),
            summary_calls=due,
            settling_calls=self._exchanges,
            message_tokens=self._said,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            dollars=None if price is None else price.of(tokens_in, 0, tokens_out),
        )

    def _model(self) -> str | None:
        settings = self.settings
        reads = settings.extraction in {"model", "two_pass"}
        if reads and settings.replay is not None:
            return f"replies of {settings.replay.name}"
        return settings.model if reads and (settings.openai_api_key or settings.openai_base_url) else None

    def _requests(self) -> Sequence[ChatRequest]:
        """Return the requests for an exchange, without one."""
        empty = Contexts(exchange=())
        if self.settings.extraction == "two_pass":
            return entities_request(empty, self.ontology), relations_request(empty, (), self.ontology)
        return (extraction_request(empty, self.ontology),)

    def _read(self) -> None:
        """Cut the page as the pipeline will."""
        size, tokens = self.settings.batch_messages, self.settings.prompt_tokens
        for exchange in batches(self._page, size, tokens, lambda e: self._sizes[e.id][0]):
            lines = [self._sizes[e.id][1] for e in exchange]
            self._exchanges += 1
            self._shown += sum(lines) + sum(self._earlier)
            self._earlier.extend(lines)
        self._page.clear()
        self._sizes.clear()

    def _summarise(self, said: int) -> None:
        """Gather what the next call for a summary will be shown."""
        if self._since and (sum(self._since) + said > SHOWN_TOKENS or len(self._since) == PAGE):
            self._summaries += 1
            self._since.clear()
        self._since.append(said)
        self._summarised += said

    def _episode(self, message: Message) -> Episode:
        return Episode(
            id=message.id or "",
            scope=self.scope.key,
            message_id=message.id or "",
            session=message.session or MAIN_SESSION,
            seq=0,
            role=Role(message.role),
            speaker=speaker_of(message, self.scope),
            text=message.text,
            at=message.at,
        )
