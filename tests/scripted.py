"""A chat model whose replies are written in the test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from graphmem.ports import ChatReply, ChatRequest


def triple(subject: str, predicate: str, value: str, *, quote: str, **more: Any) -> dict[str, Any]:
    """A triple as a model writes it."""
    return {
        "message": "M1",
        "quote": quote,
        "subject": subject,
        "predicate": predicate,
        "object": value,
        "valid_from": None,
        "valid_to": None,
        "polarity": "stated",
        "modality": "said",
        "confidence": 0.9,
        **more,
    }


def rule(when: tuple[str, str, str, str | None], then: tuple[str, str, str], *, quote: str) -> dict[str, Any]:
    """A rule as a model writes it: when (subject, event, predicate, object), then (subject, predicate, object)."""
    subject, event, predicate, value = when
    led = {"subject": then[0], "predicate": then[1], "object": then[2]}
    return {
        "message": "M1",
        "quote": quote,
        "when": {"event": event, "subject": subject, "predicate": predicate, "object": value},
        "then": {**led, "polarity": "stated"},
    }


@dataclass
class ScriptedChat:
    """Reads each message by `read`, and decides every conflict as `decide` says."""

    read: Callable[[str], Sequence[dict[str, Any]]]
    decide: Callable[[str], dict[str, Any]] = field(
        default=lambda _: {"action": "invalidate", "kind": "change", "at": None}
    )
    rules: Callable[[str], Sequence[dict[str, Any]]] = field(default=lambda _: [])
    name: str = "scripted"
    asked: list[ChatRequest] = field(default_factory=list)

    async def ask(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        reply = self._reply(request)
        return ChatReply(text=json.dumps(reply), model=self.name, tokens_in=10, tokens_out=5)

    async def close(self) -> None:
        """Nothing is open."""

    def _reply(self, request: ChatRequest) -> dict[str, Any]:
        match request.kind:
            case "extract":
                return self._extraction(request)
            case "entities":
                return {"entities": []}
            case "relations":
                return {k: v for k, v in self._extraction(request).items() if k != "entities"}
            case "summary":
                return {"summary": f"{len(request.message_ids)} messages were said."}
            case _:
                return self._resolution(request)

    def _extraction(self, request: ChatRequest) -> dict[str, Any]:
        exchange = request.user.split("Exchange:")[1]
        messages = re.findall(r"^(M\d+) \[[^]]*\] \(user\) [^:]*: (.*)$", exchange, re.MULTILINE)
        triples = [{**t, "message": short} for short, said in messages for t in self.read(said)]
        rules = [{**r, "message": short} for short, said in messages for r in self.rules(said)]
        return {"entities": [], "triples": triples, "rules": rules}

    def _resolution(self, request: ChatRequest) -> dict[str, Any]:
        met = re.findall(r"^(T\d+): .*\n\s+meets (F\d+):", request.user, re.MULTILINE)
        decisions = [
            {"reason": "the script says so", "triple": t, "fact": f, **self.decide(request.user)} for t, f in met
        ]
        return {"decisions": decisions}


@dataclass
class SteppingClock:
    """A clock that moves on by a second at each look, from a fixed start."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at
