"""A graph that was tampered with is named for it."""

from __future__ import annotations

from typing import LiteralString

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from tests.browse import cypher
from tests.conftest import decide, read
from tests.scripted import ScriptedChat
from tests.values import said


@pytest.mark.parametrize(
    ("tampering", "promise"),
    [
        ("MATCH (:Entity {scope: $scope})-[r:LIVES_IN]->() DELETE r", "each open fact is drawn once"),
        (
            "MATCH (:Entity {scope: $scope})-[r:LIVES_IN]->() SET r.valid_at = datetime('1999-01-01T00:00:00Z')",
            "the live view has the fact's dates",
        ),
        ("MATCH (p:Entity {scope: $scope}) WHERE p.age = 34 SET p.age = 35", "the live view has the facts' literals"),
        ("MATCH (:Fact {scope: $scope})-[r:STATED_IN]->() DELETE r", "every fact has a source"),
        (
            "MATCH (f:Fact {scope: $scope}) WHERE f.text = 'Ada lives in Turin' "
            "SET f.invalid_at = datetime('9999-12-31T23:59:59Z')",
            "one value holds at a time",
        ),
        (
            "MATCH (f:Fact {scope: $scope}) WHERE f.text = 'Ada lives in Oslo' "
            "SET f.invalid_at = datetime('2000-01-01T00:00:00Z')",
            "intervals are sane",
        ),
        ("MATCH (f:Fact {scope: $scope}) REMOVE f.live_key", "an open fact has its key"),
        (
            "MATCH (v:FactVersion {scope: $scope}) SET v.expired_at = datetime('9999-01-01T00:00:00Z')",
            "versions never overlap",
        ),
        (
            "MATCH (v:FactVersion {scope: $scope}) SET v.expired_at = v.created_at + duration('PT0.001S')",
            "gaps between versions are explained",
        ),
        ("MATCH (c:Change {scope: $scope}) WHERE c.number = 2 DETACH DELETE c", "changes are numbered without a gap"),
        ("MATCH (n:Entity {scope: $scope}) WHERE n.name = 'Oslo' SET n.scope = 'test/eve'", "nothing crosses scopes"),
    ],
)
async def test_each_breach_is_named(
    settings: Settings, embedder: LocalEmbedder, scope: str, tampering: LiteralString, promise: str
) -> None:
    model = ScriptedChat(read=read, decide=decide)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        for text, at in (
            ("I live in Turin.", "2024-01-10"),
            ("I am 34.", "2024-01-11"),
            ("We moved to Oslo last week!", "2024-06-20"),
        ):
            await memory.add(said(text, at), scope=scope)
        before = await memory.verify(scope=scope)
        cypher(settings, tampering, scope=f"test/{scope}")
        found = await memory.verify(scope=scope)
        cypher(settings, "MATCH (n {scope: 'test/eve'}) DETACH DELETE n")

    assert before == ()
    assert promise in {breach.promise for breach in found}
