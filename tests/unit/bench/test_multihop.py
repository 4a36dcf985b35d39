"""The multi-hop questions are what they say: own words, two halves apart, one right answer each."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphmem.bench.multihop_graph import Told, generate_graph, parts
from graphmem.bench.multihop_phrasings import HALVES, Phrasings, Relation, Step, asked, relations
from graphmem.bench.multihop_questions import NOW, PAST_EVERY, Question, draw_questions
from graphmem.bench.unlisted import content, unlisted_ontology
from graphmem.cli.main import app
from graphmem.errors import InvalidInput
from graphmem.ontology import Ontology, load_ontology

ONTOLOGY = load_ontology()


def _phrases(relation: Relation) -> list[str]:
    return [*relation.nouns, *relation.questions]


def _predicate_group(relation: Relation) -> str:
    inverse = ONTOLOGY.predicate(relation.predicate).inverse
    return " ".join(sorted({relation.predicate, inverse or relation.predicate}))


ALL = [(half, relation) for half in HALVES for relation in relations(half)]


@pytest.fixture(scope="module")
def unlisted(tmp_path_factory: pytest.TempPathFactory) -> Ontology:
    file = tmp_path_factory.mktemp("ontology") / "unlisted.toml"
    file.write_text(unlisted_ontology(Phrasings.FINAL), encoding="utf-8")
    return load_ontology(file)


@pytest.mark.parametrize(("half", "relation"), ALL, ids=[f"{h}-{r.name}" for h, r in ALL])
def test_no_phrasing_says_a_word_of_the_ontology_it_is_asked_with_or_of_a_fact(
    half: Phrasings, relation: Relation, unlisted: Ontology
) -> None:
    predicates = unlisted.predicates.values()
    file = [*unlisted.types, *unlisted.predicates, *(p.phrase for p in predicates)]
    file += [p.live_property for p in predicates if p.live_property]
    file += [phrase for p in predicates for phrase in (*p.paraphrases.object, *p.paraphrases.subject)]
    told = [word for part in ("told", "suffixes", "fixed") for words in parts()[part].values() for word in words]
    known = content(" ".join([*file, *told, *parts()["women"], *parts()["men"]]))

    assert not {p: content(p) & known for p in _phrases(relation) if content(p) & known}, half


def test_only_paraphrases_with_words_of_the_questions_are_taken_out(unlisted: Ontology) -> None:
    asked = {word for _, relation in ALL for phrase in _phrases(relation) for word in content(phrase)}

    assert unlisted.types == ONTOLOGY.types
    for name, whole in ONTOLOGY.predicates.items():
        left = unlisted.predicates[name]
        assert replace(left, said=whole.said) == whole
        for said, kept in (
            (whole.paraphrases.object, left.paraphrases.object),
            (whole.paraphrases.subject, left.paraphrases.subject),
        ):
            assert kept == tuple(p for p in said if not content(p) & asked), name


def test_the_halves_share_no_word_that_carries_meaning() -> None:
    words: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for half, relation in ALL:
        for phrase in _phrases(relation):
            words[_predicate_group(relation)][half] |= content(phrase)

    shared = {name: by[Phrasings.DEVELOPMENT] & by[Phrasings.FINAL] for name, by in words.items()}
    assert not {name: some for name, some in shared.items() if some}


def test_enough_predicates_and_phrasings_and_a_noun_that_goes_around_anything() -> None:
    kinds = [relations(phrasings) for phrasings in Phrasings]

    assert len({r.predicate for r in kinds[0]}) >= 14
    for one, other, *further in zip(*kinds, strict=True):
        assert len({*one.questions, *other.questions}) >= 8, one.name
        assert len({bool(relation.nouns) for relation in (one, other, *further)}) == 1, one.name
        assert not one.nouns or len({*one.nouns, *other.nouns}) >= 8, one.name
        for relation in (one, other, *further):
            assert all(p.count("{x}") == 1 for p in _phrases(relation)), relation.name
            assert not relation.nouns or any(n.endswith("{x}") for n in relation.nouns), relation.name
            assert any("{x}'s" not in q for q in relation.questions), relation.name
            assert {relation.predicate} <= set(ONTOLOGY.predicates)


def test_a_chain_reads_from_its_beginning() -> None:
    by_name = {r.name: r for r in relations(Phrasings.DEVELOPMENT)}
    steps = [Step(relation=by_name[n], to_woman=w) for n, w in (("boss", False), ("sibling", True), ("home", False))]

    assert asked("Ada Berg", steps, lambda some: some[0]) == "Where does Ada Berg's boss's sister call home?"
    clause_first = [min(some, key=lambda t: (t.endswith("{x}"), "'s" in t)) for some in [by_name["boss"].nouns]]
    assert clause_first == ["the [woman|man] {x} answers to"]
    text = asked("Ada Berg", steps, lambda some: next((t for t in some if t in clause_first), some[0]))
    assert text == "Where does the sister of the man Ada Berg answers to call home?"


@pytest.fixture(scope="module")
def graph() -> list[Told]:
    return generate_graph(1000, seed=3)


def test_a_graph_has_its_size_hubs_and_changes_and_comes_from_its_seed(graph: list[Told]) -> None:
    degree = Counter(name for f in graph for name in (f.subject.name, f.object.name))

    assert len(graph) == len({(f.subject, f.predicate, f.object) for f in graph}) == 1000
    assert graph == generate_graph(1000, seed=3) != generate_graph(1000, seed=4)
    assert max(degree.values()) > 50, "a hub"
    assert sum(f.end is not None for f in graph) > 100, "facts that are over"
    assert all(any(form in f.text for form in parts()["told"][f.predicate]) for f in graph)


def test_one_value_at_a_time_where_the_ontology_says_so(graph: list[Told]) -> None:
    held: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for fact in graph:
        predicate = ONTOLOGY.predicate(fact.predicate)
        if predicate.exclusive:
            held[fact.subject.name, fact.predicate].append(fact)
            if predicate.inverse == fact.predicate:
                held[fact.object.name, fact.predicate].append(fact)
    for some in held.values():
        told = sorted(some, key=lambda f: f.start)
        assert all(a.end is not None and a.end <= b.start for a, b in pairwise(told)), told


def _followed(
    question: Question, facts: list[Told], half: Phrasings, ontology: Ontology
) -> list[list[tuple[str, Told]]]:
    """Follow the chain's relations from the named beginning, by a way of its own, with all facts that fit."""
    month = NOW if question.as_of is None else question.as_of.year * 12 + question.as_of.month - 1
    by_name = {r.name: r for r in relations(half)}
    first = by_name[question.relations[0]]
    starts = {n.name for n in (question.chain[0].subject, question.chain[0].object) if n.kind in first.of}
    (at,) = [s for s in starts if re.search(rf"\b{re.escape(s)}\b", question.text)]
    followed: list[list[tuple[str, Told]]] = []
    for name in question.relations:
        relation = by_name[name]
        inverse = ontology.predicate(relation.predicate).inverse
        found: list[tuple[str, Told]] = []
        for fact in (f for f in facts if f.holds(month)):
            ends = (fact.subject.name, fact.object.name)
            forwards = fact.predicate == (inverse if relation.reverse else relation.predicate)
            backwards = fact.predicate == (relation.predicate if relation.reverse else inverse)
            found += [(ends[1], fact)] * (forwards and ends[0] == at) + [(ends[0], fact)] * (
                backwards and ends[1] == at
            )
        followed.append(found)
        at = found[0][0]
    return followed


