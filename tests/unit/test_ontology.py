from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.errors import OntologyError
from graphmem.ontology import Paraphrases, load_ontology

OWN = """
types = ["Person", "Thing", "Ship"]
[predicates]
NOTED = { cardinality = "many", kind = "event", object = "text", phrase = "noted:" }
RELATED_TO = { cardinality = "many", kind = "state", object = ["Thing"], phrase = "is related to" }
"""


def test_the_own_ontology_has_what_graphmem_needs() -> None:
    ontology = load_ontology()

    assert ontology.predicate("LIVES_IN").exclusive
    assert not ontology.predicate("HAS_PET").exclusive
    assert ontology.predicate("REPORTS_TO").inverse == "MANAGES"
    assert ontology.predicate("TELEPORTED").name == "RELATED_TO"
    assert ontology.type("Spaceship") == "Thing"


def test_users_bring_their_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        OWN + 'CAPTAIN_OF = { cardinality = "one", kind = "state", object = ["Ship"], phrase = "commands" }\n'
    )

    assert load_ontology(path).predicate("CAPTAIN_OF").objects == ("Ship",)


def test_paraphrases_are_the_users_or_those_of_a_predicate_of_the_same_name_and_phrase(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        OWN
        + 'CAPTAIN_OF = { cardinality = "one", kind = "state", object = ["Ship"], phrase = "commands" }\n'
        + 'LIVES_IN = { cardinality = "one", kind = "state", object = ["Thing"], phrase = "lives in" }\n'
        + 'OWNS = { cardinality = "one", kind = "state", object = ["Thing"], phrase = "possesses" }\n'
        + 'KNOWS = { cardinality = "one", kind = "state", object = ["Person"], phrase = "knows" }\n'
        + '[paraphrases.CAPTAIN_OF]\nsubject = ["Who has the helm of {x}?"]\n'
        + '[paraphrases.KNOWS]\nobject = ["an acquaintance of {x}"]\n'
    )
    own, carried = load_ontology(path), load_ontology()

    assert own.predicate("CAPTAIN_OF").paraphrases == Paraphrases(subject=("Who has the helm of {x}?",))
    assert own.predicate("KNOWS").paraphrases == Paraphrases(object=("an acquaintance of {x}",))
    assert own.predicate("LIVES_IN").paraphrases == carried.predicate("LIVES_IN").paraphrases != Paraphrases()
    assert own.predicate("OWNS").paraphrases == Paraphrases()


def test_the_packages_paraphrases_are_read_when_they_are_first_asked_for() -> None:
    code = (
        "import sys\n"
        "from graphmem.ontology import load_ontology\n"
        "read = []\n"
        "sys.addaudithook(lambda event, given: event == 'open' and read.append(str(given[0]).rpartition('/')[2]))\n"
        "home = load_ontology().predicate('LIVES_IN')\n"
        "print(*read, len(home.paraphrases.object) > 9, *read)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    first, second = [re.findall(r"\w+\.toml", part) for part in done.stdout.split("True")]
    assert first == ["ontology.toml"]
    assert second == ["ontology.toml", "ontology.toml", "paraphrases.toml"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('SUBJECT = { cardinality = "one", kind = "state", object = "text", phrase = "x" }', "SUBJECT"),
        ('bad = { cardinality = "one", kind = "state", object = "text", phrase = "x" }', "bad"),
        ('"A]->() DETACH DELETE n" = { cardinality = "one", kind = "state", object = "text", phrase = "x" }', "DELETE"),
        ('A = { cardinality = "one", kind = "state", object = ["Car"], phrase = "x" }', "Car"),
        ('A = { cardinality = "one", kind = "state", object = "text", phrase = "x", inverse = "B" }', "B"),
        ('A = { cardinality = "one", kind = "state", object = "text", phrase = "x", property = "name" }', "name"),
        (
            'A = { cardinality = "one", kind = "state", object = "text", phrase = "x", rests_on = ["B"] }\n'
            'B = { cardinality = "one", kind = "state", object = "text", phrase = "x", rests_on = ["A"] }',
            "rest on each other",
        ),
        ('A = { cardinality = "two", kind = "state", object = "text", phrase = "x" }', "cardinality"),
        ("A = 1", "A"),
        ("A = ", "own.toml"),
        ('[paraphrases.SAILS]\nobject = ["the boat of {x}"]', "SAILS"),
        ('[paraphrases.RELATED_TO]\nobject = ["somebody"]', "somebody"),
        ('[paraphrases.NOTED]\nsubject = ["the writer of {x}"]', "NOTED"),
        ('[paraphrases.RELATED_TO]\nobjects = ["a kin of {x}"]', "objects"),
    ],
)
def test_names_that_may_not_reach_cypher_and_unfit_paraphrases_are_refused(
    tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"{OWN}{line}\n")

    with pytest.raises(OntologyError, match=says):
        load_ontology(path)


def test_what_graphmem_needs_may_not_lack(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('types = ["Person"]\n[predicates]\n')

    with pytest.raises(OntologyError, match="NOTED"):
        load_ontology(path)
