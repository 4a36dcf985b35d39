from __future__ import annotations

from graphmem.models import Fact, Statement
from graphmem.operations import Add, Invalidate, InvalidateKind, Operation, Skip
from graphmem.write.reconcile import added, reconcile
from graphmem.write.settle import Settled
from tests.values import ONTOLOGY, day, fact, statement


def adding(new: Statement, *before: Operation) -> Settled:
    return Settled(statement=new, operations=(*before, Add(fact=new.fact)), reason="")


def closing(old: Fact, at: str, kind: InvalidateKind = InvalidateKind.CHANGE) -> Invalidate:
    return Invalidate(fact_id=old.id, text=old.text, at=day(at), kind=kind, before=old.state)


def open_values(decisions: tuple[Settled, ...]) -> list[str]:
    return [f.value for d in decisions if (f := added(d)) is not None and f.interval.end is None]


def test_the_later_of_two_values_ends_the_earlier_whatever_their_order() -> None:
    turin, oslo = adding(statement("Turin", "2024-01-01")), adding(statement("Oslo", "2024-06-01"))

    for decisions in ([turin, oslo], [oslo, turin]):
        done = reconcile(decisions, ONTOLOGY)
        ends = {f.value: f.interval.end for d in done if (f := added(d)) is not None}
        assert ends == {"Turin": day("2024-06-01"), "Oslo": None}


def test_of_two_values_for_one_moment_the_last_said_stays() -> None:
    done = reconcile([adding(statement("Turin")), adding(statement("Oslo"))], ONTOLOGY)

    assert isinstance(done[0].operations[0], Skip)
    assert open_values(done) == ["Oslo"]


def test_a_fact_is_closed_once_and_one_value_stays_open() -> None:
    rome = fact("Rome", "2023-01-01")
    turin = adding(statement("Turin", "2024-01-01"), closing(rome, "2024-01-01"))
    oslo = adding(statement("Oslo", "2024-06-01"), closing(rome, "2024-06-01"))

    done = reconcile([turin, oslo], ONTOLOGY)

    closings = [op for d in done for op in d.operations if isinstance(op, Invalidate)]
    assert [(c.fact_id, c.at) for c in closings] == [(rome.id, day("2024-01-01"))]
    assert open_values(done) == ["Oslo"]


def test_a_repeat_of_what_was_closed_by_then_is_true_again() -> None:
    turin = fact("Turin", "2023-01-01")
    oslo = adding(statement("Oslo", "2024-01-01"), closing(turin, "2024-01-01"))
    back = statement("Turin", "2024-06-01")
    repeat = Settled(
        statement=back,
        operations=(Skip(text=turin.text, fact_id=turin.id, source=back.fact.sources[0]),),
        reason="it is believed already",
    )

    done = reconcile([oslo, repeat], ONTOLOGY)

    assert done[1].operations == (Add(fact=back.fact),)
    assert open_values(done) == ["Turin"]


def test_what_is_true_again_holds_no_longer_than_what_it_repeats() -> None:
    turin = fact("Turin", "2023-01-01", "2025-01-01")
    rome = adding(statement("Rome", "2024-01-01", "2025-01-01"), closing(turin, "2024-01-01"))
    back = statement("Turin", "2024-06-01")
    repeat = Settled(
        statement=back,
        operations=(Skip(text=turin.text, fact_id=turin.id, source=back.fact.sources[0]),),
        reason="it is believed already",
    )

    done = reconcile([rome, repeat], ONTOLOGY)

    spans = {f.value: (f.interval.start, f.interval.end) for d in done if (f := added(d)) is not None}
    assert spans == {
        "Rome": (day("2024-01-01"), day("2024-06-01")),
        "Turin": (day("2024-06-01"), day("2025-01-01")),
    }


def test_the_same_said_twice_is_one_fact_with_two_sources() -> None:
    one, two = statement("Miso", predicate="HAS_PET"), statement("Miso", "2024-06-21", predicate="HAS_PET")

    done = reconcile([adding(one), adding(two)], ONTOLOGY)

    (skip,) = done[1].operations
    assert isinstance(skip, Skip)
    assert (skip.fact_id, skip.source) == (one.fact.id, two.fact.sources[0])


def test_events_never_close_each_other() -> None:
    one = statement("Rome", "2024-01-01", predicate="VISITED", event=True, stated=True)
    two = statement("Rome", "2024-05-01", predicate="VISITED", event=True, stated=True)

    done = reconcile([adding(one), adding(two)], ONTOLOGY)

    assert [added(d) for d in done] == [one.fact, two.fact]
