"""Any chat model of LangChain as graphmem's chat model."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, TypeAlias

import httpx
from langchain_core import exceptions as lc
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from graphmem.errors import InvalidInput, ModelUnavailable, PromptTooLong
from graphmem.ports import ChatReply, ChatRequest, Turn

Output: TypeAlias = Literal["text", "tool"]

_UNREACHED: tuple[type[Exception], ...] = (lc.ModelError, OSError, httpx.HTTPError)
_CUT_OFF = {
    "length",
    "max_tokens",
    "model_context_window_exceeded",
    "content_filter",
    "refusal",
    "safety",
    "recitation",
    "prohibited_content",
}
_NO_ANSWER = ("did not answer", "Retry later, or make it with another model.")
_WORDS = (
    (
        (lc.ModelAuthenticationError, lc.ModelPermissionDeniedError),
        "refuses the key",
        "Check the key that it was made with.",
    ),
    ((lc.ModelNotFoundError,), "is not there", "Check the name that it was made with."),
    ((lc.ModelRateLimitError,), "is asked too often, or its quota is spent", "Retry later."),
    ((lc.ModelInvalidRequestError,), "refuses the request", "Check what it was made with."),
    (
        (lc.ModelTimeoutError, TimeoutError, httpx.TimeoutException),
        "took too long",
        "Raise the timeout that it was made with.",
    ),
    ((lc.ModelConnectionError, OSError, httpx.HTTPError), "is not reached", "Check the address that it was made with."),
)
_ROLES: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
_log = logging.getLogger(__name__)
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class LangChainChat:
    """Asks a chat model of LangChain for JSON and for words; its key, its timeout and its retries are the model's own.

    JSON is asked for in one way that works on every model: the schema is told in the system text, and the answer is
    read from the first brace to the last. Whether a model can do more cannot be told from its class, which may offer
    tools that the model behind it refuses; what does not fit the schema is asked again with the reason in any case.
    Where you know that the model can be made to call a tool, `output="tool"` has it answer by one.

    LangChain's own ModelError, and what goes wrong below it (OSError, httpx.HTTPError), become ModelUnavailable.
    Integrations that raise errors of their vendor's SDK instead have no base in common: name theirs in `errors`, such
    as `errors=(ollama.ResponseError,)`. Any other error is a mistake in a program, and is raised as it is.

    Raises InvalidInput for `output="tool"` with a model that has no tools.
    """

    def __init__(
        self,
        llm: BaseChatModel,
        *,
        name: str | None = None,
        output: Output = "text",
        errors: tuple[type[Exception], ...] = (),
    ) -> None:
        if output == "tool" and type(llm).bind_tools is BaseChatModel.bind_tools:
            raise InvalidInput(f"{type(llm).__name__} has no tools; leave output='tool' out.")
        self.name = name or _name_of(llm)
        self._llm = llm
        self._output: Output = output
        self._errors = (*_UNREACHED, *errors)

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the model's JSON; raises ModelUnavailable, PromptTooLong."""
        schema, config = request.schema.model_json_schema(), _config(request.kind)
        if self._output == "tool":
            return await self._by_tool(request, schema, config)
        told = f"{request.system}\n\nAnswer with one JSON object and nothing else. It has this JSON schema: "
        system = told + json.dumps(schema, separators=(",", ":"))
        answer = await self._answer([SystemMessage(system), HumanMessage(request.user)], config)
        return self._reply(answer, _json_in(str(answer.text)))

    async def talk(self, turns: Sequence[Turn]) -> ChatReply:
        """Return the model's answer in words; raises ModelUnavailable, PromptTooLong."""
        answer = await self._answer(_messages(turns), _config("talk"))
        return self._reply(answer, str(answer.text))

    async def stream(self, turns: Sequence[Turn]) -> AsyncIterator[str]:
        """Yield the model's answer in words, piece by piece; raises what `talk` raises."""
        try:
            async for chunk in self._llm.astream(_messages(turns), _config("talk")):
                if chunk.text:
                    yield str(chunk.text)
        except self._errors as exc:
            raise self._in_words(exc) from exc

    async def close(self) -> None:
        """Do nothing: the model is its maker's."""

    async def _by_tool(self, request: ChatRequest, schema: dict[str, Any], config: RunnableConfig) -> ChatReply:
        function = {"name": request.kind, "description": "Give the answer.", "parameters": schema}
        bound = self._llm.bind_tools([{"type": "function", "function": function}], tool_choice="any")
        messages = [SystemMessage(request.system), HumanMessage(request.user)]
        try:
            answer = await bound.ainvoke(messages, config)
        except self._errors as exc:
            raise self._in_words(exc) from exc
        calls = [json.dumps(call["args"]) for call in answer.tool_calls]
        calls += [call["args"] or "" for call in answer.invalid_tool_calls]
        return self._reply(answer, calls[0] if calls else _json_in(str(answer.text)))

    async def _answer(self, messages: list[BaseMessage], config: RunnableConfig) -> AIMessage:
        try:
            return await self._llm.ainvoke(messages, config)
        except self._errors as exc:
            raise self._in_words(exc) from exc

    def _reply(self, answer: AIMessage, text: str) -> ChatReply:
        told, used = answer.response_metadata, answer.usage_metadata
        ended = str(told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason") or "")
        cut_off = ended if ended.lower() in _CUT_OFF else ""
        return ChatReply(
            text=text,
            model=str(told.get("model_name") or told.get("model") or self.name),
            tokens_in=used["input_tokens"] if used else 0,
            tokens_cached=(used.get("input_token_details", {}).get("cache_read") or 0) if used else 0,
            tokens_out=used["output_tokens"] if used else 0,
            problem=cut_off or ("" if text.strip() else "empty"),
        )

    def _in_words(self, exc: Exception) -> ModelUnavailable | PromptTooLong:
        """Return an error that tenants may read and messages keep; the provider's own words are only logged.

        They may hold parts of a key, or whose account it is.
        """
        who = f"the chat model {self.name}"
        if isinstance(exc, lc.ContextOverflowError):
            return PromptTooLong(f"{who} cannot read so much at once.")
        _log.warning("%s: %s", who, exc)
        why = f"{type(exc).__name__}; the log says why"
        what, advice = next((words for kinds, *words in _WORDS if isinstance(exc, kinds)), _NO_ANSWER)
        return ModelUnavailable(f"{who} {what} ({why}). {advice}")


def _name_of(llm: BaseChatModel) -> str:
    named = (getattr(llm, attribute, None) for attribute in ("model", "model_name", "model_id"))
    return next((name for name in named if isinstance(name, str) and name), type(llm).__name__)


def _config(kind: str) -> RunnableConfig:
    # Agents that stream to their users leave out what is tagged so: these answers are not for them.
    return {"run_name": f"graphmem {kind}", "tags": ["nostream"]}


def _messages(turns: Sequence[Turn]) -> list[BaseMessage]:
    return [_ROLES[turn.role](content=turn.text) for turn in turns]


def _json_in(text: str) -> str:
    """Return the JSON object in an answer, without what models write around it; the whole where there is none."""
    said = _THOUGHT.sub("", text)
    start, end = said.find("{"), said.rfind("}")
    return said[start : end + 1] if 0 <= start < end else said
