from __future__ import annotations

from typing import Any

import pytest

from graphmem.errors import ReplyRefused
from graphmem.models import Interval, Literal, Precision, Role
from graphmem.write.relations import Relations, generate_relations
from graphmem.write.replies import ExtractionReply
from tests.scripted import triple
from tests.values import ONTOLOGY, day, episode

SAID = episode("We moved to Oslo last week! The party takes place on 5 October, and I am 34.")


def relations(*replies: dict[str, Any], said: Any = SAID) -> Relations:
    reply = ExtractionReply.model_validate({"entities": [], "triples": replies})
    return generate_relations(reply, [said], ONTOLOGY)


def generated(reply: dict[str, Any], said: Any = SAID) -> Any:
    (found,) = relations(reply, said=said).triples
    return found


def test_an_undated_statement_is_known_from_its_message() -> None:
    assert generated(triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo")).interval == Interval(
        start=day("2024-06-20"), precision=Precision.INSTANT, stated=False
    )


def test_a_stated_time_keeps_its_precision_and_its_end_lies_after_the_last_day() -> None:
    found = generated(
        triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo", valid_from="2022-05", valid_to="2023-12-31")
    )

    assert found.interval == Interval(
        start=day("2022-05-01"), end=day("2024-01-01"), precision=Precision.MONTH, stated=True
    )


def test_literals_carry_numbers_and_dates() -> None:
    age = generated(triple("Ada", "AGE", "34", quote="I am 34"))
    budget = generated(triple("party", "BUDGET", "about 1,200.50 euros", quote="The party"))
    party = generated(triple("party", "HAPPENS_ON", "2024-10-05", quote="5 October"))

    assert age.object == Literal(text="34", number=34)
    assert budget.object == Literal(text="about 1,200.50 euros", number=1200.5, unit="euros")
    assert party.object == Literal(text="2024-10-05", date=day("2024-10-05"))


def test_an_invented_predicate_becomes_related_to() -> None:
    found = generated(triple("Ada", "TELEPORTED", "Oslo", quote="moved to Oslo"))

    assert (found.predicate, found.raw_predicate) == ("RELATED_TO", "TELEPORTED")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"message": "M7"}, "not one of M1"),
        ({"quote": "moved to Rome"}, "not in M1"),
        ({"valid_from": "last week"}, "no date"),
        ({"valid_from": "9999"}, "no date"),
        ({"valid_from": "2024-05-01", "valid_to": "2023-05-01"}, "before it starts"),
        ({"object": None}, "says nothing"),
        ({"object": "x" * 301}, "needs an entity"),
        ({"predicate": "AGE", "object": "old"}, "number in digits"),
        ({"predicate": "AGE", "object": "9" * 400}, "number in digits"),
        ({"predicate": "HAPPENS_ON", "object": "soon"}, "no date"),
        ({"predicate": "NOTED", "object": None}, "says nothing"),
    ],
)
def test_a_triple_that_breaks_a_rule_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ReplyRefused, match=says):
        generated({**triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo"), **wrong})


def test_what_is_wrong_is_dropped_with_the_reason_and_the_rest_is_kept() -> None:
    good = triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo")

    found = relations(good, {**good, "object": "Rome", "quote": "moved to Rome"}, good)

    assert [t.object for t in found.triples] == ["Oslo"]
    assert [t.object for t in found.kept.triples] == ["Oslo"]
    assert len(found.dropped) == 1
    assert "triple 2 (Ada LIVES_IN Rome): the quote 'moved to Rome' is not in M1" in found.dropped[0]


def test_the_assistant_is_no_source() -> None:
    with pytest.raises(ReplyRefused, match="no source"):
        generated(triple("Ada", "LIVES_IN", "Oslo", quote="moved to Oslo"), episode(SAID.text, role=Role.ASSISTANT))


def test_a_quote_copied_from_the_prompt_with_its_escapes_is_found() -> None:
    found = generated(triple("Ada", "LIKES", "R&amp;B", quote="R&amp;B"), episode("I like R&B."))

    assert (found.quote, found.object) == ("R&B", "R&B")
