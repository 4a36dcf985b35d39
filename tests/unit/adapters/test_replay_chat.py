from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.adapters.replay_chat import ReplayChat
from graphmem.errors import ReplyNotRecorded, UnreadableFile
from graphmem.ports import ChatRequest
from graphmem.write.replies import ResolutionReply


def request(*messages: str, attempt: int = 1) -> ChatRequest:
    return ChatRequest(
        kind="resolve",
        prompt_version="1",
        system="",
        user="",
        schema=ResolutionReply,
        message_ids=messages,
        attempt=attempt,
        names={"triple:Ada | LIVES_IN | Oslo": "T1", "fact:Ada | LIVES_IN | Turin": "F1"},
    )


async def test_a_recorded_reply_speaks_in_the_short_ids_of_the_prompt(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    decision = {"triple": "Ada | LIVES_IN | Oslo", "fact": "Ada | LIVES_IN | Turin", "reason": "moved"}
    path.write_text(json.dumps({"kind": "resolve", "messages": ["m1"], "reply": {"decisions": [decision]}}))

    reply = await ReplayChat(path).ask(request("m1"))

    assert json.loads(reply.text) == {"decisions": [{"triple": "T1", "fact": "F1", "reason": "moved"}]}


async def test_what_is_not_recorded_is_said(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text(json.dumps({"kind": "resolve", "messages": ["m1"], "reply": {}}))
    chat = ReplayChat(path)

    for asked in (request("m2"), request("m1", attempt=2), request()):
        with pytest.raises(ReplyNotRecorded, match=r"replies\.jsonl"):
            await chat.ask(asked)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text('{"kind": "resolve", "messages": [], "reply": {}}\n{"kind"')

    with pytest.raises(UnreadableFile, match="line 2"):
        ReplayChat(path)
