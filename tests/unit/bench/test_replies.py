from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from graphmem.bench.replies import Replies, Spent, kept
from graphmem.errors import FileUnwritable, ReplyRefused, ReplyUnparsable, UnreadableFile
from graphmem.ports import ChatRequest
from graphmem.prompts import Rendered
from tests.unit.bench.chats import BenchChat


class Word(BaseModel):
    word: str


def prompt(user: str, version: str = "1") -> Rendered:
    return Rendered(version=version, system="s", user=user)


async def say(path: Path, model: BenchChat, *asked: Rendered) -> Spent:
    spent = Spent()
    with kept(path) as file:
        for one in asked:
            await Replies(model, file).talk("k", one, spent)
    return spent


async def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    model = BenchChat()

    await say(tmp_path / "new" / "r.jsonl", model, prompt("a"), prompt("b"))
    spent = await say(tmp_path / "new" / "r.jsonl", model, prompt("a"), prompt("a", "2"), prompt("c"))

    assert model.calls == 4, "a, b, a in the prompt's other version, c"
    assert (spent.calls, spent.kept, spent.tokens_in) == (3, 1, 120)


async def test_another_model_is_asked_for_itself(tmp_path: Path) -> None:
    await say(tmp_path / "r.jsonl", BenchChat(), prompt("a"))
    other = BenchChat(name="other")

    await say(tmp_path / "r.jsonl", other, prompt("a"))

    assert other.calls == 1


@pytest.mark.parametrize("damage", ['{"key": "x", "ki', '{"key": "x", "ki\n'])
async def test_a_last_line_that_was_not_finished_is_written_anew(tmp_path: Path, damage: str) -> None:
    path, model = tmp_path / "r.jsonl", BenchChat()
    await say(path, model, prompt("a"))
    with path.open("a") as file:
        file.write(damage)

    await say(path, model, prompt("a"), prompt("b"))
    await say(path, model, prompt("a"), prompt("b"))

    assert model.calls == 2
    assert len(path.read_text().splitlines()) == 2


async def test_damage_elsewhere_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    await say(path, BenchChat(), prompt("a"))
    path.write_text("oops\n" + path.read_text())

    with pytest.raises(UnreadableFile, match="line 1 of"):
        await say(path, BenchChat(), prompt("a"))


def test_one_run_at_a_time_writes(tmp_path: Path) -> None:
    with kept(tmp_path / "r.jsonl"), pytest.raises(FileUnwritable, match="another run"), kept(tmp_path / "r.jsonl"):
        pass


async def test_an_answer_that_is_not_whole_is_none_and_not_kept(tmp_path: Path) -> None:
    model = BenchChat(problem="length")

    await say(tmp_path / "r.jsonl", model, prompt("a"))
    await say(tmp_path / "r.jsonl", model, prompt("a"))

    assert model.calls == 2


async def test_json_that_does_not_pass_is_asked_for_once_more(tmp_path: Path) -> None:
    def check(word: Word) -> None:
        if word.word != "right":
            raise ReplyRefused("it is not right")

    def mend(request: ChatRequest) -> dict[str, str] | str:
        return {"word": "right" if "it is not right" in request.user else "wrong"}

    with kept(tmp_path / "r.jsonl") as file:
        word = await Replies(BenchChat(judge=mend), file).ask("k", prompt("a"), Word, check, Spent())
        with pytest.raises(ReplyUnparsable, match="word: Field required"):
            await Replies(BenchChat(judge=lambda _: {}), file).ask("k", prompt("b"), Word, check, Spent())

    assert word.word == "right"
