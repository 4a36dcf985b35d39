from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.adapters.recording_chat import RecordingChat
from graphmem.adapters.replay_chat import ReplayChat
from graphmem.errors import FileUnwritable
from graphmem.ports import ChatReply, ChatRequest
from graphmem.write.replies import ResolutionReply
from tests.scripted import ScriptedChat

NAMES = {"triple:Ada | LIVES_IN | Oslo": "T1", "fact:Ada | LIVES_IN | Turin": "F1", "pair:Tom | Tim": "P1"}
OTHER = {"triple:Ada | LIVES_IN | Oslo": "T3", "fact:Ada | LIVES_IN | Turin": "F7", "pair:Tom | Tim": "P2"}
DECIDED = {
    "decisions": [{"reason": "moved from F1", "triple": "T1", "fact": "F1", "rests_on": ["F1"]}],
    "entities": [{"reason": "two", "pair": "P1", "action": "add"}],
}


def asked(names: dict[str, str]) -> ChatRequest:
    return ChatRequest(
        kind="resolve",
        prompt_version="1",
        system="",
        user="",
        schema=ResolutionReply,
        message_ids=("m1", "m2"),
        names=names,
    )


class Fixed(ScriptedChat):
    """Answers one text."""

    text: str = json.dumps(DECIDED)

    async def ask(self, request: ChatRequest) -> ChatReply:
        return ChatReply(text=self.text, model="fixed", tokens_in=3)


async def test_what_was_recorded_is_replayed_under_the_short_ids_of_another_prompt(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"

    reply = await RecordingChat(Fixed(read=lambda _: []), path).ask(asked(NAMES))
    again = json.loads((await ReplayChat(path).ask(asked(OTHER))).text)

    assert (reply.text, reply.tokens_in) == (json.dumps(DECIDED), 3)
    assert again == {
        "decisions": [{"reason": "moved from F1", "triple": "T3", "fact": "F7", "rests_on": ["F7"]}],
        "entities": [{"reason": "two", "pair": "P2", "action": "add"}],
    }


async def test_what_is_no_json_is_passed_on_and_not_recorded(tmp_path: Path) -> None:
    model = Fixed(read=lambda _: [])
    model.text = "I am sorry."

    reply = await RecordingChat(model, tmp_path / "r.jsonl").ask(asked(NAMES))

    assert reply.text == "I am sorry."
    assert (tmp_path / "r.jsonl").read_text() == ""


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match="cannot write"):
        RecordingChat(Fixed(read=lambda _: []), tmp_path / "no" / "r.jsonl")
