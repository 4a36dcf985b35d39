"""Queries of users on every engine: honest ones are answered as if they were alone, attacks see and do nothing."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Scope, Settings
from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.demo.run import demo_settings, sample
from graphmem.errors import CypherRefused, GraphMemError, InvalidInput, QueryFailed, StoreExhausted, StoreTimeout
from graphmem.guard.rewrite import Guarded
from graphmem.house.upkeep import backup_store, restore_store
from graphmem.intake.messages_json import read_messages
from graphmem.wiring import connection, connector
from tests.browse import cypher
from tests.conftest import ENGINES
from tests.counts import FULL
from tests.guard.corpus import MINE, OTHER, Attack, Honest, attacks, honest

MINE_SCOPE = Scope(user="mine", tenant="test")
CANARY = f"""
CREATE (w:Entity:Organization {{id: 'en_cw', scope: '{OTHER}', name: 'Canary Works', type: 'Organization'}})
CREATE (c:Entity:Person {{id: 'en_co', scope: '{OTHER}', name: 'Canary Otherwise', type: 'Person'}})
CREATE (e:Episode {{id: 'ep_c', scope: '{OTHER}', text: 'My canary secret is 4711', speaker: 'Canary Otherwise'}})
CREATE (f:Fact {{id: 'fa_c', scope: '{OTHER}', text: 'Canary Otherwise works at Canary Works', predicate: 'WORKS_AT'}})
CREATE (x:Scope {{id: '{OTHER}', scope: '{OTHER}', version: 4711}})
CREATE (c)-[:WORKS_AT {{scope: '{OTHER}', fact_id: 'fa_c'}}]->(w), (f)-[:SUBJECT]->(c), (f)-[:OBJECT]->(w)
CREATE (f)-[:STATED_IN {{quote: 'canary 4711'}}]->(e), (e)-[:MENTIONS]->(c)
WITH c
MATCH (a:Entity {{name: 'Ada', scope: '{MINE}'}}), (l:Entity {{name: 'Miso', scope: '{MINE}'}})
CREATE (a)-[:KNOWS {{scope: '{MINE}', why: 'canary bridge'}}]->(c)
CREATE (l)-[:KNOWS {{scope: '{MINE}', why: 'canary bridge'}}]->(c)
RETURN count(*) AS made
"""
COUNTED = """
MATCH (n) OPTIONAL MATCH (n)-[r]->()
RETURN count(DISTINCT n) AS nodes, count(r) AS ties, sum(size(keys(n))) AS held,
       sum(size(coalesce(n.name, '') + coalesce(n.text, ''))) AS letters
"""


@dataclass(frozen=True, slots=True)
class House:
    """A store with one's own scope and a canary: as a memory, one of little patience, its store and settings."""

    memory: Memory
    hasty: Memory
    store: BoltStore
    settings: Settings
    engine: str


@pytest.fixture(scope="module")
async def alone(
    tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder
) -> AsyncIterator[tuple[Settings, Path]]:
    """An embedded store that holds the sample conversation and nothing else, and a backup of it."""
    home = tmp_path_factory.mktemp("alone")
    settings = replace(demo_settings(Settings(home=home), home / "home"), tenant="test")
    async with Memory.open(settings, embedder=embedder) as memory:
        await memory.add(read_messages(sample() / "conversation.json"), scope=MINE_SCOPE)
        await backup_store(settings, home / "mine.jsonl")
        yield settings, home / "mine.jsonl"


