"""The chat model as reranker: one question lists the texts, and the model names those that help, best first."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from graphmem.errors import ReplyRefused
from graphmem.models import Scope
from graphmem.ports import ChatModel, ChatRequest
from graphmem.prompts import render
from graphmem.write.asking import Asker
from graphmem.write.usage import Usage

KIND = "rerank"


class HelpfulReply(BaseModel):
    """The ids of the texts that help to answer, best first."""

    model_config = ConfigDict(extra="forbid")

    helpful: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReranker:
    """Asks a chat model once a search, within the budgets of the scope and the day, where its calls are entered.

    Its `weight` is more than a cross-encoder's: what it names has been understood.
    """

    model: ChatModel
    usage: Usage
    weight: float = 1.2

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    async def load(self) -> None:
        """Do nothing: the model is somewhere else."""

    async def score(self, question: str, texts: Sequence[str], scope: Scope, /) -> list[float]:
        """Return 1 for the text that helps most, less for each after it, 0 for those that do not help.

        Raises ModelError, BudgetSpent.
        """
        ids = {f"T{i}": i for i in range(1, len(texts) + 1)}

        def accept(reply: HelpfulReply) -> list[float]:
            unknown = next((i for i in reply.helpful if i not in ids), None)
            if unknown is not None:
                raise ReplyRefused(f"{unknown!r} is none of the ids T1 to T{len(texts)}.")
            places = {given: place for place, given in enumerate(dict.fromkeys(reply.helpful))}
            return [1 - places[i] / len(ids) if i in places else 0.0 for i in ids]

        asker = Asker(model=self.model, usage=self.usage, scope=scope)
        scores, _ = await asker.ask(_request(question, texts), HelpfulReply, accept)
        return scores


def _request(question: str, texts: Sequence[str]) -> ChatRequest:
    listed = "\n".join(f"T{i}: {' '.join(html.escape(t, quote=False).split())}" for i, t in enumerate(texts, start=1))
    prompt = render(KIND, {"question": html.escape(question, quote=False), "texts": listed})
    return ChatRequest(
        kind=KIND,
        prompt_version=prompt.version,
        system=prompt.system,
        user=prompt.user,
        schema=HelpfulReply,
        message_ids=(),
    )
