from __future__ import annotations

from typing import Any

import pytest

from graphmem.errors import ReplyRefused
from graphmem.models import ConflictKind, Polarity
from graphmem.operations import Add, Invalidate, InvalidateKind, Merge, Skip
from graphmem.write.replies import ResolutionReply
from graphmem.write.resolve import resolve, show
from graphmem.write.settle import Settled, Unsettled
from tests.values import ONTOLOGY, day, fact, met, statement

TURIN = fact("Turin", "2024-01-10", stated=True)
NOW = day("2024-12-01")


def decided(new: Any = None, *, facts: Any = (TURIN,), **decision: Any) -> Settled:
    unsettled = Unsettled(statement=new or statement("Oslo"), conflicts=met(ConflictKind.SLOT, *facts))
    given = {"reason": "because", "triple": "T1", "action": "skip", "fact": None, "at": None, "kind": None, **decision}
    reply = ResolutionReply.model_validate({"decisions": [given]})
    (settled,) = resolve(reply, show([unsettled]), ONTOLOGY, NOW, lambda _: "it")
    return settled


def test_a_change_closes_on_the_valid_clock_when_the_message_was_said() -> None:
    settled = decided(action="invalidate", fact="F1", kind="change")

    closing, add = settled.operations
    assert isinstance(closing, Invalidate)
    assert isinstance(add, Add)
    assert (closing.kind, closing.at, add.fact.interval.start) == (
        InvalidateKind.CHANGE,
        day("2024-06-20"),
        day("2024-06-20"),
    )
    assert add.supersedes == TURIN.id


def test_a_change_is_dated_as_the_model_read_it() -> None:
    closing, add = decided(action="invalidate", fact="F1", kind="change", at="2024-06-13").operations

    assert isinstance(closing, Invalidate)
    assert isinstance(add, Add)
    assert closing.at == add.fact.interval.start == day("2024-06-13")
    assert add.fact.interval.stated


def test_a_correction_expires_on_the_transaction_clock_and_takes_over_the_time() -> None:
    closing, add = decided(action="invalidate", fact="F1", kind="correction").operations

    assert isinstance(closing, Invalidate)
    assert isinstance(add, Add)
    assert (closing.kind, closing.at) == (InvalidateKind.CORRECTION, NOW)
    assert add.fact.interval == TURIN.interval


def test_a_change_from_before_it_was_said_leaves_nothing_of_the_old() -> None:
    known = fact("Turin", "2024-05-01")

    closing, add = decided(facts=[known], action="invalidate", fact="F1", kind="change", at="2024-02-01").operations

    assert isinstance(closing, Invalidate)
    assert isinstance(add, Add)
    assert closing.kind is InvalidateKind.CORRECTION
    assert add.fact.interval.start == day("2024-02-01")


def test_a_denial_only_closes() -> None:
    settled = decided(statement("Turin", polarity=Polarity.DENIED), action="invalidate", fact="F1", kind="change")

    assert [type(op) for op in settled.operations] == [Invalidate]


def test_what_had_ended_before_is_not_ended_later() -> None:
    over = fact("Turin", "2024-01-10", "2024-03-01")
    denied = statement("Turin", "2024-06-20", polarity=Polarity.DENIED)

    assert decided(denied, facts=[over], action="invalidate", fact="F1", kind="change").operations == (
        Skip(text="Ada lives in Turin"),
    )


def test_what_happened_is_denied_as_a_mistake_and_closed_by_nothing_else() -> None:
    rome = fact("Rome", "2024-01-10", predicate="VISITED", event=True)
    never = statement("Rome", predicate="VISITED", event=True, polarity=Polarity.DENIED)

    (closing,) = decided(never, facts=[rome], action="invalidate", fact="F1", kind="change").operations
    assert isinstance(closing, Invalidate)
    assert closing.kind is InvalidateKind.CORRECTION
    with pytest.raises(ReplyRefused, match="nothing closes it"):
        decided(statement("Rome", predicate="VISITED"), facts=[rome], action="invalidate", fact="F1", kind="change")


def test_what_is_only_in_like_words_may_stand_beside() -> None:
    near = Unsettled(statement=statement("Oslo"), conflicts=met(ConflictKind.NEAR, TURIN))
    given = {"reason": "r", "triple": "T1", "action": "add", "fact": None, "at": None, "kind": None}
    reply = ResolutionReply.model_validate({"decisions": [{**given, "rests_on": ["F1"]}]})

    (settled,) = resolve(reply, show([near]), ONTOLOGY, NOW, lambda _: "it")

    assert settled.operations == (Add(fact=statement("Oslo").fact, rests_on=(TURIN.id,)),)


def test_merge_and_skip() -> None:
    (merge,) = decided(action="merge", fact="F1").operations
    (skip,) = decided(action="skip").operations

    assert isinstance(merge, Merge)
    assert merge.fact_id == TURIN.id
    assert skip == Skip(text="Ada lives in Oslo")


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        ({"triple": "T9"}, "not one of T1"),
        ({"action": "merge", "fact": "F9"}, "not a fact that it meets"),
        ({"action": "invalidate", "fact": None}, "not a fact that it meets"),
        ({"action": "add"}, "one value holds"),
        ({"action": "invalidate", "fact": "F1", "kind": "change", "at": "soon"}, "no date"),
        ({"action": "invalidate", "fact": "F1", "kind": "change", "at": "2023-01-01"}, "cannot end before"),
        ({"action": "invalidate", "fact": "F1", "kind": "change", "at": "2030-01-01"}, "still to come"),
    ],
)
def test_what_the_ledger_does_not_support_is_refused(decision: dict[str, Any], why: str) -> None:
    with pytest.raises(ReplyRefused, match=why):
        decided(**decision)


def test_a_triple_without_decision_is_refused() -> None:
    shown = show([Unsettled(statement=statement("Oslo"), conflicts=met(ConflictKind.SLOT, TURIN))])

    with pytest.raises(ReplyRefused, match="no decision for T1"):
        resolve(ResolutionReply(decisions=[]), shown, ONTOLOGY, NOW, lambda _: "it")
