from __future__ import annotations

from graphmem.models import Entity
from graphmem.operations import Add, AddEntity, Invalidate, InvalidateKind, Merge, NameEntity, Operation, Skip
from graphmem.serial import dump_operations, load_operations
from tests.values import day, fact


def test_every_operation_is_read_back_as_it_was() -> None:
    oslo = fact("Oslo", "2024-06-20", "2025-01-01")
    operations: tuple[Operation, ...] = (
        AddEntity(entity=Entity(id="en_1", scope="test/ada", name="Zoë", type="Person", aliases=("Z",))),
        NameEntity(entity_id="en_1", alias="Zo", before=("Z",)),
        Add(fact=oslo, supersedes="fa_1"),
        Merge(fact_id=oslo.id, source=oslo.sources[0]),
        Invalidate(
            fact_id=oslo.id, text=oslo.text, at=day("2025-01-01"), kind=InvalidateKind.CHANGE, before=oslo.state
        ),
        Skip(text="x", fact_id=oslo.id, source=oslo.sources[0]),
    )

    assert load_operations(dump_operations(operations)) == operations
