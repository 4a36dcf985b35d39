from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphmem.langchain.documents import documents
from graphmem.models import Source
from graphmem.read.found import FoundEpisode, FoundFact, SearchResult
from tests.values import day, episode, fact


def found_fact(value: str, score: float, **more: Any) -> FoundFact:
    it = fact(value, **more)
    return FoundFact(fact=it, state=it.state, score=score, parts={}, path=())


def found_episode(number: int, text: str) -> FoundEpisode:
    said = episode(text, id=f"ep_{number}", message_id=f"m{number}", seq=number)
    return FoundEpisode(episode=said, score=1.0 / number, parts={}, path=())


def found(**parts: Any) -> SearchResult:
    return SearchResult(query="?", text="", **{"facts": (), "episodes": (), **parts})


def words(text: str) -> int:
    return len(text.split())


def test_a_fact_is_its_line_of_the_context_with_what_it_rests_on() -> None:
    (document,) = documents(
        found(facts=(found_fact("Oslo", 0.9, until="2025-01-01"),)), limit=5, tokens=100, count_tokens=words
    )

    assert document.page_content == 'Ada lives in Oslo (known since 20 Jun 2024, until 1 Jan 2025): "Oslo"'
    assert document.id == "fa_Oslo_2024-06-20"
    assert document.metadata == {
        "id": "fa_Oslo_2024-06-20",
        "kind": "fact",
        "state": "holds",
        "score": 0.9,
        "predicate": "LIVES_IN",
        "valid_at": "2024-06-20T00:00:00Z",
        "invalid_at": "2025-01-01T00:00:00Z",
        "sources": ["ep_1"],
        "quote": "Oslo",
    }


def test_a_message_has_the_same_fields_and_its_place_in_the_talk() -> None:
    (document,) = documents(found(episodes=(found_episode(1, "Hello."),)), limit=5, tokens=100, count_tokens=words)

    assert document.page_content == "20 Jun 2024 Ada: Hello."
    assert (document.metadata["kind"], document.metadata["predicate"]) == ("message", None)
    assert (document.metadata["sources"], document.metadata["quote"]) == (["ep_1"], "Hello.")
    assert (document.metadata["message_id"], document.metadata["at"]) == ("m1", "2024-06-20T00:00:00Z")


def test_facts_and_messages_come_in_turn_and_no_more_than_asked() -> None:
    both = found(
        facts=(found_fact("Oslo", 0.9), found_fact("Rome", 0.5)),
        episodes=tuple(found_episode(n, f"Message {n}.") for n in (1, 2, 3)),
    )

    all_of_it = documents(both, limit=10, tokens=100, count_tokens=words)
    some = documents(both, limit=3, tokens=100, count_tokens=words)

    assert [d.metadata["kind"] for d in all_of_it] == ["fact", "message", "fact", "message", "message"]
    assert some == all_of_it[:3]


def test_what_does_not_fit_is_left_out_and_the_rest_is_not() -> None:
    both = found(episodes=(found_episode(1, "far too long " * 20), found_episode(2, "Short.")))

    assert [d.id for d in documents(both, limit=10, tokens=10, count_tokens=words)] == ["ep_2"]


def test_what_is_over_is_told_as_that_before_what_ranks_lower() -> None:
    ended = replace(
        found_fact("Lumen", 0.8, predicate="WORKS_AT", until="2024-09-01"),
        ended_by=Source(
            episode_id="ep_9",
            quote="left Lumen",
            subject_surface="Ada",
            object_surface="",
            speaker="Ada",
            at=day("2024-09-01"),
        ),
    )
    removed = found_fact("", 0.7, forgotten_at=day("2024-10-01"), sources=())

    first, second, third = documents(
        found(facts=(found_fact("Oslo", 0.9),), withdrawn=(removed, ended)), limit=10, tokens=100, count_tokens=words
    )

    assert [d.metadata["state"] for d in (first, second, third)] == ["holds", "ended", "removed"]
    assert second.page_content.startswith("No longer so, and nothing known in its place: Ada works at Lumen")
    assert second.page_content.endswith('"left Lumen" (Ada, 1 Sep 2024)')
    assert third.page_content.startswith("Removed, and not to be told: ")
    assert (third.metadata["sources"], third.metadata["quote"]) == ([], "")
