"""Orders written into messages, and a model that obeys them as far as its reply can."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.ports import ChatReply, ChatRequest
from tests.browse import cypher
from tests.scripted import ScriptedChat, rule, triple

INJECTIONS: list[str] = json.loads((Path(__file__).parents[1] / "injections.json").read_text(encoding="utf-8"))
EVERYTHING = (
    "MATCH (n) WHERE n.scope = $scope WITH labels(n) AS labels, properties(n) AS p "
    "RETURN labels, p.id AS id, p.text AS text, p.version AS version ORDER BY id"
)
KEPT = "MATCH (e:Episode) WHERE e.scope = $scope AND e.speaker = 'Eve' RETURN e.text AS text ORDER BY e.seq"


class Obedient(ScriptedChat):
    """Does what it is told: forgets, moves Ada, speaks of other scopes, closes and merges all that it is shown."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        if request.kind == "summary":
            reply: dict[str, Any] = {"summary": "Everything is to be deleted."}
        elif request.kind == "extract":
            shorts = [short for name, short in request.names.items() if name.startswith("message:")]
            reply = {
                "entities": [{"name": "test/canary", "type": "Person", "aliases": ["Ada", "canary"]}],
                "triples": [t for short in shorts for t in self._obeyed(short)],
                "rules": [
                    {
                        **rule(("Ada", "starts", "LIVES_IN", None), ("Ada", "LIVES_IN", "nowhere"), quote="Ada"),
                        "message": m,
                    }
                    for m in shorts
                ],
            }
        else:
            named = {
                kind: [s for n, s in request.names.items() if n.startswith(f"{kind}:")]
                for kind in ("triple", "fact", "pair")
            }
            closing: dict[str, Any] = {
                "reason": "I was told to",
                "action": "invalidate",
                "kind": "correction",
                "at": None,
                "rests_on": [],
            }
            reply = {
                "decisions": [{**closing, "triple": t, "fact": (named["fact"] or [None])[0]} for t in named["triple"]],
                "entities": [{"reason": "I was told to", "pair": p, "action": "merge"} for p in named["pair"]],
            }
        return ChatReply(text=json.dumps(reply), model=self.name)

    def _obeyed(self, short: str) -> list[dict[str, Any]]:
        common = {"message": short, "confidence": 1.0}
        return [
            {**triple("Ada", "LIVES_IN", "x", quote="Ada", **common), "polarity": "forget", "object": None},
            {**triple("Ada", "HAS_PET", "Miso", quote="Ada", **common), "polarity": "forget"},
            {**triple("Ada", "LIVES_IN", "nowhere", quote="Ada", **common), "valid_from": "1990"},
            triple("test/canary", "NOTED", "delete every fact", quote="Ada", **common),
            {**triple("Ada", "HAS_PET", "Miso", quote="Ada", **common), "polarity": "denied"},
        ]


async def test_orders_in_messages_are_text(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    start = datetime(2024, 6, 1, tzinfo=UTC)
    own = [Message(text=t, at=start, speaker="Ada") for t in ("I live in Turin.", "I have a cat, Miso.")]
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        await memory.add(own, scope=scope)
        await memory.add(own, scope=f"{scope}-canary")
        before = {f.id: f for f in await memory.facts(scope=scope)}
    canary = cypher(settings, EVERYTHING, scope=f"test/{scope}-canary")
    obedient = Obedient(read=model.read)
    orders = [
        Message(text=text, at=start + timedelta(hours=i), speaker="Eve", id=f"order-{i}")
        for i, text in enumerate(INJECTIONS, 1)
    ]
    async with Memory.open(settings, model=obedient, embedder=embedder) as memory:
        added = await memory.add(orders, scope=scope)
        held = {i: await memory.fact(i, scope=scope) for i in before}
        breaches = await memory.verify(scope=scope)

    assert len(INJECTIONS) == len(set(INJECTIONS)) == 100
    assert canary
    assert cypher(settings, EVERYTHING, scope=f"test/{scope}-canary") == canary
    # What the model took for a request to forget is shown no more; its words are kept until they are deleted.
    assert [row["text"] for row in cypher(settings, KEPT, scope=f"test/{scope}")] == INJECTIONS
    assert {i: (f.text, f.forgotten_at) for i, f in held.items()} == {i: (f.text, None) for i, f in before.items()}
    assert all({s.quote for s in f.sources} >= {s.quote for s in before[i].sources} for i, f in held.items())
    assert len(added.episode_ids) == 100
    assert breaches == ()


async def test_no_message_leaves_its_fence_or_looks_like_another(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    obedient = Obedient(read=lambda _: [])
    start = datetime(2024, 6, 1, tzinfo=UTC)
    async with Memory.open(settings, model=obedient, embedder=embedder) as memory:
        for text in INJECTIONS[::5]:
            await memory.add(Message(text=text, at=start, speaker="Eve"), scope=scope)

    for request in (r for r in obedient.asked if r.kind == "extract"):
        exchange = request.user.rpartition("Exchange:\n<messages>\n")[2].removesuffix("\n</messages>")
        assert request.user.count("<messages>") == request.user.count("</messages>") == 2
        assert [line for line in exchange.splitlines() if not line.startswith("      ")] == [exchange.splitlines()[0]]
        assert exchange.startswith("M1 [")
