"""A chat model for the benchmark, whose words and verdicts are written in the test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphmem.errors import ModelUnavailable
from graphmem.ports import ChatReply, ChatRequest, Turn


def yes(_: ChatRequest) -> dict[str, Any]:
    return {"reason": "the script says so", "correct": True}


@dataclass
class BenchChat:
    """Says `say` of each prompt, and gives the JSON `judge` of each request; after `until` calls it is gone."""

    say: Callable[[str], str] = field(default=lambda _: "Molde")
    judge: Callable[[ChatRequest], Any] = yes
    until: int = 10_000
    name: str = "scripted"
    said: list[str] = field(default_factory=list[str])
    asked: list[ChatRequest] = field(default_factory=list[ChatRequest])
    problem: str = ""

    @property
    def calls(self) -> int:
        return len(self.said) + len(self.asked)

    async def talk(self, turns: Sequence[Turn]) -> ChatReply:
        self._check()
        self.said.append(turns[0].text + "\n" + turns[-1].text)
        return ChatReply(text=self.say(turns[-1].text), model="x", tokens_in=40, tokens_out=3, problem=self.problem)

    async def stream(self, turns: Sequence[Turn]) -> AsyncIterator[str]:
        yield (await self.talk(turns)).text

    async def ask(self, request: ChatRequest) -> ChatReply:
        self._check()
        self.asked.append(request)
        reply = self.judge(request)
        text = reply if isinstance(reply, str) else json.dumps(reply)
        return ChatReply(text=text, model="x", tokens_in=20, tokens_out=2)

    async def close(self) -> None:
        """Nothing is open."""

    def _check(self) -> None:
        if self.calls >= self.until:
            raise ModelUnavailable("the model is gone.")
