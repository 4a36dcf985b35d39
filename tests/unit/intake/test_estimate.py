from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.intake.estimate import KNOWN_TOKENS, REPLY_TOKENS, Estimate, Estimator
from graphmem.models import Message, Scope
from graphmem.prices import Price
from tests.scripted import ScriptedChat
from tests.values import ONTOLOGY

START = datetime(2024, 6, 20, 20, tzinfo=UTC)


def messages(count: int, text: str = "I walked along the harbour today.") -> list[Message]:
    return [
        Message(text=f"{i} {text}", at=START + timedelta(minutes=i), speaker="Ada", id=f"m{i}") for i in range(count)
    ]


def estimate(said: list[Message], embedder: LocalEmbedder, **settings: Any) -> Estimate:
    given = {"openai_api_key": "k", "model": "small-1", **settings}
    estimator = Estimator(
        settings=Settings(home=Path(), **given),
        ontology=ONTOLOGY,
        prices={"small-1": Price(input=1.0, cached=0.5, output=2.0)},
        count=embedder.count_tokens,
        scope=Scope(user="ada"),
    )
    for message in said:
        estimator.add(message)
    return estimator.estimate()


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        ({}, 125),
        ({"batch_messages": 50}, 20),
        ({"prompt_tokens": 25}, 500),
        ({"batch_messages": 7}, 58 + 58 + 29),
        ({"extraction": "two_pass"}, 250),
    ],
)
def test_calls_are_counted_as_the_pipeline_cuts_its_pages_of_400(
    embedder: LocalEmbedder, settings: dict[str, Any], calls: int
) -> None:
    assert estimate(messages(1000), embedder, **settings).calls == calls


def test_dollars_are_those_of_the_tokens(embedder: LocalEmbedder) -> None:
    told = estimate(messages(20), embedder, batch_messages=4)

    assert told.calls == told.settling_calls == 5
    assert told.summary_calls == 0
    assert told.tokens_out == 20 * REPLY_TOKENS
    assert told.dollars == pytest.approx((told.tokens_in + 2 * told.tokens_out) / 1_000_000)


async def test_tokens_are_those_of_the_requests(tmp_path: Path, embedder: LocalEmbedder) -> None:
    model = ScriptedChat(read=lambda _: [])
    settings = Settings(home=tmp_path, batch_messages=4, summary_tokens=300)
    said = messages(50)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said, scope="ada")
    kinds = {kind: [r for r in model.asked if r.kind == kind] for kind in ("extract", "summary")}
    sent = sum(embedder.count_tokens(r.system) + embedder.count_tokens(r.user) for r in model.asked)

    told = estimate(said, embedder, batch_messages=4, summary_tokens=settings.summary_tokens)

    assert told.calls == len(kinds["extract"])
    assert told.summary_calls == len(kinds["summary"])
    assert told.tokens_in - told.calls * KNOWN_TOKENS == pytest.approx(sent, rel=0.05)


def test_without_a_model_nothing_is_asked(embedder: LocalEmbedder) -> None:
    for settings in ({"openai_api_key": None}, {"extraction": "local"}):
        told = estimate(messages(3), embedder, **settings)
        assert (told.model, told.calls, told.dollars) == (None, 0, None)
        assert told.message_tokens > 20


def test_a_model_without_price_is_told_without_dollars(embedder: LocalEmbedder) -> None:
    told = estimate(messages(3), embedder, model="other")

    assert (told.model, told.calls, told.dollars) == ("other", 1, None)
