"""What Neo4j Browser is given: the style leaves nothing out, and the guide asks what the saved queries ask."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from graphmem.ontology import OWN_LABELS, OWN_TYPES, load_ontology
from scripts.browser_files import FOLDER, serving

QUERIES = sorted((FOLDER / "queries").glob("*.cypher"))
STYLE = (FOLDER / "style.grass").read_text(encoding="utf-8")


def body(path: Path) -> str:
    return "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("//"))


def diameter(label: str) -> int:
    found = re.search(rf"^node\.{label} \{{[^}}]*  diameter: (\d+)px;", STYLE, re.MULTILINE)
    assert found, label
    return int(found[1])


def test_every_label_and_every_relationship_of_the_ledger_has_its_style() -> None:
    rules = re.findall(r"^([\w.]+) \{$", STYLE, re.MULTILINE)

    assert {f"node.{t}" for t in (*load_ontology().types, *OWN_LABELS)} <= set(rules)
    assert {f"relationship.{t}" for t in OWN_TYPES} == {r for r in rules if r.startswith("relationship.")}
    # A later rule wins, so what is said of all comes first; Neo4j Browser's reader knows no comments.
    assert rules[:2] == ["node", "node.Entity"]
    assert rules.index("relationship") < min(rules.index(f"relationship.{t}") for t in OWN_TYPES)
    assert len(rules) == len(set(rules))
    assert "/*" not in STYLE


def test_the_ledger_is_smaller_than_what_people_look_for() -> None:
    ledger = max(diameter(label) for label in OWN_LABELS - {"Entity"})

    assert all(diameter(t) > ledger for t in load_ontology().types)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_saved_query_says_what_it_shows_and_which_parameters_it_takes(path: Path) -> None:
    title, parameters, *_ = path.read_text(encoding="utf-8").splitlines()

    assert re.match(rf"// {path.stem}: \w", title)
    assert parameters.startswith("// :params {scope: 'default/ada'")
    assert set(re.findall(r"(\w+): ", parameters)) - {"params"} == set(re.findall(r"\$(\w+)", body(path)))
    assert "$scope" in body(path)


def test_the_guide_asks_every_saved_query() -> None:
    guide = html.unescape((FOLDER / "guide.html").read_text(encoding="utf-8"))
    blocks = re.findall(r'<pre class="pre-scrollable code runnable">(.*?)</pre>', guide, re.DOTALL)
    asked = [b for b in blocks if not b.startswith((":params", "MATCH (s:Scope)"))]

    assert sorted(asked) == sorted(body(path) for path in QUERIES)
    for question in ("Who is this user?", "What changed this year?", "Why do we believe this?"):
        assert question in guide
    for question in ("How are these two connected?", "What is uncertain?"):
        assert question in guide


def test_another_address_may_read_the_files() -> None:
    with serving() as address:
        with urlopen(Request(f"{address}/style.grass", method="OPTIONS")) as asked:
            allowed = asked.headers["Access-Control-Allow-Origin"], asked.headers["Access-Control-Allow-Headers"]
        with urlopen(f"{address}/style.grass") as answer:
            read = answer.read().decode("utf-8")

    assert allowed == ("*", "*")
    assert read == STYLE
