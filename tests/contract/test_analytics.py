"""Each analysis on each store: what it finds of a small life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.queries import load_analyses
from graphmem.errors import InvalidInput
from tests.conftest import ENGINES, decide, new_scope, read, settings_of
from tests.scripted import ScriptedChat, triple
from tests.values import said

SAID = [
    ("I live in Turin.", "2024-01-10", "Ada"),
    ("My commute is 20 minutes.", "2024-01-11", "Ada"),
    ("I like tea.", "2024-02-01", "Ada"),
    ("Tea is mine too.", "2024-02-02", "Ben"),
    ("My boss is Ingrid.", "2024-02-03", "Ada"),
    ("Her brother is Lars.", "2024-02-04", "Ada"),
    ("Ben and I grew up together.", "2024-02-05", "Ada"),
    ("We moved to Oslo last week!", "2024-06-20", "Ada"),
    ("Tom is here.", "2024-07-01", "Ada"),
]
OWN = {
    "I like tea.": [triple("Ada", "LIKES", "tea", quote="I like tea")],
    "Tea is mine too.": [triple("Ben", "LIKES", "tea", quote="mine too")],
    "Ben and I grew up together.": [triple("Ada", "GREW_UP_WITH", "Ben", quote="grew up together")],
}


@pytest.fixture(scope="module", params=ENGINES)
async def lived(
    request: pytest.FixtureRequest, embedded_home: Path, embedder: LocalEmbedder
) -> AsyncIterator[tuple[Memory, str]]:
    """A memory of each engine and its scope; the tests only ask."""
    scope = new_scope()
    model = ScriptedChat(read=lambda text: OWN.get(text) or read(text), decide=decide)
    async with Memory.open(settings_of(request, embedded_home), model=model, embedder=embedder) as memory:
        for text, at, speaker in SAID:
            await memory.add(said(text, at, speaker=speaker), scope=scope)
        await memory.assert_fact("Tom", "LIKES", "chess", scope=scope, editor="Eve", valid_from="2024-07-01")
        await memory.assert_fact("Tom Dahl", "LIKES", "chess", scope=scope, editor="Eve", valid_from="2024-07-02")
        yield memory, scope


@pytest.fixture
def life(lived: tuple[Memory, str]) -> Memory:
    return lived[0]


@pytest.fixture
def scope(lived: tuple[Memory, str]) -> str:
    return lived[1]


def first(rows: tuple[tuple[Any, ...], ...], *columns: int) -> list[tuple[Any, ...]]:
    return [tuple(row[c] for c in columns) for row in rows]


async def test_every_analysis_finds_what_it_says(life: Memory, scope: str) -> None:
    async def ask(name: str, **parameters: object) -> tuple[tuple[Any, ...], ...]:
        answer = await life.analyse(name, scope=scope, parameters=parameters)
        asked.add(name)
        assert answer.columns == load_analyses()[name].columns
        return answer.rows

    asked: set[str] = set()
    (oslo,) = [f for f in await life.facts(scope=scope) if f.predicate == "LIVES_IN"]

    assert (await ask("most_connected_entities"))[0][:3] == ("Ada", "Person", 4)
    assert ("LIVES_IN", 2, 1) in await ask("facts_by_predicate")
    assert await ask("facts_by_month", predicate="LIVES_IN") == (("2024-01", "LIVES_IN", 1), ("2024-06", "LIVES_IN", 1))
    assert ("2024-06", 1, 1, 0) in await ask("churn")
    assert "Ada lives in Turin" in [r[0] for r in await ask("believed_on", valid="2024-03")]
    assert "Ada lives in Turin" not in [r[0] for r in await ask("believed_on")]
    assert await ask("believed_on", valid="2024-03", known="2024-01-01") == ()
    assert first(await ask("contradictions"), 0, 1, 3) == [("Ada lives in Oslo", "Ada lives in Turin", "change")]
    assert first(await ask("sources_of_fact", fact=oslo.id), 0, 1) == [("moved to Oslo last week", "Ada")]
    assert first(await ask("uncertain_facts"), 0, 2) == [
        ("Ada has a commute of 20 minutes", "no longer: Ada lives in Turin")
    ]
    assert "Ben likes tea" in [r[0] for r in await ask("stale_facts", before="2024-06-01")]
    assert "Ada lives in Oslo" not in [r[0] for r in await ask("stale_facts", before="2024-06-01")]
    assert first(await ask("maybe_the_same"), 0, 1, 3) == [("Tom Dahl", "Tom", "pending")]
    assert await ask("paths_between", **{"from": "Ada", "to": "Lars"}) == (
        (["Ada", "Ingrid", "Lars"], ["REPORTS_TO", "SIBLING_OF"]),
    )
    assert await ask("shared_interests") == (("chess", ["Tom", "Tom Dahl"]), ("tea", ["Ada", "Ben"]))
    assert first(await ask("silent_speakers", since="2024-03"), 1, 3) == [("Ben", 1)]
    assert (await ask("extraction_quality"))[0][1:5] == (11, 0, 0, 9)
    assert await ask("invented_predicates") == (("GREW_UP_WITH", 1, "Ada grew up with Ben"),)
    assert {row[0] for row in await ask("cost_by_model")} == {"scripted"}
    assert first(await ask("decisions_by_editor"), 0) == [("Eve",)]
    assert asked == set(load_analyses())
    assert len(asked) >= 15


async def test_what_was_never_so_or_is_not_yet_counts_in_no_analysis(life: Memory) -> None:
    scope = new_scope()
    await life.assert_fact("Ada", "LIVES_IN", "Turin", scope=scope, valid_from="2024-01-10")
    move = (await life.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope, valid_from="2024-06-13"))[-1]
    await life.undo(move.id, scope=scope, cascade=True)
    for who in ("Ada", "Ben"):
        await life.assert_fact(who, "LIKES", "chess", scope=scope, valid_from="2099-01-01")

    found = {
        name: (await life.analyse(name, scope=scope)).rows
        for name in ("contradictions", "shared_interests", "facts_by_month", "churn")
    }

    assert found["contradictions"] == found["shared_interests"] == ()
    assert found["facts_by_month"] == (("2024-01", "LIVES_IN", 1),)
    assert [row[:3] for row in found["churn"] if row[1]] == [("2024-01", 1, 0)]


async def test_another_scope_is_never_looked_at(life: Memory, scope: str) -> None:
    needed = {"fact": "fa_1", "from": "Ada", "to": "Lars", "before": "2030", "since": "2030"}
    for name, analysis in load_analyses().items():
        parameters = {p.name: needed[p.name] for p in analysis.parameters if p.name in needed}
        answer = await life.analyse(name, scope=f"{scope}-other", parameters=parameters)
        assert answer.rows == () or name == "extraction_quality"


async def test_wrong_questions_are_refused_in_words(life: Memory, scope: str) -> None:
    for name, parameters, says in (
        ("who_knows", {}, "no analysis"),
        ("sources_of_fact", {}, "needs fact"),
        ("churn", {"limit": 3}, "no parameters"),
        ("believed_on", {"valid": "soon"}, "no TIME"),
        ("uncertain_facts", {"limit": "many"}, "no INT"),
        ("uncertain_facts", {"limit": -1}, "limit is -1"),
        ("uncertain_facts", {"limit": 10_001}, "10,000"),
    ):
        with pytest.raises(InvalidInput, match=says):
            await life.analyse(name, scope=scope, parameters=parameters)
