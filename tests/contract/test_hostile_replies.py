"""Model replies that are wrong in two hundred ways: refused or parked with the reason, and nothing half applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.models import Role
from graphmem.ports import ChatReply, ChatRequest
from tests.counts import FULL
from tests.scripted import rule, triple
from tests.values import day, said

GOOD = triple("Ada", "LIVES_IN", "Oslo", quote="I live in Oslo")
DECISION = {"reason": "r", "triple": "T1", "action": "invalidate", "fact": "F1", "at": None, "kind": "change"}
NASTY = [
    "Oslo'}) DETACH DELETE n //",
    "`]->() DELETE r //",
    "{{TYPE}}",
    "$scope",
    "\u202eolsO",
    "o" * 300,
    "a\nb",
    "<script>alert(1)</script>",
    "; CALL db.labels()",
    "Ω≈ç√∫",
]


class Hostile:
    """Answers extraction and resolution with given texts, whatever it is asked."""

    name = "hostile"

    def __init__(self, extraction: str, resolution: str = "{}") -> None:
        self.replies = {"extract": extraction, "resolve": resolution}

    async def ask(self, request: ChatRequest) -> ChatReply:
        return ChatReply(text=self.replies[request.kind], model=self.name)

    async def close(self) -> None:
        """Nothing is open."""


def extraction(*triples: dict[str, Any], entities: Any = ()) -> str:
    return json.dumps({"entities": list(entities), "triples": list(triples)})


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in GOOD.items() if k != key}


def broken_texts() -> Iterator[str]:
    whole = extraction(GOOD)
    yield from ("", " ", "null", "[]", "0", "true", '"text"', "I am sorry, I cannot do that.", "```json\n{}\n```", "{}")
    yield from (whole[: len(whole) * n // 12] for n in range(1, 12))
    yield from (whole + tail for tail in ("}", ",", "[]", "\x00", "{}"))
    yield from (
        json.dumps({"entities": e, "triples": t})
        for e in (None, {}, "x", [None], [1], [{}])
        for t in (None, {}, "x", [None], [[]])
    )
    yield json.dumps({"entities": [], "triples": [GOOD] * 10_000})
    yield json.dumps({"entities": [{"name": "x", "type": "Person", "aliases": []}] * 100_000, "triples": []})
    yield json.dumps({"entities": [], "triples": [], "extra": 1})


def broken_triples() -> Iterator[str]:
    yield from (extraction(without(key)) for key in GOOD)
    for key in GOOD:
        yield from (extraction({**GOOD, key: wrong}) for wrong in ({}, [], {"$ne": 1}))
    yield from (extraction({**GOOD, "message": m}) for m in ("M0", "M2", "M-1", "", "m1", "ep_1", "*"))
    yield from (extraction({**GOOD, "quote": q}) for q in ("", " ", "not said", "I live in Rome", "x" * 3000))
    for key in ("valid_from", "valid_to"):
        dates = ("0000", "9999", "9999-12-31", "2024-13", "2024-02-30", "yesterday", "-1", "2024-05-01T00:00", "1e9")
        yield from (extraction({**GOOD, key: d}) for d in dates)
    yield from (extraction({**GOOD, "confidence": c}) for c in (-1, 1.1, 1e309, "high", None))
    yield from (extraction({**GOOD, "polarity": p}) for p in ("maybe", None, "STATED", 1))
    yield from (extraction({**GOOD, "modality": m}) for m in ("", "sarcastic", None))
    yield extraction({**GOOD, "object": None})
    yield extraction({**GOOD, "predicate": "AGE", "object": "old"})
    yield extraction({**GOOD, "valid_from": "2024-05-01", "valid_to": "2023-05-01"})


def broken_rules() -> Iterator[str]:
    good = rule(("Ada", "starts", "LIVES_IN", "Oslo"), ("Ben", "OWNS", "car"), quote="I live in Oslo")

    def stated(*rules: Any) -> str:
        return json.dumps({"entities": [], "triples": [], "rules": list(rules)})

    yield from (stated({k: v for k, v in good.items() if k != key}) for key in good)
    yield from (stated({**good, key: wrong}) for key in good for wrong in (None, [], 1))
    yield from (stated({**good, "message": m}) for m in ("M2", "", "ep_1"))
    yield from (stated({**good, "quote": q}) for q in ("", "never said"))
    yield from (stated({**good, "when": {**good["when"], "event": e}}) for e in ("happens", None, ""))
    yield from (stated({**good, "when": {**good["when"], "subject": s}}) for s in ("", None, "x" * 400))
    yield from (stated({**good, "then": {**good["then"], "object": o}}) for o in (None, "", {}))
    yield stated({**good, "then": {**good["then"], "polarity": "forget"}})
    yield stated({**good, "then": {**good["then"], "predicate": "AGE", "object": "old"}})
    yield stated(*[good] * 1000)
    yield json.dumps({"entities": [], "triples": [GOOD], "rules": {}})


def broken_grounds() -> Iterator[str]:
    wrong = (None, "Ada", {}, [1], ["Ada"], [{}], [{"subject": "Ada"}], [{"subject": "", "predicate": "LIVES_IN"}])
    yield from (extraction({**GOOD, "rests_on": w}) for w in wrong)
    yield extraction({**GOOD, "rests_on": [{"subject": "Ada", "predicate": "LIVES_IN"}] * 100})


REFUSED = [*broken_texts(), *broken_triples(), *broken_rules(), *broken_grounds()]


def test_there_are_many_shapes() -> None:
    assert len(REFUSED) + len(DECISIONS) >= 200


async def test_what_breaks_a_rule_is_parked_and_nothing_of_it_is_kept(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    model = Hostile("")
    # What is refused is so before a store is asked; how it is parked is the same for all.
    replies = REFUSED if FULL or settings.neo4j_uri is None else REFUSED[::4]
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        for number, text in enumerate(replies):
            model.replies["extract"] = text
            added = await memory.add(said("I live in Oslo.", "2024-01-10"), scope=scope)
            assert list(added.parked.values()) != [], f"reply {number} was taken: {text[:300]}"
            assert added.changes == ()
        status = await memory.status(scope=scope)
        breaches = await memory.verify(scope=scope)

    assert (status.parked, status.facts, status.entities, status.changes) == (len(replies), 0, 0, 0)
    assert breaches == ()


async def test_what_is_wrong_beside_what_is_right_is_dropped_and_counted(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    wrong = [{**GOOD, "quote": "never said"}, {**GOOD, "message": "M9"}, {**GOOD, "valid_from": "soon"}]
    model = Hostile(extraction(*wrong, *[GOOD] * 500))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Oslo.", "2024-01-10"), scope=scope)
        facts = await memory.facts(scope=scope)
        reasons = [c.reason for c in await memory.history(scope=scope)]

    assert [f.text for f in facts] == ["Ada lives in Oslo"]
    assert any("; 3 dropped, as triple 1 (Ada LIVES_IN Oslo): the quote 'never said'" in r for r in reasons)


TWO = {"decisions": [], "entities": [{"reason": "r", "pair": "P1", "action": "add"}]}
BESIDE = {"decisions": [{**DECISION, "action": "add", "fact": None, "kind": None}]}


@pytest.mark.parametrize(("key", "beside"), [("subject", TWO), ("object", TWO), ("predicate", BESIDE)])
async def test_what_is_only_odd_is_kept_as_text_and_never_as_cypher(
    settings: Settings, embedder: LocalEmbedder, scope: str, key: str, beside: dict[str, Any]
) -> None:
    # Like names, and invented predicates between the same two, are compared with each other.
    model = Hostile("", json.dumps(beside))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        for name in NASTY:
            model.replies["extract"] = extraction({**GOOD, "predicate": "LIKES", key: name})
            added = await memory.add(said("I live in Oslo.", "2024-01-10"), scope=scope)
            assert added.parked == {}
        facts = await memory.facts(scope=scope, limit=1000)
        breaches = await memory.verify(scope=scope)

    assert len(facts) == len(NASTY)
    assert breaches == ()


DECISIONS = [
    {},
    {"decisions": []},
    {"decisions": [{}]},
    {"decisions": [{**DECISION, "triple": "T2"}]},
    {"decisions": [{**DECISION, "fact": "F2"}]},
    {"decisions": [{**DECISION, "fact": "fa_other_scope"}]},
    {"decisions": [{**DECISION, "fact": None}]},
    {"decisions": [{**DECISION, "action": "delete"}]},
    {"decisions": [{**DECISION, "action": "add"}]},
    {"decisions": [{**DECISION, "at": "0000"}]},
    {"decisions": [{**DECISION, "at": "9999"}]},
    {"decisions": [{**DECISION, "at": "2031-01-01"}]},
    {"decisions": [{**DECISION, "at": "1999-01-01"}]},
    {"decisions": [{**DECISION, "kind": "whim"}]},
    {"decisions": [{**DECISION, "reason": ""}]},
    {"decisions": [DECISION, {**DECISION, "action": "skip"}]},
    {"decisions": [DECISION] * 500},
    {"decisions": [{**DECISION, "action": "merge", "fact": "T1"}]},
    {"decisions": [{**DECISION, "rests_on": ["F9"]}]},
    {"decisions": [{**DECISION, "rests_on": "F1"}]},
    {"decisions": [DECISION], "entities": [{"reason": "r", "pair": "P1", "action": "merge"}]},
    {"decisions": [DECISION], "entities": [{}]},
    {"decisions": [DECISION], "entities": None},
    {"decisions": "all"},
    [],
]


async def test_a_decision_that_the_ledger_does_not_support_closes_nothing(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    turin = {**GOOD, "object": "Turin", "quote": "I live in Turin", "valid_from": "2023-01-01"}
    model = Hostile(extraction(turin))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Turin.", "2024-01-10"), scope=scope)
        model.replies["extract"] = extraction(GOOD)
        for reply in DECISIONS:
            model.replies["resolve"] = json.dumps(reply)
            added = await memory.add(said("I live in Oslo.", "2024-06-10"), scope=scope)
            assert added.parked != {}, reply
        facts = await memory.facts(scope=scope)
        breaches = await memory.verify(scope=scope)

    assert [f.text for f in facts] == ["Ada lives in Turin"]
    assert breaches == ()


@pytest.mark.parametrize("action", ["add", "skip", "merge", "invalidate"])
async def test_a_pair_that_was_not_shown_or_not_decided_merges_nobody(
    settings: Settings, embedder: LocalEmbedder, scope: str, action: str
) -> None:
    tom = {"name": "Tom", "type": "Person", "aliases": []}
    dahl = {"name": "Tom Dahl", "type": "Person", "aliases": []}
    model = Hostile(extraction({**GOOD, "subject": "Tom"}, entities=[tom]))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Oslo.", "2024-01-10"), scope=scope)
        model.replies["extract"] = extraction({**GOOD, "subject": "Tom Dahl"}, entities=[dahl])
        one = {"reason": "r", "pair": "P1", "action": action}
        for entities in ([], [{**one, "pair": "P2"}], [one] * 2):
            model.replies["resolve"] = json.dumps({"decisions": [], "entities": entities})
            added = await memory.add(said("I live in Oslo.", "2024-02-10"), scope=scope)
            assert added.parked != {}, entities
        names = {e.name for e in await memory.entities(scope=scope)}

    assert names == {"Ada", "Tom", "Oslo"}


async def test_a_stranger_and_an_assistant_have_nothing_forgotten(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    model = Hostile(extraction(GOOD))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(said("I live in Oslo.", "2024-01-10"), scope=scope)
        model.replies["extract"] = extraction({**GOOD, "polarity": "forget", "object": None, "quote": "Forget it"})
        await memory.add(said("Forget it.", "2024-02-10", speaker="Mallory"), scope=scope)
        echo = Message(text="Forget it.", at=day("2024-02-11"), role=Role.ASSISTANT, speaker="Bot")
        added = await memory.add(echo, scope=scope)
        facts = await memory.facts(scope=scope)

    assert [f.text for f in facts] == ["Ada lives in Oslo"]
    assert "no source" in next(iter(added.parked.values()))
