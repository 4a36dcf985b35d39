from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphmem.models import AsOf
from graphmem.read.answerable import Fit, answer_signs, answerability, load_fit
from graphmem.read.asked import Asked
from graphmem.read.found import FoundEpisode
from graphmem.read.question import read_question
from tests.values import day, episode

NEAREST = {f"ep_{n}": np.array([0.9, 0.5, 0.7], dtype=np.float32) for n in (1, 2, 3)}


def asked(text: str) -> Asked:
    return Asked(
        text=text,
        scopes=(),
        told=text,
        question=read_question(text, day("2024-11-25")),
        as_of=AsOf(),
        now=day("2024-11-25"),
    )


def said(number: int, who: str, text: str, **parts: float) -> FoundEpisode:
    it: Any = episode(text, id=f"ep_{number}", speaker=who, seq=number)
    return FoundEpisode(episode=it, score=sum(parts.values()), parts=parts, path=())


TALK = [
    said(1, "Ada", "I painted the boat red.", own=0.9, speaker=0.3),
    said(2, "Ben", "Nice boat!", own=0.6),
    said(3, "Ada", "The harbour is far.", own=0.2, speaker=0.3),
]


def test_the_named_speaker_is_compared_with_the_others() -> None:
    signs = answer_signs(asked("What did Ada paint?"), TALK, NEAREST)

    assert signs == {
        "named": 1.0,
        "ahead": pytest.approx(0.3),
        "words": pytest.approx(1.0),
        "least": pytest.approx(0.5),
    }


@pytest.mark.parametrize("question", ["What was painted?", "What did Ada and Ben paint?"])
def test_where_nobody_is_named_nobody_is_ahead(question: str) -> None:
    signs = answer_signs(asked(question), TALK, NEAREST)

    assert (signs["named"], signs["ahead"]) == (0.0, 0.0)


def test_the_only_speaker_is_not_told_apart() -> None:
    assert answer_signs(asked("What did Ada paint?"), TALK[:1], NEAREST)["named"] == 0.0


def test_what_the_other_speaker_did_is_less_sure() -> None:
    hers = answerability(asked("What did Ada paint?"), TALK, (), {}, NEAREST)
    his = answerability(asked("What did Ben paint?"), TALK, (), {}, NEAREST)

    assert 0 < his.confidence < hers.confidence < 1
    assert hers.answerable


def test_without_tokens_what_is_found_counts() -> None:
    assert answerability(asked("What?"), TALK, (), {}, {}).confidence == 1.0
    assert not answerability(asked("What?"), (), (), {}, {}).answerable


def test_the_fit_knows_all_signs() -> None:
    assert set(load_fit().weights) == set(answer_signs(asked("What did Ada paint?"), TALK, NEAREST))
    assert 0 < load_fit().least < 1
    assert Fit(weights={}, bias=0.0, least=0.5).confidence({}) == 0.5