@pytest.mark.parametrize("half", Phrasings)
def test_every_question_has_one_right_answer_and_names_only_the_beginning(graph: list[Told], half: Phrasings) -> None:
    questions = draw_questions(graph, 48, half, 5, ONTOLOGY)

    assert Counter(q.hops for q in questions) == dict.fromkeys((1, 2, 3, 4), 12)
    assert Counter(q.as_of is not None for q in questions)[True] == 48 // PAST_EVERY
    names = {n.name for f in graph for n in (f.subject, f.object)}
    for question in questions:
        followed = _followed(question, graph, half, ONTOLOGY)
        assert [len(found) for found in followed] == [1] * question.hops, question
        assert [found[0][1] for found in followed] == list(question.chain)
        assert sum(bool(re.search(rf"\b{re.escape(n)}\b", question.text)) for n in names) == 1, question.text
        past = question.as_of is not None
        assert past == question.text.startswith("As of ")
        assert not past or any(f.end is not None for f in question.chain), "a present answer would be wrong"


def test_a_graph_without_enough_chains_is_refused() -> None:
    with pytest.raises(InvalidInput, match="give it more facts"):
        draw_questions(generate_graph(60, seed=1)[:5], 8, Phrasings.DEVELOPMENT, 1, ONTOLOGY)


def test_a_small_run_on_the_embedded_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--graphs", "1", "--facts", "80", "--questions", "8", "--json")
    done = CliRunner().invoke(app, ["bench", "multihop", *options])

    figures = json.loads(done.stdout)
    assert figures["stored_facts"] == 80, "each message became its fact"
    assert {h: part["questions"] for h, part in figures["by_hops"].items()} == {"1": 2, "2": 2, "3": 2, "4": 2}
    assert 0 <= figures["overall"]["hit@1"] <= figures["overall"]["hit@10"] <= 100
    assert len(figures["missed"]) == round((100 - figures["overall"]["hit@10"]) / 100 * 8)


def test_unknown_phrasings_are_refused() -> None:
    done = CliRunner().invoke(app, ["bench", "multihop", "--phrasings", "both"])

    assert done.exit_code == 2
    assert all(f"'{kind}'" in done.stderr for kind in Phrasings)
