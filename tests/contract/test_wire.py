"""What a model's server may send, up to the graph: nothing is lost, nothing is believed that was not answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from tests.openai_server import Answer, Wire, completion, error, openai_server
from tests.scripted import triple

WRONG: dict[str, Answer] = {
    "an error": error(500, "down", retry_after_ms="1"),
    "too many requests": error(429, "slow down", retry_after_ms="1"),
    "a wrong key": error(401, "bad key"),
    "an unknown model": error(404, "no such model"),
    "prose": completion("Certainly! Ada lives in Turin."),
    "another language": completion("Natürlich. Ada wohnt in Turin."),
    "cut off": completion('{"entities": [], "tri', "length"),
    "refused": completion(None, refusal="I will not."),
    "filtered": completion("", "content_filter"),
    "wrong types": completion('{"entities": 7, "triples": "none", "rules": null}'),
    "no choices": Wire(200, (b'{"choices": []}',)),
    "no chat model": Wire(200, (b"<html>hello</html>",)),
    "a thousand entities": completion(
        json.dumps({"entities": [{"name": "x", "type": "Person", "aliases": []}] * 100_000, "triples": [], "rules": []})
    ),
}


async def test_whatever_a_server_sends_messages_are_parked_with_the_reason_and_read_later(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    answer: Answer = WRONG["prose"]

    def reply(body: dict[str, Any]) -> Answer:
        return answer

    at = datetime(2024, 6, 1, tzinfo=UTC)
    reasons: dict[str, str] = {}
    with openai_server(reply) as url:
        served = replace(
            settings, openai_base_url=url, openai_api_key="k", model="tiny", model_output="json_schema", model_retries=1
        )
        async with Memory.open(served, embedder=embedder) as memory:
            for name, sent in WRONG.items():
                answer = sent
                message = Message(text="I live in Turin.", at=at, speaker="Ada", id=name)
                reasons |= (await memory.add(message, scope=scope)).parked
            before = await memory.status(scope=scope)
            good = triple("Ada", "LIVES_IN", "Turin", quote="I live in Turin")
            answer = completion(json.dumps({"entities": [], "triples": [good], "rules": []}))
            outcome = await memory.retry(scope=scope)
            after = await memory.status(scope=scope)
            (fact,) = await memory.facts(scope=scope)
            breaches = await memory.verify(scope=scope)

    assert set(reasons) == set(WRONG)
    assert "OPENAI_API_KEY" in reasons["a wrong key"]
    assert "GRAPHMEM_MODEL" in reasons["an unknown model"]
    assert "I will not" in reasons["refused"]
    assert "content_filter" in reasons["filtered"]
    assert (before.parked, before.facts, before.entities) == (len(WRONG), 0, 0)
    assert (outcome.parked, after.parked, after.pending) == ({}, 0, 0)
    assert fact.text == "Ada lives in Turin"
    assert breaches == ()
