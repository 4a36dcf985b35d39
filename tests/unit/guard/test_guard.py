"""The first fence alone: what is refused, with its place, and what is written in place of the caller's query."""

from __future__ import annotations

import re

import pytest
from lark import Tree

from graphmem.errors import CypherRefused
from graphmem.guard.parse import parse
from graphmem.guard.rewrite import Guarded, guard
from tests.guard.corpus import MINE, Attack, Honest, attacks, honest

REFUSED = [a for a in attacks() if a.kind not in {"scope", "resource"}]


def rewritten(query: str, **parameters: object) -> Guarded:
    return guard(query, [MINE], parameters)


@pytest.mark.parametrize("attack", REFUSED, ids=lambda attack: f"{attack.kind}: {attack.name}")
def test_what_is_more_than_reading_is_refused(attack: Attack) -> None:
    with pytest.raises(CypherRefused) as refused:
        guard(attack.query, [MINE], attack.parameters)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("shortest", [True, False])
@pytest.mark.parametrize("asked", honest(), ids=lambda asked: asked.name)
def test_nothing_of_the_callers_text_goes_to_the_store(asked: Honest, shortest: bool) -> None:
    written = guard(asked.query, [MINE], asked.parameters, shortest=shortest)

    assert not re.search(r"['\"\\]|//|/\*", written.text)
    assert not set(asked.parameters) & set(written.parameters)
    matched = len(re.findall(r"\bMATCH\b", written.text))
    assert written.text.count("$scope") >= matched


ACCEPTED = [(a.name, a.query, a.parameters) for a in (*honest(), *attacks())]


@pytest.mark.parametrize("shortest", [True, False])
def test_every_node_that_a_written_query_matches_is_asked_for_its_scope(shortest: bool) -> None:
    """The text that goes to the store is read again, by the same grammar, and its patterns are looked through."""
    looked = 0
    for name, query, parameters in ACCEPTED:
        try:
            written = guard(query, [MINE], parameters, shortest=shortest)
        except CypherRefused:
            continue
        tree = parse(written.text)
        nodes = {str(node.children[0]) for kind in ("node", "pattern") for node in tree.find_data(kind)}
        scoped = {
            str(one.children[0].children[0])
            for one in tree.find_data("postfix")
            if isinstance(one.children[0], Tree) and one.children[0].data == "variable" and _is_scope(one.children[-1])
        }
        assert nodes <= scoped, name
        looked += 1
    assert looked > 250


def _is_scope(step: object) -> bool:
    return isinstance(step, Tree) and step.data == "property" and str(step.children[0]) == "scope"


def test_a_query_is_written_anew() -> None:
    written = rewritten("MATCH (p:Person {name: 'Ada'})-->() WHERE p.age > $age RETURN p.name, count(*) AS n", age=3)

    assert written.text == (
        "MATCH (v0:`Person` {`name`: $s0})-->(g1) WHERE v0.scope = $scope AND g1.scope = $scope "
        "AND (v0.`age` > $p_v1) RETURN v0.`name` AS g2, count(*) AS v2"
    )
    assert written.parameters == {"scope": MINE, "s0": "Ada", "p_v1": 3}
    assert written.columns == ("p.name", "n")


def test_conditions_that_may_fail_are_asked_of_ones_own_only() -> None:
    written = rewritten("MATCH (e:Episode) WHERE 1 / size(e.text) = 1 RETURN e.text AS text")

    assert "CASE WHEN v0.scope = $scope THEN" in written.text


def test_every_node_of_a_path_of_any_length_is_asked_about() -> None:
    written = rewritten("MATCH (a:Person)-[:KNOWS*1..3]->(b) RETURN b.name AS name")

    assert "all(g2 IN nodes(g1) WHERE g2.scope = $scope)" in written.text


def test_a_pattern_in_an_expression_becomes_a_subquery() -> None:
    written = rewritten("MATCH (p:Person) WHERE NOT (p)-[:LIVES_IN]->() RETURN p.name AS name")

    assert "NOT EXISTS { MATCH (v0)-[:`LIVES_IN`]->(g1) WHERE v0.scope = $scope AND g1.scope = $scope }" in written.text


def test_several_scopes_are_a_list() -> None:
    written = guard("MATCH (n) RETURN count(*) AS n", ["test/a", "test/b"])

    assert "v0.scope IN $scope" in written.text
    assert written.parameters["scope"] == ["test/a", "test/b"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("MATCH (n)\nDELETE n", "line 2, column 1: DELETE changes the graph"),
        ("CALL db.labels()", "line 1, column 6: procedures are not allowed"),
        ("RETURN rand() AS x", "line 1, column 8: the function 'rand'"),
        ("MATCH (n) RETURN m.name AS name", "line 1, column 18: 'm' is not defined"),
        ("MATCH (n)", "ends too early"),
        ("MATCH (a), (b {name: a.text}) RETURN b", "'a' is not defined here"),
        ("MATCH (n) RETURN n LIMIT 1 + 1", "SKIP and LIMIT|not expected"),
        ("RETURN $x AS x", "no value is given for the parameter 'x'"),
        ("UNWIND range(1, 1000000) AS n RETURN n", "ranges of more than"),
        ("WITH 3 AS n RETURN range(1, n) AS l", "whole numbers"),
        ("RETURN 'aaa' =~ '(a+)+' AS x", "regular expression"),
        ("RETURN reduce(s = 'a', i IN [1] | s + s) AS s", "reduce may use 's' once"),
        ("WITH [1] AS l RETURN [a IN l | [b IN l | [c IN l | 1]]] AS n", "2 deep; use UNWIND"),
        ("RETURN " + "9" * 19_000 + " AS n", "beyond 64 bits"),
        ("RETURN ٣ AS n", "no part of Cypher"),
        ("WITH 1 AS a " * 101 + "RETURN a", "more than 100 clauses"),
        ("RETURN 1 AS a UNION RETURN 2 AS b", "same columns"),
        ("WITH 1 + 1 RETURN 2 AS x", "needs a name"),
        ("RETURN '" + "a" * 20_000 + "' AS a", "at most 20000"),
        ("RETURN " + "(" * 30 + "1" + ")" * 30 + " AS a", "nested more than"),
    ],
)
def test_a_refusal_says_where_and_why(query: str, words: str) -> None:
    with pytest.raises(CypherRefused, match=words):
        guard(query, [MINE])


@pytest.mark.parametrize("value", [object(), {1: 2}, 2**70, "\ud800", ["x"] * 30_000, float])
def test_a_parameter_that_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(CypherRefused, match="parameter"):
        rewritten("RETURN $x AS x", x=value)


def test_what_doubles_again_and_again_is_refused() -> None:
    clauses = " ".join("WITH a + a AS a" for _ in range(40))

    with pytest.raises(CypherRefused, match="too large"):
        rewritten(f"WITH 'x' AS a {clauses} RETURN a")
