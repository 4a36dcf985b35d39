"""A chat model behind any OpenAI-compatible server, through the official SDK, which retries with backoff and jitter."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, cast

import openai
from pydantic import BaseModel, Field, ValidationError

from graphmem.adapters.output_form import FORMS, Form, Remembered, key_of
from graphmem.errors import ModelUnavailable, PromptTooLong, ReplyUnparsable
from graphmem.ports import ChatReply, ChatRequest, Turn

# Strict structured output refuses bounds and defaults on many servers; they are checked when the reply comes back.
_BOUNDS = frozenset(
    {"title", "description", "default", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"}
)
_NULL = {"type": "null"}
_TOO_LONG = ("context_length_exceeded", "maximum context length", "context window", "too many tokens")
_PROBE: dict[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": ["ready"]}},
    "required": ["word"],
    "additionalProperties": False,
}
_log = logging.getLogger(__name__)


class OpenAIChat:
    """Asks for JSON of a schema in the form that the server understands, at temperature 0.

    `output` names the form; None lets a small question find it out once, which is `remembered` for server and model.
    `timeout` is in seconds and for each try; slow bytes do not stretch it.
    """

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None,
        base_url: str | None,
        timeout: float,
        retries: int = 3,
        output: Form | None = "json_schema",
        remembered: Remembered | None = None,
    ) -> None:
        self.name = model
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none", base_url=base_url, timeout=timeout, max_retries=retries
        )
        self._deadline = timeout * (retries + 1)
        self._form: Form | None = output
        self._remembered = remembered
        self._key = key_of(base_url, model)
        self._cool = True
        self._probing = asyncio.Lock()

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the model's JSON; raises ModelUnavailable, PromptTooLong, or ReplyUnparsable for what is no answer."""
        form = await self._known_form()
        turns = [Turn(role="system", text=request.system), Turn(role="user", text=request.user)]
        return await self._json(form, request.kind, portable(request.schema.model_json_schema()), turns)

    async def talk(self, turns: Sequence[Turn]) -> ChatReply:
        """Return the model's answer in words; raises ModelUnavailable, PromptTooLong, ReplyUnparsable."""
        answer = await self._complete(messages=_messages(turns))
        return _reply(answer, answer.message.content)

    async def stream(self, turns: Sequence[Turn]) -> AsyncIterator[str]:
        """Yield the model's answer in words, piece by piece; raises what `talk` raises."""
        try:
            async with asyncio.timeout(self._deadline):
                create = cast("Any", self._client.chat.completions.create)
                stream = await create(model=self.name, messages=_messages(turns), stream=True)
                async for chunk in stream:
                    if chunk.choices and chunk.choices[0].delta.content:
                        yield chunk.choices[0].delta.content
        except (openai.OpenAIError, TimeoutError) as exc:
            raise self._in_words(exc) from exc
        except json.JSONDecodeError as exc:
            raise _no_model(exc) from exc

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _known_form(self) -> Form:
        async with self._probing:
            if self._form is None:
                self._form = await self._found_form()
            return self._form

    async def _found_form(self) -> Form:
        known = self._remembered.get(self._key) if self._remembered else None
        if known is not None:
            return known
        found = await self._probe()
        if self._remembered:
            self._remembered.set(self._key, found)
        return found

    async def _probe(self) -> Form:
        """Find the first form that the server answers in."""
        turns = [Turn(role="user", text='Answer with the JSON {"word": "ready"}.')]
        wrong: list[str] = []
        for form in FORMS:
            try:
                reply = await self._json(form, "probe", _PROBE, turns)
                if json.loads(reply.text) == {"word": "ready"}:
                    return form
                _log.warning("%s was asked for %s, and answered %r", self.name, form, reply.text[:60])
                wrong.append(f"{form}: it answered otherwise")
            except (_Refused, ReplyUnparsable, ValueError) as exc:
                wrong.append(f"{form}: {exc}")
        raise ModelUnavailable(
            f"{self.name} answers in none of the forms that graphmem knows ({'; '.join(wrong)}). Use another model, or "
            "set GRAPHMEM_MODEL_OUTPUT."
        )

    async def _json(self, form: Form, name: str, schema: dict[str, Any], turns: Sequence[Turn]) -> ChatReply:
        messages = _messages(turns)
        if form == "tool":
            function = {"name": name, "parameters": schema, "strict": True}
            answer = await self._complete(
                messages=messages,
                tools=[{"type": "function", "function": function}],
                tool_choice={"type": "function", "function": {"name": name}},
            )
            calls = answer.message.tool_calls
            return _reply(answer, calls[0].function.arguments if calls else None)
        if form == "json_object":
            told = f"{messages[0]['content']}\n\nThe JSON has this schema: {json.dumps(schema, separators=(',', ':'))}"
            messages = [{**messages[0], "content": told}, *messages[1:]]
            answer = await self._complete(messages=messages, response_format={"type": "json_object"})
        else:
            wanted = {"name": name, "strict": True, "schema": schema}
            answer = await self._complete(
                messages=messages, response_format={"type": "json_schema", "json_schema": wanted}
            )
        return _reply(answer, answer.message.content)

    async def _complete(self, **asked: Any) -> _Answer:
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._created(**asked)
        except (openai.OpenAIError, TimeoutError) as exc:
            raise self._in_words(exc) from exc
        except json.JSONDecodeError as exc:
            raise _no_model(exc) from exc
        try:
            return _Answer.model_validate(answer, from_attributes=True)
        except ValidationError as exc:
            wrong = exc.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, wrong["loc"]))
            raise ReplyUnparsable(f"what answers is no chat model: {where}: {wrong['msg']}.") from exc

    async def _created(self, **asked: Any) -> Any:
        # The SDK believes what servers send, whatever it is.
        create = cast("Any", self._client.chat.completions.create)
        try:
            return await create(model=self.name, **asked, **({"temperature": 0} if self._cool else {}))
        except openai.BadRequestError as exc:
            if not (self._cool and "temperature" in str(exc)):
                raise
            # Models that think take no temperature.
            self._cool = False
            return await create(model=self.name, **asked)

    def _in_words(self, exc: Exception) -> ModelUnavailable | PromptTooLong:
        """Return an error that tenants may read and messages keep; the server's own words are only logged.

        They may hold parts of a key, or whose account it is.
        """
        who = f"the chat model {self.name}"
        if isinstance(exc, openai.BadRequestError) and any(sign in str(exc) for sign in _TOO_LONG):
            return PromptTooLong(f"{who} cannot read so much at once.")
        if isinstance(exc, (TimeoutError, openai.APITimeoutError)):
            return ModelUnavailable(f"{who} took too long. Check OPENAI_BASE_URL, or raise GRAPHMEM_MODEL_TIMEOUT.")
        _log.warning("%s: %s", who, exc)
        status = f"status {exc.status_code}" if isinstance(exc, openai.APIStatusError) else type(exc).__name__
        why = f"({status}; the log says why)"
        if isinstance(exc, openai.AuthenticationError):
            return ModelUnavailable(f"the chat model refuses the key {why}. Check OPENAI_API_KEY.")
        if isinstance(exc, openai.NotFoundError):
            return ModelUnavailable(f"there is no model {self.name!r} there {why}. Check GRAPHMEM_MODEL.")
        if isinstance(exc, openai.RateLimitError):
            return ModelUnavailable(f"{who} is asked too often, or its quota is spent {why}. Retry later.")
        if isinstance(exc, (openai.BadRequestError, openai.UnprocessableEntityError)):
            return _Refused(f"{who} refuses the request {why}. Check GRAPHMEM_MODEL_OUTPUT.")
        return ModelUnavailable(f"{who} did not answer {why}. Check OPENAI_BASE_URL.")


