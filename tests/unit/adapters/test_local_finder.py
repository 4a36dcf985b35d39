from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.adapters.local_finder import CONFIDENCE, LocalFinder
from graphmem.errors import SettingsError
from graphmem.models import Literal, Mention, Role
from tests.values import ONTOLOGY, episode

FINDER = LocalFinder(ONTOLOGY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi! I live in New York.", ("LIVES_IN", "New York")),
        ("I'm originally from Rio de Janeiro, you know.", ("FROM", "Rio de Janeiro")),
        ("I work for Fjord Analytics now", ("WORKS_AT", "Fjord Analytics")),
        ("I work as a head nurse at the clinic.", ("HAS_ROLE", Literal(text="head nurse"))),
        ("I studied at Polar Institute of Design.", ("STUDIED_AT", "Polar Institute of Design")),
        ("I am 34 years old.", ("AGE", Literal(text="34", number=34))),
        ("We have a cat named Miso!", ("HAS_PET", "Miso")),
        ("My dog is called Rex.", ("HAS_PET", "Rex")),
        ("I'm allergic to hazelnuts.", ("ALLERGIC_TO", "hazelnuts")),
        ("My sister is Eleanor.", ("SIBLING_OF", "Eleanor")),
        ("My boss is Ingrid Berg.", ("REPORTS_TO", "Ingrid Berg")),
        ("My daughter's name is Zoë.", ("PARENT_OF", "Zoë")),
    ],
)
def test_what_is_plainly_said_is_found_with_its_quote(text: str, found: tuple[str, str | Literal]) -> None:
    (triple,) = FINDER.find([episode(text)]).triples

    assert (triple.predicate, triple.object) == found
    assert triple.quote in text
    assert (triple.subject, triple.confidence, triple.interval.stated) == ("Ada", CONFIDENCE, False)


@pytest.mark.parametrize(
    "text",
    [
        "Do you think I live in Oslo?",
        "If I live in Oslo, I will ski.",
        "I don't work at Lumen.",
        "I no longer live in Turin: I am not from Turin.",
        "She said I live in Rome.",
        "I wish I live in Rome.",
        "I used to say I work at Lumen.",
        "I live in a small town.",
        "My boss is great.",
        "I'm 34 minutes late.",
    ],
)
def test_what_is_not_plainly_said_is_not_found(text: str) -> None:
    assert FINDER.find([episode(text)]).triples == ()


def test_an_assistant_is_no_source() -> None:
    assert FINDER.find([episode("I live in Oslo.", role=Role.ASSISTANT)]).triples == ()


def test_a_spacy_model_in_a_folder_finds_entities(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": "Oslo"}, {"label": "DATE", "pattern": "Monday"}])
    pipeline.to_disk(tmp_path / "model")

    found = LocalFinder(ONTOLOGY, str(tmp_path / "model")).find([episode("See you in Oslo on Monday.")])

    assert found.mentions == (Mention(name="Oslo", type="Place"),)


def test_a_spacy_model_that_lacks_is_said() -> None:
    with pytest.raises(SettingsError, match="GRAPHMEM_SPACY_MODEL='no_such_model'"):
        LocalFinder(ONTOLOGY, "no_such_model").find([episode("Hello.")])
