"""What the service tells a Prometheus server: how long, how often, how much, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from opentelemetry.trace import get_current_span
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from graphmem.errors import StoreError
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.operations import Change, Cost, verb
from graphmem.read.found import SearchResult
from graphmem.write.pipeline import Outcome

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of a service keep their metrics together; the Prometheus client reads it when it is imported."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)


@dataclass(slots=True)
class Metrics:
    """The metrics of one application; `shared` is the folder where several processes keep theirs."""

    shared: str | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Histogram = field(init=False)
    stages: Histogram = field(init=False)
    waiting: Gauge = field(init=False)
    waiting_seconds: Gauge = field(init=False)
    calls: Counter = field(init=False)
    tokens: Counter = field(init=False)
    money: Counter = field(init=False)
    decisions: Counter = field(init=False)
    parked: Counter = field(init=False)
    store_errors: Counter = field(init=False)

    def __post_init__(self) -> None:
        of = self.registry
        self.requests = Histogram(
            "graphmem_request_seconds", "Requests", ["route", "method", "status"], buckets=_SECONDS, registry=of
        )
        self.stages = Histogram(
            "graphmem_search_stage_seconds", "Stages of searches", ["stage"], buckets=_STAGE_SECONDS, registry=of
        )
        self.waiting = Gauge(
            "graphmem_queue_messages", "Messages that wait to be read", registry=of, multiprocess_mode="mostrecent"
        )
        self.waiting_seconds = Gauge(
            "graphmem_queue_age_seconds", "For how long the first waits", registry=of, multiprocess_mode="mostrecent"
        )
        self.calls = Counter("graphmem_model_calls", "Calls to chat models", ["model", "kind"], registry=of)
        self.tokens = Counter("graphmem_model_tokens", "Tokens of chat models", ["model", "direction"], registry=of)
        self.money = Counter("graphmem_model_dollars", "What chat models cost, where known", ["model"], registry=of)
        self.decisions = Counter("graphmem_decisions", "What became of statements", ["outcome"], registry=of)
        self.parked = Counter("graphmem_parked_messages", "Messages given up for now", registry=of)
        self.store_errors = Counter("graphmem_store_errors", "Errors of the graph store", ["error"], registry=of)

    def searched(self, found: SearchResult) -> None:
        """Enter a search, here and on the request's span, if there is one."""
        span = get_current_span()
        for stage, milliseconds in found.timings.items():
            self.stages.labels(stage).observe(milliseconds / 1000)
            span.set_attribute(f"graphmem.search.{stage}_ms", milliseconds)

    def called(self, kind: str, cost: Cost) -> None:
        """Enter a call to a chat model."""
        model = cost.model or "unknown"
        self.calls.labels(model, kind).inc(cost.calls)
        self.tokens.labels(model, "in").inc(cost.tokens_in)
        self.tokens.labels(model, "out").inc(cost.tokens_out)
        self.money.labels(model).inc(cost.money or 0.0)

    def read(self, _: Scope, outcome: Outcome) -> None:
        """Enter what came of reading messages."""
        self.decided(outcome.changes)
        self.parked.inc(len(outcome.parked))

    def decided(self, changes: Iterable[Change]) -> None:
        """Enter decisions."""
        for change in changes:
            for operation in change.operations:
                self.decisions.labels(verb(operation)).inc()

    def failed(self, error: StoreError) -> None:
        """Enter an error of the store."""
        self.store_errors.labels(type(error).__name__).inc()

    async def look(self, memory: Memory) -> None:
        """Enter the queue as it is now; raises StoreError."""
        backlog = await memory.backlog()
        self.waiting.set(backlog.waiting)
        self.waiting_seconds.set(max(0.0, time.time() - backlog.since.timestamp()) if backlog.since else 0.0)

    async def text(self, memory: Memory) -> bytes:
        """Return all as text for Prometheus, with the queue as it is now; raises StoreError."""
        await self.look(memory)
        if self.shared is None:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, self.shared)
        return generate_latest(together)
