from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from graphmem.errors import InvalidMessage
from graphmem.models import Message
from graphmem.write.validate import check_messages

AT = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n\t"}, "empty"),
        ({"text": "a" * 100_001}, "at most 100,000"),
        ({"text": "é" * 50_001}, "at most 100,000"),
        ({"text": "a\x00b"}, "control character"),
        ({"text": "a\ud800"}, "lone surrogate"),
        ({"at": datetime(2024, 5, 1)}, "without zone"),  # noqa: DTZ001
        ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "years"),
        ({"role": "boss"}, "role"),
        ({"speaker": " "}, "speaker"),
        ({"speaker": "a" * 201}, "speaker"),
        ({"id": "a\x07"}, "control"),
        ({"metadata": {"a": {"b": 1}}}, "flat"),
        ({"metadata": {"a": [1]}}, "flat"),
        ({"metadata": {"a": float("inf")}}, "no number"),
        ({"metadata": {"a": float("nan")}}, "no number"),
        ({"metadata": {"a": "\udfff"}}, "surrogates"),
        ({"metadata": {str(i): i for i in range(51)}}, "at most 50"),
        ({"metadata": {"a" * 201: 1}}, "has 201 characters; at most 200"),
        ({"metadata": {"a": "a" * 2001}}, "has 2,001 characters; at most 2,000"),
        ({"metadata": {"a": 2**63}}, "64 bits"),
        ({"metadata": {"a": -(10**5000)}}, "64 bits"),
    ],
)
def test_what_cannot_be_kept_as_it_is_is_refused(wrong: dict[str, Any], says: str) -> None:
    good = Message(text="fine", at=AT)
    values: dict[str, Any] = {"text": "Hi", "at": AT, **wrong}

    with pytest.raises(InvalidMessage, match=says) as caught:
        check_messages([good, Message(**values)])
    assert "message 2" in str(caught.value)


def test_metadata_of_the_greatest_size_is_fine() -> None:
    metadata = {f"{n:0200d}": "é" * 2000 for n in range(48)} | {"least": -(2**63), "most": 2**63 - 1}
    check_messages([Message(text="a", at=AT, metadata=metadata)])


def test_one_id_for_two_messages_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="more than once"):
        check_messages([Message(text="a", at=AT, id="m1"), Message(text="b", at=AT, id="m1")])


def test_ten_thousand_messages_and_every_script_are_fine() -> None:
    check_messages([Message(text="日本語 العربية 👩‍👩‍👧\n", at=AT, metadata={"a": None, "b": 1.5})] * 10_000)
