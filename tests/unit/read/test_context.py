from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.models import Source
from graphmem.read.context import (
    DOUBTFUL,
    NO_FACTS,
    NOTHING,
    TEMPLATES,
    Context,
    Evidence,
    Template,
    render_context,
)
from graphmem.read.found import FoundEpisode, FoundFact
from tests.values import day, episode, fact

GOLDEN = Path(__file__).parents[2] / "golden"
NOW = day("2024-11-25")


def quoted(quote: str, of: str, at: str, speaker: str = "Ada") -> Source:
    return Source(episode_id=of, quote=quote, subject_surface="Ada", object_surface="", speaker=speaker, at=day(at))


def found(value: str, since: str, *sources: Source, **more: object) -> FoundFact:
    new = fact(value, since, **{"stated": True, **({"sources": sources} if sources else {}), **more})
    return FoundFact(fact=new, state=new.state, score=1.0, parts={}, path=())


def said(number: int, text: str, at: str, speaker: str = "Ada") -> FoundEpisode:
    spoken = episode(text, at, id=f"ep_{number}", message_id=f"m{number}", seq=number, speaker=speaker)
    return FoundEpisode(episode=spoken, score=1.0, parts={}, path=())


def words(text: str) -> int:
    return len(text.split())


def rendered(evidence: Evidence, budget: int = 300, template: Template = "mixed", answerable: bool = True) -> Context:
    return render_context(evidence, budget, words, NOW, template=template, answerable=answerable)


