"""A model answers questions from a system's context, and two judges mark the answers, a generous and a strict one."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from graphmem.bench.locomo import Question
from graphmem.bench.metrics import bleu1, f1
from graphmem.bench.replies import Replies, Spent
from graphmem.bench.scoring import Marked
from graphmem.errors import ReplyUnparsable
from graphmem.prompts import render

ANSWER, GENEROUS, STRICT = "bench_answer", "bench_judge", "bench_strict"
PARALLEL = 4


class Verdict(BaseModel):
    """What a judge says, the reason first."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    correct: bool


class Judge:
    """Answers and marks questions, some at once."""

    def __init__(self, replies: Replies, parallel: int = PARALLEL) -> None:
        self.name = replies.name
        self.spent = Spent()
        self._replies = replies
        self._parallel = parallel

    async def mark_all(
        self, asked: Sequence[tuple[Question, str]], done: Callable[[int], None] = lambda _: None
    ) -> list[Marked]:
        """Mark questions with their contexts, in order; raises ModelError, after which what was answered is kept."""
        marked: list[Marked] = []
        for start in range(0, len(asked), self._parallel):
            some = asked[start : start + self._parallel]
            results = await asyncio.gather(*(self.mark(q, context) for q, context in some), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                marked.append(result)
            done(len(marked))
        return marked

    async def mark(self, question: Question, context: str) -> Marked:
        """Answer one question from a context, and mark the answer; no answer at all is wrong without asking."""
        prompt = render(ANSWER, {"context": _data(context), "question": _data(question.text)})
        reply = await self._replies.talk(ANSWER, prompt, self.spent)
        return Marked(
            text=reply.text,
            f1=f1(reply.text, question.answer, question.category),
            bleu1=bleu1(reply.text, question.answer),
            generous=await self._verdict(GENEROUS, question, reply.text) if reply.text else False,
            strict=await self._verdict(STRICT, question, reply.text) if reply.text else False,
            milliseconds=reply.milliseconds,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
        )

    async def _verdict(self, kind: str, question: Question, answer: str) -> bool | None:
        values = {"question": question.text, "gold": question.answer, "answer": answer}
        prompt = render(kind, {name: _data(text) for name, text in values.items()})
        try:
            return (await self._replies.ask(kind, prompt, Verdict, lambda _: None, self.spent)).correct
        except ReplyUnparsable:
            return None


def _data(text: str) -> str:
    return html.escape(text, quote=False)
