from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import pytest
from langchain_core import exceptions as lc
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field

from graphmem.adapters.langchain_chat import LangChainChat
from graphmem.errors import InvalidInput, ModelError, ModelUnavailable, PromptTooLong
from graphmem.ports import ChatRequest, Turn
from graphmem.write.replies import ResolutionReply
from tests.openai_server import error, openai_server

ASKED = ChatRequest(
    kind="resolve", prompt_version="1", system="be brief", user="hello", schema=ResolutionReply, message_ids=("m1",)
)
TURNS = [
    Turn(role="system", text="be brief"),
    Turn(role="user", text="hello"),
    Turn(role="assistant", text="hi"),
    Turn(role="user", text="who are you?"),
]


class Vendor(GenericFakeChatModel):
    """A chat model that notes what it was asked and under which tags, and fails as it is told."""

    model_name: str = "vendor-1"
    seen: list[Any] = Field(default_factory=list)
    tags_seen: list[Any] = Field(default_factory=list)
    failing: Exception | None = None

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.seen.append((messages, kwargs))
        self.tags_seen.append(run_manager.tags if run_manager else None)
        if self.failing is not None:
            raise self.failing
        return super()._generate(messages, stop, run_manager, **kwargs)


class WithTools(Vendor):
    """A chat model that calls tools."""

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        return self.bind(tools=tools, **kwargs)


class SdkError(Exception):
    """What a vendor's SDK raises."""


def saying(*answers: AIMessage | str, kind: type[Vendor] = Vendor, **more: Any) -> Vendor:
    return kind(messages=iter(answers), **more)


def answer(text: Any, **more: Any) -> AIMessage:
    return AIMessage(
        content=text,
        usage_metadata={
            "input_tokens": 11,
            "output_tokens": 7,
            "total_tokens": 18,
            "input_token_details": {"cache_read": 4},
        },
        **more,
    )


async def test_it_tells_the_schema_in_the_system_text_and_counts_tokens() -> None:
    llm = saying(answer('{"decisions": []}', response_metadata={"model_name": "vendor-1-june"}))
    chat = LangChainChat(llm)

    reply = await chat.ask(ASKED)

    assert (reply.text, reply.model, reply.problem) == ('{"decisions": []}', "vendor-1-june", "")
    assert (reply.tokens_in, reply.tokens_cached, reply.tokens_out) == (11, 4, 7)
    (messages, _) = llm.seen[0]
    system, _, schema = str(messages[0].content).partition("It has this JSON schema: ")
    assert system.startswith("be brief\n\n")
    assert json.loads(schema) == ResolutionReply.model_json_schema()
    assert [(m.type, m.content) for m in messages[1:]] == [("human", "hello")]


@pytest.mark.parametrize(
    "said",
    [
        '```json\n{"decisions": []}\n```',
        'Here it is: {"decisions": []} Anything else?',
        '<think>A {hard} one.</think>\n{"decisions": []}',
        [{"type": "reasoning", "reasoning": "a {hard} one"}, {"type": "text", "text": '{"decisions": []}'}],
    ],
)
async def test_what_models_write_around_the_json_is_left_out(said: Any) -> None:
    assert (await LangChainChat(saying(answer(said))).ask(ASKED)).text == '{"decisions": []}'


@pytest.mark.parametrize(
    ("said", "metadata", "problem"),
    [
        ('{"decisions": [', {"finish_reason": "length"}, "length"),
        ('{"decisions": [', {"stop_reason": "max_tokens"}, "max_tokens"),
        ('{"decisions": [', {"finish_reason": "SAFETY"}, "SAFETY"),
        ("", {"finish_reason": "stop"}, "empty"),
        ("I would rather not.", {"done_reason": "stop"}, ""),
    ],
)
async def test_what_is_no_whole_answer_is_told(said: str, metadata: dict[str, str], problem: str) -> None:
    reply = await LangChainChat(saying(answer(said, response_metadata=metadata))).ask(ASKED)

    assert (reply.text, reply.problem) == (said, problem)


async def test_a_model_that_calls_tools_can_be_made_to_answer_by_one() -> None:
    call = {"name": "resolve", "args": {"decisions": []}, "id": "1"}
    llm = saying(
        answer("", tool_calls=[call]),
        answer("", invalid_tool_calls=[{"name": "resolve", "args": '{"decis', "id": "1", "error": None}]),
        answer('{"decisions": []}'),
        kind=WithTools,
    )
    chat = LangChainChat(llm, output="tool")

    texts = [(await chat.ask(ASKED)).text for _ in range(3)]

    assert texts == ['{"decisions": []}', '{"decis', '{"decisions": []}']
    messages, given = llm.seen[0]
    assert messages[0].content == "be brief"
    assert given["tool_choice"] == "any"
    assert given["tools"][0]["function"]["parameters"] == ResolutionReply.model_json_schema()


def test_a_model_without_tools_cannot() -> None:
    with pytest.raises(InvalidInput, match="Vendor has no tools"):
        LangChainChat(saying(), output="tool")


