"""Neo4j Browser: each saved query on the demo's graph, and what a person sees in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, LiteralString, NoReturn, cast
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from neo4j.graph import Node, Relationship
from neo4j.graph import Path as GraphPath
from playwright.sync_api import Page

from graphmem import Settings
from graphmem.ontology import OWN_LABELS, OWN_TYPES
from scripts import browse, browser_files, demo_graph
from tests.browse import cypher

TIES = {"LIVES_IN", "WORKS_AT", "REPORTS_TO", "SIBLING_OF", "FRIEND_OF", "HAS_PET"}
FINDS: dict[str, tuple[set[str], set[str]]] = {
    "live_view": ({"Ada", "Ben", "Ellie", "Oslo", "Polar Institute of Design", *TIES}, {"Turin", "Marco", "SUBJECT"}),
    "who_is": ({"Ada", "Oslo", "Ingrid", "LIVES_IN", "WORKS_AT"}, {"Lars", "Bergen", "Turin"}),
    "neighbourhood": ({"Ada", "Ingrid", "Lars", "SIBLING_OF"}, {"Lisbon"}),
    "what_is_known": (
        {"Ada lives in Oslo", "Ada lives in Turin", "2024-06-13", "no longer: Ada lives in Turin"},
        set(),
    ),
    "what_changed": (
        {"Ada lives in Turin", "Ada lives in Oslo", "SUPERSEDES", "Ellie lives in Porto"},
        {"Ben met Ingrid"},
    ),
    "why_believed": ({"Ada lives in Oslo", "Ada", "Oslo", "STATED_IN", "SAID_BY"}, {"Ada lives in Turin"}),
    "messages_behind": ({"we moved to Oslo last week", "Ada"}, set()),
    "history_of_fact": (
        {"Ada lives in Turin", "Ada lives in Oslo", "WAS", "Ada says that they moved to Oslo last week."},
        {"Ada reports to Marco"},
    ),
    "how_connected": ({"Ada", "Ingrid", "Lars", "Ben", "Tromsø", "Polar Institute of Design"}, {"Miso"}),
    "what_is_uncertain": (
        {"Ada has a commute of 20 minutes by tram", "DEPENDS_ON", "Ada lives in Turin", "Ada lives in Oslo"},
        {"Ben works as nurse"},
    ),
}


@pytest.fixture(scope="module")
async def demo(neo4j_uri: str) -> AsyncIterator[Settings]:
    """A server with the demo's graph, which goes afterwards."""
    filled = Settings(home=Path(), neo4j_uri=neo4j_uri)
    clear: LiteralString = "MATCH (n {scope: $scope}) DETACH DELETE n"
    cypher(filled, clear, scope=demo_graph.DEMO)
    await demo_graph.fill(filled)
    yield filled
    cypher(filled, clear, scope=demo_graph.DEMO)


def shown(value: Any) -> set[str]:
    """Return what a cell of a result says: names, texts and reasons of nodes, types of relationships, plain values."""
    if isinstance(value, GraphPath):
        return set().union(*map(shown, (*value.nodes, *value.relationships)))
    if isinstance(value, Node):
        return {value[key] for key in ("name", "text", "reason") if key in value}
    return {value.type} if isinstance(value, Relationship) else {str(value)}


@pytest.mark.parametrize("name", FINDS)
def test_a_saved_query_finds_what_it_says(demo: Settings, name: str) -> None:
    query = cast("LiteralString", browse.saved_query(name))
    rows = cypher(demo, query, **{**browse.PARAMETERS, **browse.PICTURES.get(name, {})})
    elsewhere = cypher(demo, query, **{**browse.PARAMETERS, "scope": "demo/nobody"})

    said = set().union(*(shown(value) for row in rows for value in row.values()))
    there, not_there = FINDS[name]
    assert there <= said
    assert not not_there & said
    assert elsewhere == []


def test_the_newer_line_knows_the_saved_queries(neo4j2026_uri: str) -> None:
    newer = Settings(home=Path(), neo4j_uri=neo4j2026_uri)
    for name in FINDS:
        query = cast("LiteralString", browse.saved_query(name))
        assert cypher(newer, query, **{**browse.PARAMETERS, "scope": "demo/nobody"}) == []


def test_every_saved_query_is_tested() -> None:
    assert set(FINDS) == {path.stem for path in browse.QUERIES.glob("*.cypher")}


def missing(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_CHROMIUM"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def page(demo: Settings) -> Iterator[Page]:
    """Neo4j Browser, connected and with the style, in headless Chromium; REQUIRE_CHROMIUM=1: no skip but a failure."""
    chromium = browse.find_chromium()
    if chromium is None:
        missing("no Chromium here: install it (Debian: apt-get install chromium)")
    assert demo.neo4j_uri is not None
    (row,) = cypher(demo, "SHOW SETTINGS YIELD name, value WHERE name = 'server.http.listen_address' RETURN value")
    browser = f"http://{urlsplit(demo.neo4j_uri).hostname}:{row['value'].rpartition(':')[2]}/browser/"
    try:
        urlopen(browser).close()
    except URLError as exc:
        missing(f"no Neo4j Browser answers at {browser}: {exc}")
    with browser_files.serving() as files, browse.opened(browser, demo.neo4j_uri, chromium) as opened:
        browse.dress(opened, files)
        yield opened


def test_a_person_sees_people_places_and_ties_and_no_ledger(page: Page) -> None:
    frame = browse.ask(page, browse.saved_query("live_view"), browse.PARAMETERS)
    frame.get_by_title("Fullscreen").click()
    browse.settle(page, frame)
    seen = browse.seen(frame)

    assert {"Ada", "Ben", "Ellie", "Ingrid", "Lars", "Oslo", "Bergen", "Lisbon", "Fjord Analytics"} <= seen.captions
    # A tie that was laid out short says only the beginning of its type.
    said = [tie.removesuffix("…") for tie in seen.ties if len(tie) > 3]
    assert all(any(name.startswith(tie) for tie in said) for name in ("LIVES_IN", "REPORTS_TO", "BOUGHT"))
    assert TIES | {"Person", "Place", "Organization"} <= seen.legend
    assert not (OWN_LABELS - {"Entity"} | OWN_TYPES) & seen.legend
    assert seen.colours["Ada"] != seen.colours["Oslo"]
    assert seen.colours["Oslo"] == seen.colours["Bergen"]
