from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from graphmem.models import AsOf
from graphmem.ports import QueryTokens
from graphmem.read.asked import Embedded
from graphmem.read.expand import Expanded
from graphmem.read.question import read_question
from graphmem.read.rank import EpisodeRanking
from graphmem.read.weights import load_weights
from graphmem.rows import Around
from tests.values import day

NOW = day("2024-11-25")
TOKENS = QueryTokens(words=("boat", "red"), vectors=np.eye(2, dtype=np.float32), weights=np.ones(2, dtype=np.float32))


def asked(text: str) -> Embedded:
    return Embedded(
        text=text,
        told=text,
        scopes=(),
        question=read_question(text, NOW),
        as_of=AsOf(),
        now=NOW,
        vector=[],
    )


def around(seq: int, text: str, *, session: str = "main", speaker: str = "Ada", at: str = "2024-06-20") -> Around:
    return Around(
        id=f"{session}-{seq}",
        scope="test/ada",
        message_id=f"m{seq}",
        session=session,
        seq=seq,
        role="user",
        speaker=speaker,
        text=text,
        at=f"{at}T12:00:00Z",
        agent=None,
        metadata=None,
        state="done",
        reason=None,
        near=None,
        tokens=None,
    )


def ranking(
    messages: Sequence[Around], question: str, *, hidden: Sequence[str] = (), tokens: QueryTokens | None = None
) -> EpisodeRanking:
    by_id = {m.id: m for m in messages}
    expanded = Expanded(facts={}, chains={}, near={}, tokens={}, episodes=by_id, passing=set(by_id) - set(hidden))
    return EpisodeRanking(asked(question), expanded, (), tokens)


def parts(of: EpisodeRanking, sign: str) -> dict[str, float]:
    """How much of a sign each message has, the most being 1."""
    weight = load_weights().first[sign]
    return {f.episode.id: round(f.parts[sign] / weight, 3) for f in of.found({}, NOW, 100)}


def test_words_count_for_the_messages_beside_too_the_less_the_further_within_one_session() -> None:
    talk = [around(n, "Nice weather") for n in (1, 2, 4, 5, 6)] + [around(3, "My boat"), around(3, "Hm", session="b")]

    words = parts(ranking(talk, "Which boat?"), "words")

    assert words == {
        "main-1": 0.81,
        "main-2": 0.9,
        "main-3": 1.0,
        "main-4": 0.9,
        "main-5": 0.81,
        "main-6": 0.0,
        "b-3": 0.0,
    }


def test_of_messages_as_good_as_each_other_the_earlier_one_is_first_and_who_does_not_pass_is_not_there() -> None:
    talk = [around(n, "My boat") for n in (30, 10, 20)]

    found = ranking(talk, "Which boat?", hidden=["main-20"]).found({}, NOW, 100)

    assert [f.episode.seq for f in found] == [10, 30]


def test_what_was_said_later_than_asked_for_is_left_out_and_no_more_come_than_wanted() -> None:
    talk = [around(n, "My boat", at=at) for n, at in ((10, "2024-01-01"), (20, "2024-02-01"), (30, "2025-01-01"))]
    ranked = ranking(talk, "Which boat?")

    assert [f.episode.seq for f in ranked.found({}, NOW, 100)] == [10, 20]
    assert [f.episode.seq for f in ranked.found({}, NOW, 1)] == [10]


@pytest.mark.parametrize(("question", "expected"), [("What did Ben say?", 1.0), ("What did Ada and Ben say?", 0.0)])
def test_the_one_speaker_that_the_question_names_counts(question: str, expected: float) -> None:
    talk = [around(10, "Hello", speaker="Ben"), around(20, "Hello", speaker="Ada")]

    assert parts(ranking(talk, question), "speaker") == {"main-10": expected, "main-20": 0.0}


def test_the_date_that_the_question_names_counts() -> None:
    talk = [around(10, "Hello", at="2024-05-03"), around(20, "Hello", at="2024-09-03")]

    assert parts(ranking(talk, "What was said in May 2024?"), "date") == {"main-10": 1.0, "main-20": 0.0}


def test_compared_token_by_token_are_messages_alone_and_with_their_neighbours_best_tokens() -> None:
    talk = [around(1, "A"), around(2, "B"), around(30, "C"), around(50, "D")]
    near = {
        "main-1": np.array([1.0, 0.0], dtype=np.float32),
        "main-2": np.array([0.0, 0.8], dtype=np.float32),
        "main-30": np.array([0.2, 0.2], dtype=np.float32),
    }
    ranked = ranking(talk, "Which boat?", tokens=TOKENS)
    late = load_weights().late

    found = ranked.found(near, NOW, 100)
    shares = {
        f.episode.id: (round(f.parts["own"] / late["own"], 3), round(f.parts["window"] / late["window"], 3))
        for f in found
        if "own" in f.parts and f.episode.id in near
    }

    assert shares == {"main-1": (1.0, 1.0), "main-2": (0.667, 1.0), "main-30": (0.0, 0.0)}
    assert [f.episode.id for f in found] == ["main-1", "main-2", "main-30", "main-50"], "uncompared ones come last"
    assert set(ranked.wanted) == {m.id for m in talk}


def test_without_messages_nothing_is_found() -> None:
    assert ranking([], "Which boat?", tokens=TOKENS).found({}, NOW, 10) == []
