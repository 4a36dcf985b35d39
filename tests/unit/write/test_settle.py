from __future__ import annotations

import pytest

from graphmem.models import ConflictKind, Modality, Polarity
from graphmem.operations import Add, Skip
from graphmem.write.settle import Settled, Unsettled, settle
from tests.values import ONTOLOGY, day, fact, met, statement


def test_what_meets_nothing_is_added() -> None:
    decision = settle(statement("Oslo"), [], ONTOLOGY)

    assert isinstance(decision, Settled)
    assert decision.operations == (Add(fact=statement("Oslo").fact),)


def test_a_repeat_is_skipped_and_its_source_kept_with_the_first() -> None:
    believed = fact("Oslo", "2024-01-01")

    decision = settle(statement("Oslo"), met(ConflictKind.REPEAT, believed), ONTOLOGY)

    assert isinstance(decision, Settled)
    (skip,) = decision.operations
    assert isinstance(skip, Skip)
    assert (skip.fact_id, skip.source) == (believed.id, statement("Oslo").fact.sources[0])


def test_another_value_where_one_holds_goes_to_the_model() -> None:
    turin = fact("Turin", "2024-01-01")

    decision = settle(statement("Oslo"), met(ConflictKind.SLOT, turin), ONTOLOGY)

    assert isinstance(decision, Unsettled)
    assert decision.facts == (turin,)


def test_another_value_of_many_stands_beside_the_first() -> None:
    miso = fact("Miso", "2024-01-01", predicate="HAS_PET")

    decision = settle(statement("Rex", predicate="HAS_PET"), met(ConflictKind.SLOT, miso), ONTOLOGY)

    assert isinstance(decision, Settled)
    assert isinstance(decision.operations[0], Add)


def test_older_news_ends_where_the_newer_begins() -> None:
    oslo = fact("Oslo", "2024-06-13")

    decision = settle(statement("Turin", "2024-01-10"), met(ConflictKind.SLOT, oslo), ONTOLOGY)

    assert isinstance(decision, Settled)
    (add,) = decision.operations
    assert isinstance(add, Add)
    assert add.fact.interval.end == day("2024-06-13")


def test_news_between_two_values_meets_the_earlier_and_ends_at_the_later() -> None:
    turin, oslo = fact("Turin", "2024-01-01"), fact("Oslo", "2024-09-01")

    decision = settle(statement("Rome", "2024-05-01"), met(ConflictKind.SLOT, turin, oslo), ONTOLOGY)

    assert isinstance(decision, Unsettled)
    assert decision.facts == (turin,)
    assert decision.statement.fact.interval.end == day("2024-09-01")


def test_a_value_that_ended_before_is_no_rival() -> None:
    turin = fact("Turin", "2023-01-01", "2024-01-01")

    decision = settle(statement("Oslo"), met(ConflictKind.SLOT, turin), ONTOLOGY)

    assert isinstance(decision, Settled)


@pytest.mark.parametrize("modality", [Modality.HYPOTHETICAL, Modality.JOKING])
def test_what_is_not_meant_is_not_believed(modality: Modality) -> None:
    decision = settle(statement("Rome", modality=modality), [], ONTOLOGY)

    assert isinstance(decision, Settled)
    assert decision.operations == (Skip(text="Ada lives in Rome"),)


@pytest.mark.parametrize("doubt", [{"modality": Modality.PLANNED}, {"confidence": 0.2}])
def test_what_is_planned_or_uncertain_closes_nothing(doubt: dict[str, object]) -> None:
    decision = settle(statement("Rome", **doubt), met(ConflictKind.SLOT, fact("Oslo", "2024-01-01")), ONTOLOGY)

    assert isinstance(decision, Settled)
    assert [type(op) for op in decision.operations] == [Add]


def test_a_denial_of_what_is_not_believed_is_skipped() -> None:
    decision = settle(statement("Rome", polarity=Polarity.DENIED), [], ONTOLOGY)

    assert isinstance(decision, Settled)
    assert isinstance(decision.operations[0], Skip)


def test_a_denial_of_what_is_believed_goes_to_the_model() -> None:
    oslo = fact("Oslo", "2024-01-01")

    decision = settle(statement("Oslo", polarity=Polarity.DENIED), met(ConflictKind.DENIED, oslo), ONTOLOGY)

    assert isinstance(decision, Unsettled)
    assert decision.facts == (oslo,)
