from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphmem.adapters.queries import DIALECTS, cypher_root, load_analyses, load_migrations, load_queries, schema_format
from graphmem.errors import QueryError

HERE = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("read/a.cypher", "MATCH (n {scope: $scope}) RETURN n", "first line"),
        ("read/a.cypher", "// b: another name\nMATCH (n {scope: $scope}) RETURN n", "first line"),
        ("read/a.cypher", "// a: empty\n", "no query"),
        ("read/a.cypher", "// a: for all\nMATCH (n) RETURN n", "scope"),
        ("read/a.cypher", "// a: in a comment only\n// $scope\nMATCH (n) RETURN n", "scope"),
        ("read/a.cypher", "// a: free      scope: none\nMATCH (n) RETURN n", "admin"),
        ("write/a.cypher", "// a: odd\nMATCH (n:{{NAME}} {scope: $scope}) RETURN n", "NAME"),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text)

    with pytest.raises(QueryError, match=says):
        load_queries("arcadedb", tmp_path)


def test_two_queries_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("read", "write"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.cypher").write_text("// a: twice\nMATCH (n {scope: $scope}) RETURN n")

    with pytest.raises(QueryError, match="already"):
        load_queries("arcadedb", tmp_path)


def test_only_checked_names_stand_in_a_query() -> None:
    queries = load_queries("arcadedb")

    assert ":LIVES_IN {" in queries.text("draw_live", {"TYPE": "LIVES_IN"})
    for names in ({"TYPE": "LIVES_IN]->() DETACH DELETE n"}, {"TYPE": ""}, {"LABEL": "Person"}, {}):
        with pytest.raises(QueryError):
            queries.text("draw_live", names)
    with pytest.raises(QueryError, match="no query"):
        queries.text("drop_everything")


def test_several_queries_are_asked_as_one_each_with_its_own_parameters() -> None:
    queries = load_queries("neo4j2026")
    near = ("near_episodes", {"limit": 60})
    nearest = ("nearest_facts", {"limit": 30, "known": "2024-06-01T00:00:00Z"})

    text, given = queries.joined([near, nearest], {"scopes": ["default/ada"], "vector": [1.0]})

    assert text.startswith("CYPHER 25\n"), "what one part needs, the whole is written in"
    assert text.count("CYPHER 25") == 1
    assert text.endswith("RETURN [rows0, rows1] AS rows")
    assert "LIMIT $of0_limit" in text
    assert "LIMIT $of1_limit" in text
    assert set(re.findall(r"\$(\w+)", re.sub("//.*", "", text))) == set(given)
    assert given == {
        "scopes": ["default/ada"],
        "vector": [1.0],
        "of0_limit": 60,
        "of1_limit": 30,
        "of1_known": "2024-06-01T00:00:00Z",
    }


def test_parameters_are_as_given_but_lists_are_not_written_out() -> None:
    _, given = load_queries("neo4j2026").prepared(
        "facts_near", None, {"scopes": ["a/b"], "ids": [], "vector": [0.5] * 384}
    )

    assert given == {"scopes": ["a/b"], "ids": [], "vector": [0.5] * 384}
    assert repr(given["vector"]) == "[384 values]", "the driver writes it for its log"


def test_a_query_that_may_return_no_row_is_not_asked_beside_others() -> None:
    with pytest.raises(QueryError, match="facts_at does not end with AS rows"):
        load_queries("neo4j2026").joined([("scope_sizes", {"most": 1}), ("facts_at", {})], {"scopes": []})


def test_every_query_is_asked_by_the_program() -> None:
    program = "\n".join(p.read_text(encoding="utf-8") for p in (HERE / "graphmem").rglob("*.py"))
    asked = set(re.findall(r'"([a-z_]+)"', program))

    for dialect in DIALECTS:
        assert set(load_queries(dialect).texts) <= asked | set(load_analyses())


def test_every_dialect_has_the_same_queries() -> None:
    names = [set(load_queries(dialect).texts) for dialect in DIALECTS]

    assert names == [names[0]] * len(names)


def test_migrations_run_common_first_and_only_those_that_lack() -> None:
    names = [m.name for m in load_migrations("arcadedb")]

    assert names[:2] == ["common/0001_start", "arcadedb/0001_start"]
    assert list(load_migrations("neo4j526", after=schema_format("neo4j526"))) == []
    assert (cypher_root() / "schema").is_dir()