@pytest.mark.parametrize(
    ("failing", "kind", "says"),
    [
        (lc.ContextOverflowError("128001 tokens"), PromptTooLong, "so much at once"),
        (lc.ModelAuthenticationError("401"), ModelUnavailable, "Check the key"),
        (lc.ModelPermissionDeniedError("403"), ModelUnavailable, "Check the key"),
        (lc.ModelNotFoundError("404"), ModelUnavailable, "Check the name"),
        (lc.ModelRateLimitError("429"), ModelUnavailable, "Retry later"),
        (lc.ModelInvalidRequestError("400"), ModelUnavailable, "refuses the request"),
        (lc.ModelTimeoutError("late"), ModelUnavailable, "took too long"),
        (TimeoutError(), ModelUnavailable, "took too long"),
        (httpx.ReadTimeout("late"), ModelUnavailable, "took too long"),
        (lc.ModelAPIError("500"), ModelUnavailable, "Retry later"),
        (lc.ModelConnectionError("nobody there"), ModelUnavailable, "Check the address"),
        (ConnectionRefusedError("nobody there"), ModelUnavailable, "Check the address"),
        (httpx.ConnectError("nobody there"), ModelUnavailable, "Check the address"),
        (SdkError("odd"), ModelUnavailable, "did not answer .SdkError; the log says why."),
    ],
)
async def test_what_went_wrong_is_said_in_words(failing: Exception, kind: type[ModelError], says: str) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: LangChainChat(saying(failing=failing), errors=(SdkError,)).ask(ASKED),
        lambda: LangChainChat(saying(failing=failing), errors=(SdkError,)).talk(TURNS),
        lambda: LangChainChat(saying(kind=WithTools, failing=failing), output="tool", errors=(SdkError,)).ask(ASKED),
        lambda: streamed(LangChainChat(saying(failing=failing), errors=(SdkError,)).stream(TURNS)),
    ]
    for ask in asked:
        with pytest.raises(kind, match=says) as raised:
            await ask()
        assert type(raised.value.__cause__) is type(failing)


class Remote(Vendor):
    """A chat model that asks a server over HTTP, whose refusals it raises as vendors' packages do."""

    url: str

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        body = {"model": self.model_name, "messages": [{"role": "user", "content": str(messages[-1].content)}]}
        told = httpx.post(f"{self.url}/chat/completions", json=body, trust_env=False)
        if told.is_error:
            kinds = {400: lc.ContextOverflowError, 401: lc.ModelAuthenticationError}
            raise kinds.get(told.status_code, SdkError)(told.text)
        return super()._generate(messages, stop, run_manager, **kwargs)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, PromptTooLong, "the chat model vendor-1 cannot read so much at once."),
        (
            401,
            ModelUnavailable,
            "the chat model vendor-1 refuses the key (ModelAuthenticationError; the log says why). "
            "Check the key that it was made with.",
        ),
        (
            500,
            ModelUnavailable,
            "the chat model vendor-1 did not answer (SdkError; the log says why). "
            "Retry later, or make it with another model.",
        ),
    ],
)
async def test_what_the_providers_server_says_is_in_the_log_only(
    caplog: pytest.LogCaptureFixture, status: int, kind: type[ModelError], says: str
) -> None:
    secret = "account acme-7, key sk-1234"
    with openai_server(lambda _: error(status, secret)) as url:
        chat = LangChainChat(saying(kind=Remote, url=url), errors=(SdkError,))
        asked: list[Callable[[], Any]] = [
            lambda: chat.ask(ASKED),
            lambda: chat.talk(TURNS),
            lambda: streamed(chat.stream(TURNS)),
        ]
        for ask in asked:
            with pytest.raises(kind) as raised:
                await ask()
            assert str(raised.value) == says

    assert (secret in caplog.text) == (status != 400)


async def test_a_mistake_in_a_program_is_not_taken_for_an_absent_model() -> None:
    with pytest.raises(SdkError, match="odd"):
        await LangChainChat(saying(failing=SdkError("odd"))).ask(ASKED)


async def streamed(pieces: AsyncIterator[str]) -> list[str]:
    return [piece async for piece in pieces]


async def test_it_talks_and_streams() -> None:
    llm = saying(answer("I am a script."), answer("I am a script."))
    chat = LangChainChat(llm, name="script")

    reply = await chat.talk(TURNS)
    pieces = await streamed(chat.stream(TURNS))

    assert (reply.text, reply.model, reply.tokens_out) == ("I am a script.", "script", 7)
    assert "".join(pieces) == "I am a script."
    assert len(pieces) > 1
    assert [m.type for m in llm.seen[0][0]] == ["system", "human", "ai", "human"]
    assert llm.seen[0][0] == llm.seen[1][0]


@pytest.mark.parametrize(
    ("llm", "name"),
    [(saying(), "vendor-1"), (GenericFakeChatModel(messages=iter([])), "GenericFakeChatModel")],
)
def test_its_name_is_the_models(llm: GenericFakeChatModel, name: str) -> None:
    assert LangChainChat(llm).name == name


async def test_a_stream_of_agents_leaves_its_answers_out() -> None:
    llm = saying(answer("{}"))

    await LangChainChat(llm).ask(ASKED)

    assert llm.tags_seen == [["nostream"]]
