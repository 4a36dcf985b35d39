from __future__ import annotations

from typing import Any

from graphmem.models import Scope
from graphmem.operations import Add, Invalidate, InvalidateKind
from graphmem.ports import Row
from graphmem.serial import dump_operations, load_operations
from graphmem.write.scrub import Orphans, Scrubbed, scrub_changes
from tests.values import day, fact

TURIN = fact("Turin", "2024-01-10")
OSLO = fact("Oslo", "2024-06-20")
CLOSING = Invalidate(
    fact_id=TURIN.id, text=TURIN.text, at=day("2024-06-20"), kind=InvalidateKind.CHANGE, before=TURIN.state
)


class Record:
    """A transaction over one recorded decision."""

    def __init__(self, *operations: Any) -> None:
        self.row = {
            "id": "ch_1",
            "operations": dump_operations(operations),
            "reason": "moved from Turin",
            "episode_ids": ["ep_2"],
        }

    async def read(self, query: str, **parameters: Any) -> list[Row]:
        return [self.row]

    async def write(self, query: str, /, *, names: Any = None, **parameters: Any) -> list[Row]:
        self.row |= parameters["rows"][0]
        return []


async def test_words_go_and_what_was_done_to_what_stays() -> None:
    record = Record(CLOSING, Add(fact=OSLO))

    await scrub_changes(Scrubbed(facts={TURIN.id: "Ada lives in [removed]"}, episodes=set()), Scope(user="ada"), record)

    closing, added = load_operations(str(record.row["operations"]))
    assert isinstance(closing, Invalidate)
    assert (closing.text, closing.kind, closing.at) == ("Ada lives in [removed]", CLOSING.kind, CLOSING.at)
    assert added == Add(fact=OSLO)


async def test_a_name_that_is_also_a_word_of_the_record_breaks_nothing() -> None:
    record = Record(CLOSING, Add(fact=OSLO))
    orphans = Orphans(ids=frozenset({"en_1"}), names=("change", "day", "said", "stated", "Turin"))

    await scrub_changes(Scrubbed(facts={}, episodes=set(), orphans=orphans), Scope(user="ada"), record)

    closing, added = load_operations(str(record.row["operations"]))
    assert isinstance(closing, Invalidate)
    assert (closing.text, closing.kind) == ("[removed]", InvalidateKind.CHANGE)
    assert added == Add(fact=OSLO)
    assert record.row["reason"] == "[removed]"
