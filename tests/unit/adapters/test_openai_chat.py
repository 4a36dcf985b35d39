from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.openai_chat import OpenAIChat
from graphmem.adapters.output_form import FORMS, Form, Remembered
from graphmem.errors import ModelError, ModelUnavailable, PromptTooLong, ReplyUnparsable
from graphmem.ports import ChatReply, ChatRequest, Turn
from graphmem.write.replies import ResolutionReply
from tests.openai_server import Answer, Wire, called, completion, error, openai_server

ASKED = ChatRequest(
    kind="resolve", prompt_version="1", system="be brief", user="hello", schema=ResolutionReply, message_ids=("m1",)
)
DECIDED = '{"decisions": [], "entities": []}'


class Server:
    """Answers in order, the last one again and again, and remembers what it was asked."""

    def __init__(self, *answers: Answer | Callable[[dict[str, Any]], Answer]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, body: dict[str, Any]) -> Answer:
        self.asked.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(body) if callable(answer) else answer


async def ask(server: Server, **how: Any) -> ChatReply:
    with openai_server(server) as url:
        given: dict[str, Any] = {"timeout": 5, "retries": 2, **how}
        chat = OpenAIChat(model="tiny", api_key="k1", base_url=url, **given)
        try:
            return await chat.ask(ASKED)
        finally:
            await chat.close()


async def test_it_asks_for_json_of_the_schema_and_counts_tokens() -> None:
    server = Server(completion(DECIDED))

    reply = await ask(server)

    assert (reply.text, reply.model, reply.problem) == (DECIDED, "tiny-1", "")
    assert (reply.tokens_in, reply.tokens_cached, reply.tokens_out) == (11, 4, 7)
    (body,) = server.asked
    assert (body["path"], body["key"], body["model"]) == ("/v1/chat/completions", "Bearer k1", "tiny")
    assert body.get("stream") in {None, False}
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["decisions", "entities"]
    assert not {"maxLength", "maxItems", "description"} & set(json.dumps(schema).split('"'))
    assert [m["content"] for m in body["messages"]] == ["be brief", "hello"]


async def test_a_tool_call_and_a_json_object_carry_the_same() -> None:
    tool, plain = Server(called(DECIDED)), Server(completion(DECIDED))

    assert (await ask(tool, output="tool")).text == DECIDED
    assert (await ask(plain, output="json_object")).text == DECIDED

    assert tool.asked[0]["tool_choice"]["function"]["name"] == "resolve"
    assert tool.asked[0]["tools"][0]["function"]["parameters"]["required"] == ["decisions", "entities"]
    assert plain.asked[0]["response_format"] == {"type": "json_object"}
    assert '"required":["decisions","entities"]' in plain.asked[0]["messages"][0]["content"]


def understands(*forms: Form) -> Callable[[dict[str, Any]], Answer]:
    """A server that knows some forms, refuses schemas in words and answers other wishes in prose."""

    def answer(body: dict[str, Any]) -> Answer:
        wanted = body.get("response_format", {}).get("type") or ("tool" if "tools" in body else "text")
        ready = '{"word": "ready"}' if "ready" in body["messages"][-1]["content"] else DECIDED
        if wanted not in forms:
            return error(400, "response_format is not known") if wanted == "json_schema" else completion("I am ready!")
        return called(ready) if wanted == "tool" else completion(ready)

    return answer


@pytest.mark.parametrize("form", FORMS)
async def test_the_form_that_a_server_understands_is_found_out_once(form: Form, tmp_path: Path) -> None:
    first, second = Server(understands(form)), Server(understands(form))
    remembered = Remembered(tmp_path / "cache" / "models.json")
    with openai_server(first) as url:
        chat = OpenAIChat(model="tiny", api_key="k", base_url=url, timeout=5, output=None, remembered=remembered)
        replies = [await chat.ask(ASKED), await chat.ask(ASKED)]
        await chat.close()
        asked = len(first.asked)
        first.answers = second.answers
        again = OpenAIChat(model="tiny", api_key="k", base_url=url, timeout=5, output=None, remembered=remembered)
        replies.append(await again.ask(ASKED))
        await again.close()

    assert {r.text for r in replies} == {DECIDED}
    assert (asked, len(first.asked)) == (FORMS.index(form) + 3, FORMS.index(form) + 4)
    assert list(json.loads(remembered.path.read_text()).values()) == [form]


