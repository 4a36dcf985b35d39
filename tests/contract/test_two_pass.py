"""Entities first, then the relations between them, as the paper does it."""

from __future__ import annotations

import json
from dataclasses import replace

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.ports import ChatReply, ChatRequest
from tests.contract.test_summary import said
from tests.scripted import ScriptedChat


class Listing(ScriptedChat):
    """Lists the entities of the first pass."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        if request.kind != "entities":
            return await super().ask(request)
        self.asked.append(request)
        listed = [{"name": "Turin", "type": "Place", "aliases": ["Torino"]}]
        return ChatReply(text=json.dumps({"entities": listed}), model=self.name, tokens_in=10, tokens_out=5)


async def test_the_second_question_knows_what_the_first_one_found(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, scope: str
) -> None:
    listing = Listing(read=model.read)
    async with Memory.open(replace(settings, extraction="two_pass"), model=listing, embedder=embedder) as memory:
        added = await memory.add(said("I live in Turin.", "I have a cat, Miso."), scope=scope)
        entities = {e.name: e for e in await memory.entities(scope=scope)}
        facts = sorted(f.text for f in await memory.facts(scope=scope))

    assert [r.kind for r in listing.asked] == ["entities", "relations"]
    assert "- Turin, Torino (Place)" in listing.asked[1].system
    assert facts == ["Ada has the pet Miso", "Ada lives in Turin"]
    assert (entities["Turin"].type, entities["Turin"].aliases) == ("Place", ("Torino",))
    assert entities["Miso"].type == "Animal"
    assert [c.cost.calls for c in added.changes if c.reason.startswith("read")] == [2]