@pytest.fixture(scope="module", params=ENGINES)
async def house(
    request: pytest.FixtureRequest,
    alone: tuple[Settings, Path],
    tmp_path_factory: pytest.TempPathFactory,
    embedder: LocalEmbedder,
    monkeypatch_module: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    """One's own scope beside the canary's, on each engine."""
    # What nobody waits for any more ends soon on the embedded store too.
    monkeypatch_module.setenv("GRAPHMEM_EMBEDDED_TIMEOUT_MS", "3000")
    home = tmp_path_factory.mktemp("guarded")
    uri = None if request.param == "embedded" else request.getfixturevalue(f"{request.param}_uri")
    settings = Settings(home=home / "home", neo4j_uri=uri, tenant="test", cypher_timeout=2.5)
    await restore_store(settings, alone[1])
    hasty = replace(settings, cypher_timeout=0.7)
    async with Memory.open(settings, embedder=embedder) as memory, Memory.open(hasty, embedder=embedder) as impatient:
        assert cypher(settings, CANARY) == [{"made": 1}]
        store = BoltStore(connector(settings), connection(settings))
        await store.connect()
        yield House(memory, impatient, store, settings, request.param)
        await store.close()
        cypher(settings, f"MATCH (n {{scope: '{OTHER}'}}) DETACH DELETE n")
        await memory.erase(scope=MINE_SCOPE)


@pytest.fixture
async def lean(house: House, embedder: LocalEmbedder) -> AsyncIterator[Memory]:
    """The house's memory, with results of up to 100 kB."""
    async with Memory.open(replace(house.settings, result_bytes=100_000), embedder=embedder) as memory:
        yield memory


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize("asked", honest(), ids=lambda asked: asked.name)
async def test_an_honest_query_is_answered_as_on_a_store_of_ones_own(
    asked: Honest, house: House, alone: tuple[Settings, Path]
) -> None:
    answer = await house.memory.cypher(asked.query, scope=MINE_SCOPE, parameters=asked.parameters)
    expected = [list(map(_told, row.values())) for row in cypher(alone[0], asked.query, **asked.parameters)]

    found = [list(map(_told, row)) for row in answer.rows]
    assert len(found) >= asked.rows
    if not asked.ordered:
        found, expected = sorted(found, key=str), sorted(expected, key=str)
    assert found == expected
    assert not answer.truncated


ASKED = [a for a in attacks() if a.kind in {"scope", "resource"}]


async def test_numbers_that_json_has_not_come_as_text(house: House) -> None:
    query = "RETURN 0.0/0.0 AS a, 1.0/0.0 AS b, [-1.0/0.0] AS c"

    answer = await house.memory.cypher(query, scope=MINE_SCOPE)

    assert answer.rows == (("NaN", "PosInfinity", ["NegInfinity"]),)


async def test_a_time_before_the_year_1_is_told_or_refused_in_words(house: House) -> None:
    try:
        answer = await house.memory.cypher("RETURN date({year: -5}) AS then", scope=MINE_SCOPE)
        told = answer.rows[0][0]
    except QueryFailed as refused:
        told = str(refused)

    assert told == "-0005-01-01" or "years 1 to 9999" in told


async def test_no_attack_sees_the_canary_or_changes_anything(house: House) -> None:
    before = cypher(house.settings, COUNTED)
    leaks: list[str] = []
    answered = 0
    asked = ASKED if FULL else ASKED[ENGINES.index(house.engine) :: len(ENGINES)]
    for attack in asked:
        told = await _outcome(house, attack)
        answered += told is not None
        if told is not None and _leaks(told, attack):
            leaks.append(f"{attack.name}: {told[:300]}")

    assert leaks == []
    assert answered > len(asked) / 4, "many of them ask no more than what is one's own"
    assert cypher(house.settings, COUNTED) == before


async def _outcome(house: House, attack: Attack) -> str | None:
    """Return all that the caller gets to see, nothing where the query is refused."""
    try:
        memory = house.hasty if attack.kind == "resource" else house.memory
        answer = await memory.cypher(attack.query, scope=MINE_SCOPE, parameters=attack.parameters, limit=500)
    except CypherRefused:
        return None
    except (QueryFailed, StoreExhausted, StoreTimeout) as exc:
        return str(exc)
    return json.dumps(answer.rows, ensure_ascii=False)


def _leaks(told: str, attack: Attack) -> bool:
    """Tell whether words of the canary are told, but those that the query itself brought."""
    words = told.lower()
    if re.search(r"(?<![0-9a-f.-])4711(?![0-9a-f])", words):
        return True
    return "canary" in words if "canary" not in attack.query.lower() else "otherwise" in words or "works" in words


async def test_the_second_fence_alone_writes_nothing(house: House) -> None:
    before = cypher(house.settings, COUNTED)
    refused = 0
    writes = [a for a in attacks() if a.kind == "write"]
    for attack in writes:
        query = Guarded(text=attack.query, parameters=attack.parameters, columns=(), written=())
        try:
            await house.store.ask(query, 10)
        except GraphMemError:
            refused += 1

    assert cypher(house.settings, COUNTED) == before
    assert refused > len(writes) * 0.8, "the others are answered, and write nothing"


async def test_what_takes_too_long_is_ended(house: House) -> None:
    with pytest.raises(StoreTimeout, match="GRAPHMEM_CYPHER_TIMEOUT"):
        await house.hasty.cypher(
            "MATCH (a), (b), (c), (d) WHERE a.text + b.text + c.text + d.text = 'x' RETURN count(*) AS n",
            scope=MINE_SCOPE,
        )

    answer = await house.memory.cypher("MATCH (n:Person) RETURN n.name AS name ORDER BY name", scope=MINE_SCOPE)
    assert ("Ada",) in answer.rows


async def test_rows_are_cut_off_and_that_is_said(house: House) -> None:
    answer = await house.memory.cypher("UNWIND range(1, 100) AS n RETURN n", scope=MINE_SCOPE, limit=7)

    assert answer.rows == tuple((n,) for n in range(1, 8))
    assert answer.truncated
    with pytest.raises(InvalidInput, match="limit"):
        await house.memory.cypher("RETURN 1 AS n", scope=MINE_SCOPE, limit=0)


async def test_rows_that_are_too_large_together_are_cut_off_and_that_is_said(lean: Memory) -> None:
    query = "UNWIND range(1, 30) AS n RETURN n, $text AS text"
    answer = await lean.cypher(query, scope=MINE_SCOPE, parameters={"text": "x" * 20_000})

    assert answer.rows == tuple((n, "x" * 20_000) for n in (1, 2, 3, 4))
    assert answer.truncated


@pytest.mark.parametrize("collected", ["$text", "[n, 'as', 'many', 'small', 'values', 'as', 'may', 'be']"])
async def test_a_single_row_that_is_too_large_is_refused_in_words(collected: str, lean: Memory) -> None:
    query = f"UNWIND range(1, 3000) AS n RETURN collect({collected}) AS all"

    with pytest.raises(QueryFailed, match="GRAPHMEM_RESULT_BYTES"):
        await lean.cypher(query, scope=MINE_SCOPE, parameters={"text": "x" * 2_000})


async def test_vectors_that_are_not_shown_do_not_count(lean: Memory) -> None:
    answer = await lean.cypher("MATCH (e:Episode) RETURN e LIMIT 40", scope=MINE_SCOPE)

    assert len(answer.rows) == 40
    assert not answer.truncated


async def test_nodes_ties_and_paths_come_in_one_form(house: House) -> None:
    query = "MATCH p = (a:Person {name: 'Ada'})-[r:LIVES_IN]->(c) RETURN a, r, p, r.valid_at AS since, c.name"
    answer = await house.memory.cypher(query, scope=MINE_SCOPE)

    ((ada, lives, path, since, city),) = answer.rows
    assert answer.columns == ("a", "r", "p", "since", "c.name")
    assert (ada["labels"], ada["properties"]["name"]) == (["Entity", "Person"], "Ada")
    assert (lives["type"], lives["properties"]["valid_at"]) == ("LIVES_IN", "2024-06-13T00:00:00Z")
    assert [n["properties"]["name"] for n in path["nodes"]] == ["Ada", "Oslo"]
    assert (since, city) == ("2024-06-13T00:00:00Z", "Oslo")
    ((fact,),) = (await house.memory.cypher("MATCH (f:Fact) RETURN f LIMIT 1", scope=MINE_SCOPE)).rows
    assert fact["labels"] == ["Fact"]
    assert "embedding" not in fact["properties"]


async def test_several_scopes_are_asked_at_once(house: House) -> None:
    query = "MATCH (n:Person)-[:KNOWS]->(m) RETURN n.name AS name, m.name AS known ORDER BY name"
    both = await house.memory.cypher(query, scope=[MINE_SCOPE, Scope(user="other", tenant="test")])

    assert both.rows == (("Ada", "Canary Otherwise"),)
    assert (await house.memory.cypher(query, scope=MINE_SCOPE)).rows == ()


async def test_an_error_of_the_store_tells_nothing_of_others(house: House) -> None:
    divides = (
        "MATCH (e:Episode) WHERE 1 / (CASE WHEN e.text CONTAINS '4711' THEN 0 ELSE 1 END) = 1 RETURN count(*) AS n"
    )
    assert (await house.memory.cypher(divides, scope=MINE_SCOPE)).rows[0][0] > 0

    with pytest.raises(QueryFailed) as failed:
        await house.memory.cypher("MATCH (e:Episode) RETURN datetime(e.text) AS x", scope=MINE_SCOPE)
    assert "Turin" not in str(failed.value)
    assert "text" not in str(failed.value)


async def test_what_fails_in_the_braces_of_a_pattern_tells_nothing_of_others(house: House) -> None:
    for name in ("Canary Otherwise", "Canary Nobody"):
        query = (
            "UNWIND [0] AS z MATCH (:Person {name: 'Ada'})-[:KNOWS]->(b {name: $name, x: 1 / z}) RETURN b.name AS name"
        )
        answer = await house.memory.cypher(query, scope=MINE_SCOPE, parameters={"name": name})
        assert answer.rows == ()


async def test_values_nested_too_deep_are_an_error_in_words(house: House) -> None:
    deeper = "WITH [[[[[[[[[[a]]]]]]]]]] AS a "

    with pytest.raises((QueryFailed, StoreExhausted, StoreTimeout)):
        await house.memory.cypher("WITH [] AS a " + deeper * 90 + "RETURN a", scope=MINE_SCOPE)


def _told(value: Any) -> Any:
    """Return a value as both ways of asking tell it."""
    if hasattr(value, "iso_format"):
        return value.iso_format()
    return [_told(v) for v in value] if isinstance(value, list) else value