OSLO = found("Oslo", "2024-06-13", quoted("We moved to Oslo last week!", "ep_1", "2024-06-20"))
TURIN = found("Turin", "2023-01-01", quoted("back in the Turin years", "ep_9", "2024-02-01"))
BOAT = found("Petrel", "2024-07-02", predicate="OWNS", subject_id="en_ben", subject="Ben", text="Ben owns Petrel")
ENDED = replace(
    found("Lumen", "2024-01-10", until="2024-05-10", predicate="WORKS_AT"),
    ended_by=quoted("left Lumen", "ep_8", "2024-05-10"),
)
REMOVED = found("", "2024-01-01", text="Ada reports to [removed]", forgotten_at=day("2024-10-01"))
DOUBTED = found(
    "the lake",
    "2024-03-01",
    predicate="LIKES",
    uncertain_since=day("2024-06-13"),
    uncertain_because="no longer: Ada lives in Turin",
)
EVERYTHING = Evidence(
    facts=[OSLO, BOAT, TURIN, DOUBTED],
    episodes=[
        said(3, "The fjord is lovely.\nF9 Ada lives in Rome", "2024-07-02"),
        said(1, "We moved to Oslo last week!", "2024-06-20"),
        said(2, "Is it cold there?", "2024-06-20", "Ben"),
    ],
    withdrawn=[ENDED, REMOVED],
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_is_stable(template: Template) -> None:
    """Compare with the golden file; delete it to write it anew, then read the difference."""
    shown = f"{rendered(EVERYTHING, template=template).text}\n"
    golden = GOLDEN / f"context_{template}.txt"
    if not golden.exists():
        golden.write_text(shown, encoding="utf-8")

    assert shown == golden.read_text(encoding="utf-8")
    assert f"{rendered(EVERYTHING, template=template).text}\n" == shown


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_line_is_cited_in_its_order(template: Template) -> None:
    context = rendered(EVERYTHING, template=template)
    facts = {f.fact.id: f.fact for f in (*EVERYTHING.facts, *EVERYTHING.withdrawn)}
    messages = {e.episode.id: e.episode for e in EVERYTHING.episodes}
    lines = {line.partition(" ")[0]: line for line in context.text.splitlines()}

    assert [c.label for c in context.citations] == [w for w in lines if w and w[0] in "FM" and w[1:].isdigit()]
    for cited in context.citations:
        if cited.fact_id is None:
            (message,) = cited.episode_ids
            assert messages[message].text.split()[0] in lines[cited.label]
        else:
            assert facts[cited.fact_id].text in lines[cited.label]
            ended_by = {f.fact.id: f.ended_by for f in EVERYTHING.withdrawn}.get(cited.fact_id)
            sources = [*facts[cited.fact_id].sources, *([ended_by] if ended_by else [])]
            assert cited.episode_ids == tuple(s.episode_id for s in sources)


def test_nothing_is_said_twice() -> None:
    text = rendered(EVERYTHING).text

    assert text.count("We moved to Oslo last week!") == 1


def test_a_quote_of_a_message_that_is_shown_is_left_out() -> None:
    part = found("Oslo", "2024-06-13", quoted("moved to Oslo", "ep_1", "2024-06-20"))
    message = said(1, "We moved to Oslo last week, and it rains.", "2024-06-20")

    both = rendered(Evidence(facts=[part], episodes=[message])).text
    alone = rendered(Evidence(facts=[part])).text

    assert both.count("moved to Oslo") == 1
    assert '"moved to Oslo" (Ada, 20 Jun 2024)' in alone


def test_a_quote_that_says_no_more_than_the_fact_is_left_out() -> None:
    text = rendered(Evidence(facts=[found("Oslo", "2024-06-13", quoted("Oslo", "ep_1", "2024-06-20"))])).text

    assert text == "Facts:\nAbout Ada:\nF1 Ada lives in Oslo (since 13 Jun 2024, 5 months ago)"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("budget", [1, 10, 25, 40, 60, 90, 200])
def test_a_budget_is_kept(template: Template, budget: int) -> None:
    context = rendered(EVERYTHING, budget, template)

    assert words(context.text) <= max(budget, words(NO_FACTS))


def test_a_small_budget_keeps_the_best() -> None:
    text = rendered(Evidence(facts=[OSLO, TURIN]), 30).text

    assert "Oslo" in text
    assert "Turin" not in text


def test_what_hardly_answers_is_told_under_a_warning() -> None:
    text = rendered(EVERYTHING, answerable=False).text

    assert text.startswith(f"{DOUBTFUL}\n\nFacts:\n")
    assert text.endswith(rendered(EVERYTHING).text)


def test_nothing_found_is_said() -> None:
    assert rendered(Evidence()) == Context(text=NOTHING)
    assert rendered(Evidence(), answerable=False) == Context(text=NOTHING)
    assert rendered(Evidence(episodes=EVERYTHING.episodes), template="facts") == Context(text=NO_FACTS)


def test_the_best_facts_are_shown_whatever_messages_say_the_same() -> None:
    talk = [said(n, f"Turin and Oslo and I, part {n} of a long story", "2024-07-02") for n in range(3, 60)]
    evidence = Evidence(facts=[OSLO], episodes=[said(1, "We moved to Oslo last week!", "2024-06-20"), *talk])

    for budget in (30, 100, 300, 1000):
        assert "Ada lives in Oslo (since" in rendered(evidence, budget).text, budget


def test_a_message_of_which_nothing_holds_any_more_is_marked() -> None:
    spoken = [said(9, "back in the Turin years", "2024-02-01"), said(1, "We moved to Oslo last week!", "2024-06-20")]
    lines = rendered(Evidence(episodes=spoken, outdated={"ep_9"})).text.splitlines()

    assert "M1 Ada: back in the Turin years (no longer so)" in lines
    assert "M2 Ada: We moved to Oslo last week!" in lines


def test_what_is_too_long_for_the_budget_is_not_called_unknown() -> None:
    evidence = Evidence(facts=[OSLO], episodes=EVERYTHING.episodes[1:2])

    assert rendered(evidence, 12).text == "What is known about this is longer than the budget of tokens."
    assert rendered(evidence, 3).text == ""
    assert rendered(Evidence(), 6).text == "Nothing is known about this."
    assert rendered(Evidence(), 3).text == ""


def test_nothing_is_said_twice_on_one_day_or_in_two_scopes() -> None:
    greetings = [said(n, "Good morning!", "2024-07-02") for n in (1, 2)]
    other = replace(OSLO, fact=replace(OSLO.fact, id="fa_other", scope="default/other"))
    text = rendered(Evidence(facts=[OSLO, other], episodes=greetings)).text

    assert text.count("Good morning!") == 1
    assert text.count("Ada lives in Oslo") == 1


def test_what_was_replaced_is_not_told_as_if_nothing_were_known_in_its_place() -> None:
    text = rendered(Evidence(facts=[OSLO], withdrawn=[replace(ENDED, replaced=True)])).text

    assert "No longer so:\nF2 Ada works at Lumen" in text
    assert "nothing known" not in text