class _Function(BaseModel):
    arguments: str


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Tokens(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Answer(BaseModel):
    """What is read of an answer, whatever else a server sends."""

    model: str | None = None
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Tokens | None = None

    @property
    def message(self) -> _Message:
        return self.choices[0].message


class _Refused(ModelUnavailable):
    """A request that the server does not understand."""


def _no_model(exc: json.JSONDecodeError) -> ReplyUnparsable:
    return ReplyUnparsable(f"what answers is no chat model: {exc}. Check OPENAI_BASE_URL.")


def _messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [{"role": turn.role, "content": turn.text} for turn in turns]


def _reply(answer: _Answer, text: str | None) -> ChatReply:
    choice, usage = answer.choices[0], answer.usage
    whole = choice.finish_reason in {"stop", "tool_calls"} and bool(text)
    details = usage.prompt_tokens_details if usage else None
    return ChatReply(
        text=text or "",
        model=answer.model or "",
        tokens_in=(usage.prompt_tokens or 0) if usage else 0,
        tokens_cached=(details.cached_tokens or 0) if details else 0,
        tokens_out=(usage.completion_tokens or 0) if usage else 0,
        problem="" if whole else str(choice.message.refusal or choice.finish_reason or "empty"),
    )


def portable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema without what strict servers refuse, each property required, its parts under short names."""
    text = json.dumps(_strict(schema))
    for number, name in enumerate(schema.get("$defs", {})):
        text = text.replace(f'"{name}": {{', f'"{number}": {{').replace(f'"#/$defs/{name}"', f'"#/$defs/{number}"')
    return json.loads(text)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(part) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", schema).items():
        if key == "properties":
            kept[key] = {name: _strict(part) for name, part in value.items()}
            kept["required"] = list(value)
        elif key == "anyOf" and _NULL in value and len(value) == 2 and set(value[0]) <= {"type", *_BOUNDS}:
            kept["type"] = [value[0]["type"], "null"]
        elif key not in _BOUNDS | {"required"}:
            kept[key] = _strict(value)
    return kept
