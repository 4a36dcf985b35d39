from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.bench.judge import Judge
from graphmem.bench.locomo import Question
from graphmem.bench.replies import Replies, kept
from graphmem.errors import ModelUnavailable
from graphmem.ports import ChatRequest
from tests.unit.bench.chats import BenchChat

GOLDEN = Path(__file__).parents[2] / "golden"
WHERE = Question(text="Where does the Petrel lie?", category=4, evidence=("D1:6",), answer="Molde")
WHEN = Question(text="When did Tomas buy his boat?", category=2, evidence=("D1:4",), answer="February 2024")


async def mark(path: Path, chat: BenchChat, *asked: tuple[Question, str]) -> list:
    with kept(path) as file:
        return await Judge(Replies(chat, file), parallel=2).mark_all(asked)


async def test_an_answer_is_marked_by_words_and_by_two_judges(tmp_path: Path) -> None:
    def judge(request: ChatRequest) -> dict:
        return {"reason": "", "correct": "generous" in request.system or "Molde" in request.user}

    chat = BenchChat(say=lambda p: "in Molde" if "Petrel lie" in p else "in spring", judge=judge)

    where, when = await mark(tmp_path / "r.jsonl", chat, (WHERE, "Tomas: <Molde>"), (WHEN, "nothing"))

    assert (where.text, where.generous, where.strict) == ("in Molde", True, True)
    assert (when.text, when.generous, when.strict, when.f1) == ("in spring", True, False, 0.0)
    assert (where.tokens_in, where.tokens_out, where.bleu1) == (40, 3, 0.5)
    assert "<memory>\nTomas: &lt;Molde&gt;\n</memory>\n\nWhere does the Petrel lie?" in chat.said[0]


async def test_no_answer_is_wrong_and_no_verdict_is_none(tmp_path: Path) -> None:
    silent = await mark(tmp_path / "a.jsonl", BenchChat(problem="content_filter"), (WHERE, ""))
    undecided = await mark(tmp_path / "b.jsonl", BenchChat(judge=lambda _: "who knows"), (WHERE, ""))

    assert [(m.text, m.generous, m.strict) for m in silent] == [("", False, False)]
    assert [(m.text, m.generous, m.strict) for m in undecided] == [("Molde", None, None)]


async def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    asked = [(WHERE, f"context {n}") for n in range(6)]
    first = BenchChat(until=5)
    with pytest.raises(ModelUnavailable):
        await mark(tmp_path / "r.jsonl", first, *asked)
    second = BenchChat()

    marked = await mark(tmp_path / "r.jsonl", second, *asked)

    assert all(m.generous and m.strict for m in marked)
    assert first.calls + second.calls == 6 + 2, "the verdicts on one answer are asked for once"
    assert await mark(tmp_path / "r.jsonl", BenchChat(until=0), *asked) == marked


async def test_the_prompts_are_as_they_were_judged(tmp_path: Path) -> None:
    chat = BenchChat()
    await mark(tmp_path / "r.jsonl", chat, (WHERE, "4 Mar 2024 Tomas: She lies in the harbour of Molde."))

    shown = "\n\n=====\n\n".join([*chat.said, *(f"{r.system}\n{r.user}" for r in chat.asked)]) + "\n"
    golden = GOLDEN / "bench_judge.txt"
    if not golden.exists():
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
