from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.models import Fact, Modality, Source
from graphmem.ontology import load_ontology
from graphmem.read.events import event_window
from tests.values import day, fact


def told(quote: str, **more: object) -> Fact:
    source = Source(episode_id="ep_1", quote=quote, subject_surface="Ada", object_surface="Oslo")
    return fact(**{"stated": True, "sources": (source,), **more})


NOW = day("2025-01-01")
ONTOLOGY = load_ontology()
MOVED = told("We moved to Oslo last week")
WED = told("our wedding was lovely", value="Tom", since="2022-05-01", predicate="ATTENDED", event=True)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("Where did Ada live before the move?", None, "2024-06-20"),
        ("Who was her boss until they moved to Oslo?", None, "2024-06-20"),
        ("What has she bought since the move?", "2024-06-20", None),
        ("What did she do after the wedding, apart from work?", "2022-05-01", None),
        ("What rained during the wedding?", "2022-05-01", "2022-05-02"),
    ],
)
def test_an_event_among_the_facts_opens_or_closes_a_stretch_of_time(
    question: str, start: str | None, end: str | None
) -> None:
    window = event_window(question, [MOVED, WED], NOW, ONTOLOGY)

    assert window is not None
    assert (window.start, window.end) == (start and day(start), end and day(end))


@pytest.mark.parametrize(
    ("question", "end"),
    [
        ("Where did Ada live before the move?", "2024-06-13"),
        ("Where did Ada work before she moved to Oslo?", "2024-06-13"),
        ("Where did Ada work before she moved to Turin?", "2022-03-01"),
        ("Where did Ben live before the move?", "2024-09-01"),
        ("What did Ada do before the wedding?", "2020-05-01"),
        ("Where did Ada live before the flood?", None),
    ],
)
def test_the_last_fact_that_people_would_call_so_is_the_event(question: str, end: str | None) -> None:
    homes = [("Ada", "Turin", "2022-03-01"), ("Ada", "Oslo", "2024-06-13"), ("Ben", "Kiel", "2024-09-01")]
    lived = [fact(subject=who, value=home, since=since, stated=True) for who, home, since in homes]
    wed = fact(value="Tom", since="2020-05-01", predicate="MARRIED_TO", stated=True)

    window = event_window(question, [*lived, wed], NOW, ONTOLOGY)

    assert (window and window.end) == (end and day(end))


@pytest.mark.parametrize(
    "question",
    [
        "Where did Ada live before 2023?",
        "Where did Ada live before the flood?",
        "Where does Ada live?",
        "Where was she before it?",
    ],
)
def test_a_date_or_what_nobody_told_of_is_no_event(question: str) -> None:
    assert event_window(question, [MOVED, WED], NOW, ONTOLOGY) is None


def test_what_was_only_planned_or_has_no_date_is_no_event() -> None:
    planned = replace(MOVED, modality=Modality.PLANNED)
    undated = told("We moved to Oslo last week", stated=False)

    assert event_window("Where did Ada live before the move?", [planned, undated], NOW, ONTOLOGY) is None


def test_what_is_to_be_forgotten_or_was_not_believed_then_is_no_event() -> None:
    forgotten = replace(MOVED, forgotten_at=day("2024-12-15"))

    assert event_window("Where did Ada live before the move?", [forgotten], NOW, ONTOLOGY) is None
    assert event_window("Where did Ada live before the move?", [MOVED], day("2024-11-01"), ONTOLOGY) is None


@pytest.mark.parametrize(("at", "fits"), [("2024-06-19", 1.0), ("2024-06-20", 0.0), ("1990-01-01", 1.0)])
def test_a_stretch_that_is_open_has_nothing_beside_it(at: str, fits: float) -> None:
    window = event_window("Where did Ada live before the move?", [MOVED], NOW, ONTOLOGY)

    assert window is not None
    assert window.fit(day(at)) == fits