async def test_a_server_that_knows_no_form_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"none of the forms.*GRAPHMEM_MODEL_OUTPUT"):
        await ask(Server(understands()), output=None)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (error(401, "bad key"), ModelUnavailable, "OPENAI_API_KEY"),
        (error(404, "no model"), ModelUnavailable, "GRAPHMEM_MODEL"),
        (error(400, "what is response_format?"), ModelUnavailable, "GRAPHMEM_MODEL_OUTPUT"),
        (error(400, "maximum context length is 8192 tokens"), PromptTooLong, "so much at once"),
        (error(500, "down", retry_after_ms="1"), ModelUnavailable, "OPENAI_BASE_URL"),
        (error(429, "slow down", retry_after_ms="1"), ModelUnavailable, "too often"),
        (Wire(200, (b"<html>hello</html>",)), ReplyUnparsable, "no chat model"),
        (Wire(200, (b"[]",)), ReplyUnparsable, "no chat model"),
        (Wire(200, (b'{"id": 1}',)), ReplyUnparsable, "choices"),
        (Wire(200, (b'{"choices": [{}]}',)), ReplyUnparsable, "message"),
        (Wire(200, (b'{"choices": [{"message": {"content": 7}}]}',)), ReplyUnparsable, "content"),
        (Wire(200, (b'{"choices": [null], "usage": "much"}',)), ReplyUnparsable, "no chat model"),
        (Wire(200, (b'{"choices": []}',)), ReplyUnparsable, "choices"),
    ],
)
async def test_what_went_wrong_is_said_in_words(answer: Answer, kind: type[ModelError], says: str) -> None:
    with pytest.raises(kind, match=says):
        await ask(Server(answer))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
async def test_the_servers_own_words_are_in_the_log_only(status: int, caplog: pytest.LogCaptureFixture) -> None:
    words = "Incorrect API key provided: sk-ab***yz of org-123"

    with pytest.raises(ModelUnavailable, match=f"status {status}") as told:
        await ask(Server(error(status, words)), retries=0)

    assert "sk-" not in str(told.value)
    assert words in caplog.text


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (completion('{"decis', "length"), "length"),
        (completion(None, refusal="I will not."), "I will not."),
        (completion("", "content_filter"), "content_filter"),
        (completion(""), "stop"),
    ],
)
async def test_what_is_no_whole_answer_is_counted_and_says_so(answer: Answer, problem: str) -> None:
    reply = await ask(Server(answer))

    assert (reply.problem, reply.tokens_in, reply.tokens_out) == (problem, 11, 7)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_passes_is_tried_again(status: int) -> None:
    server = Server(
        error(status, "later", Retry_After="0"), error(status, "later", retry_after_ms="1"), completion(DECIDED)
    )

    assert (await ask(server)).text == DECIDED
    assert len(server.asked) == 3


async def test_slow_bytes_do_not_stretch_the_time() -> None:
    drops = Wire(200, tuple(b" " for _ in range(200)), pause=0.05)

    with pytest.raises(ModelUnavailable, match=r"too long.*GRAPHMEM_MODEL_TIMEOUT"):
        await ask(Server(drops), timeout=0.3, retries=0)


async def test_a_model_that_takes_no_temperature_is_asked_without() -> None:
    server = Server(error(400, "Unsupported value: 'temperature'"), completion(DECIDED))

    assert (await ask(server)).text == DECIDED
    assert ["temperature" in body for body in server.asked] == [True, False]


async def test_it_talks_in_words() -> None:
    with openai_server(Server(completion("Hello, Ada."))) as url:
        chat = OpenAIChat(model="tiny", api_key="k1", base_url=url, timeout=5)
        reply = await chat.talk([Turn(role="user", text="hi")])
        await chat.close()

    assert reply.text == "Hello, Ada."


async def test_it_streams_words() -> None:
    chunks = [
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
            {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        ]}
        for piece in ("Hel", "lo")
    ]  # fmt: skip
    events = b"".join(f"data: {json.dumps(c)}\n\n".encode() for c in chunks) + b"data: [DONE]\n\n"
    with openai_server(Server(Wire(200, (events,), {"Content-Type": "text/event-stream"}))) as url:
        chat = OpenAIChat(model="tiny", api_key="k1", base_url=url, timeout=5)
        said = [piece async for piece in chat.stream([Turn(role="user", text="hi")])]
        await chat.close()

    assert said == ["Hel", "lo"]


async def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/v1"
    chat = OpenAIChat(model="tiny", api_key=None, base_url=url, timeout=1, retries=0)
    try:
        with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL"):
            await chat.ask(ASKED)
    finally:
        await chat.close()
