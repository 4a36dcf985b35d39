from __future__ import annotations

from typing import Any

import pytest

from graphmem.adapters.openai_chat import OpenAIChat
from graphmem.errors import ModelError, ModelUnavailable, ReplyUnparsable
from graphmem.ports import ChatRequest
from graphmem.write.replies import ResolutionReply
from tests.openai_server import Answer, completion, openai_server

ASKED = ChatRequest(
    kind="resolve", prompt_version="1", system="be brief", user="hello", schema=ResolutionReply, message_ids=("m1",)
)


async def ask(answer: Answer, seen: list[dict[str, Any]] | None = None) -> Any:
    def reply(body: dict[str, Any]) -> Answer:
        if seen is not None:
            seen.append(body)
        return answer

    with openai_server(reply) as url:
        chat = OpenAIChat(model="tiny", api_key="k1", base_url=url, timeout=5)
        try:
            return await chat.ask(ASKED)
        finally:
            await chat.close()


async def test_it_asks_for_json_of_the_schema_and_counts_tokens() -> None:
    seen: list[dict[str, Any]] = []

    reply = await ask(completion('{"decisions": []}'), seen)

    assert (reply.text, reply.model, reply.tokens_in, reply.tokens_out) == ('{"decisions": []}', "tiny-1", 11, 7)
    (body,) = seen
    assert (body["path"], body["key"], body["model"]) == ("/v1/chat/completions", "Bearer k1", "tiny")
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["decisions", "entities"]
    assert "maxLength" not in str(schema)
    assert "maxItems" not in str(schema)
    assert [m["content"] for m in body["messages"]] == ["be brief", "hello"]


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ((401, {"error": {"message": "bad key"}}), ModelUnavailable, "OPENAI_API_KEY"),
        ((404, {"error": {"message": "no model"}}), ModelUnavailable, "GRAPHMEM_MODEL"),
        ((500, {"error": {"message": "down"}}), ModelUnavailable, "OPENAI_BASE_URL"),
        (
            (200, {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}),
            ReplyUnparsable,
            "no choices",
        ),
    ],
)
async def test_what_went_wrong_is_said_in_words(answer: Answer, kind: type[ModelError], says: str) -> None:
    with pytest.raises(kind, match=says):
        await ask(answer)


async def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    chat = OpenAIChat(model="tiny", api_key=None, base_url=f"http://127.0.0.1:{unused_tcp_port}/v1", timeout=1)
    try:
        with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL"):
            await chat.ask(ASKED)
    finally:
        await chat.close()
