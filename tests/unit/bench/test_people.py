from __future__ import annotations

import numpy as np

from graphmem.bench.people import SENTENCES, draw_graph, each_of, person, told_sentences
from graphmem.models import OPEN_END


def test_no_two_people_have_one_name() -> None:
    assert len({person(n) for n in range(25_000)}) == 25_000


def test_as_many_sentences_of_each_kind() -> None:
    assert len(told_sentences(each_of(100_000), np.random.default_rng(1))) == SENTENCES
    assert len(told_sentences(each_of(10), np.random.default_rng(1))) == SENTENCES // 20 // 8 * 8


def test_a_home_ends_when_the_next_one_begins() -> None:
    graph = draw_graph(80, 12, np.random.default_rng(1))

    assert len(graph.facts) == 80
    followed = [(f, graph.facts[f.supersedes]) for f in graph.facts if f.supersedes is not None]
    assert len(followed) == 20
    assert all(old.end == new.start and old.start < old.end and new.end == OPEN_END for new, old in followed)
    assert all((old.subject, old.predicate) == (new.subject, new.predicate) for new, old in followed)


def test_all_that_is_named_is_an_entity() -> None:
    for hub in (False, True):
        graph = draw_graph(100, 12, np.random.default_rng(1), hub=hub)

        assert {n for f in graph.facts for n in (f.subject, f.object) if n} <= set(graph.entities)
        assert all(f.subject != f.object for f in graph.facts)
        assert all(0 <= f.sentence < 12 * 8 for f in graph.facts)


def test_all_facts_of_a_hub_are_about_one_person() -> None:
    graph = draw_graph(100, 12, np.random.default_rng(1), hub=True)

    assert {f.subject for f in graph.facts} == {graph.people[0]}
