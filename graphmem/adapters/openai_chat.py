"""A chat model behind any OpenAI-compatible server, through the official SDK."""

from __future__ import annotations

from typing import Any, cast

import openai

from graphmem.errors import ModelUnavailable, ReplyUnparsable
from graphmem.ports import ChatReply, ChatRequest

# Strict structured output refuses bounds and defaults on many servers; they are checked when the reply comes back.
_BOUNDS = frozenset({"title", "default", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"})


class OpenAIChat:
    """Asks with a JSON schema as the response format, temperature 0."""

    def __init__(self, *, model: str, api_key: str | None, base_url: str | None, timeout: float) -> None:
        self.name = model
        self._client = openai.AsyncOpenAI(api_key=api_key or "none", base_url=base_url, timeout=timeout, max_retries=3)

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the model's JSON; raises ModelUnavailable, or ReplyUnparsable where there is no whole answer."""
        schema: dict[str, Any] = {
            "name": request.kind,
            "strict": True,
            "schema": _portable(request.schema.model_json_schema()),
        }
        try:
            answer = await self._client.chat.completions.create(
                model=self.name,
                temperature=0,
                messages=[
                    {"role": "system", "content": request.system},
                    {"role": "user", "content": request.user},
                ],
                response_format={"type": "json_schema", "json_schema": schema},  # pyright: ignore[reportArgumentType]
            )
        except openai.AuthenticationError as exc:
            raise ModelUnavailable(f"the chat model refuses the key ({exc}). Check OPENAI_API_KEY.") from exc
        except openai.NotFoundError as exc:
            raise ModelUnavailable(f"there is no model {self.name!r} there ({exc}). Check GRAPHMEM_MODEL.") from exc
        except openai.OpenAIError as exc:
            raise ModelUnavailable(f"the chat model {self.name} did not answer: {exc}. Check OPENAI_BASE_URL.") from exc
        if not answer.choices:
            raise ReplyUnparsable("the answer has no choices.")
        choice = answer.choices[0]
        if choice.finish_reason != "stop" or not choice.message.content:
            why = choice.message.refusal or choice.finish_reason
            raise ReplyUnparsable(f"the answer is not whole: {why}.")
        usage = answer.usage
        return ChatReply(
            text=choice.message.content,
            model=answer.model,
            tokens_in=usage.prompt_tokens if usage else 0,
            tokens_out=usage.completion_tokens if usage else 0,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _portable(schema: Any) -> Any:
    """Return a JSON schema without what strict servers refuse, each property required; their names are left alone."""
    if isinstance(schema, list):
        return [_portable(part) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", schema).items():
        if key == "properties":
            kept[key] = {name: _portable(part) for name, part in value.items()}
            kept["required"] = list(value)
        elif key not in _BOUNDS | {"required"}:
            kept[key] = _portable(value)
    return kept
