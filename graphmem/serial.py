"""Between values and JSON: one way out, one way back, for changes on the record and for every face."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, cast, get_args

from pydantic import TypeAdapter

from graphmem import operations
from graphmem.models import Rule

_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """Return the value as dicts, lists and scalars; times in UTC ending in Z, operations with their name under `op`."""
    kind = cast("type[Any]", type(value))
    if kind in _SCALARS:
        return value
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(kind):
        named = {"op": kind.__name__} if kind in _OPERATIONS else {}
        return named | {name: plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in cast("tuple[Any, ...]", value)]
    return value


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def utc_text(at: datetime) -> str:
    """Return an ISO time in UTC ending in Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def milliseconds(at: datetime) -> int:
    """Return a time as milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def dump(value: Any) -> str:
    """Return the value as JSON text."""
    return json.dumps(plain(value), ensure_ascii=False)


def dump_operations(ops: tuple[operations.Operation, ...]) -> str:
    """Return the operations as JSON text, each with its name under `op`."""
    return dump(ops)


def dump_rule(rule: Rule) -> str:
    """Return a rule as JSON text."""
    return dump(rule)


def load_rule(text: str) -> Rule:
    """Read back what `dump_rule` wrote."""
    return _RULE.validate_json(text)


def load_operations(text: str) -> tuple[operations.Operation, ...]:
    """Read back what `dump_operations` wrote."""
    return tuple(_load_operation(item) for item in json.loads(text))


_OPERATIONS = frozenset(get_args(operations.Operation))
_ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in _OPERATIONS}
_RULE = TypeAdapter(Rule)
_CHANGE = TypeAdapter(operations.Change)


def load_changes(items: Sequence[Mapping[str, Any]]) -> tuple[operations.Change, ...]:
    """Read back decisions that `plain` made into dicts."""
    return tuple(
        _CHANGE.validate_python({**item, "operations": tuple(_load_operation(dict(o)) for o in item["operations"])})
        for item in items
    )


def _load_operation(item: dict[str, Any]) -> operations.Operation:
    name = item.pop("op")
    return cast("operations.Operation", _ADAPTERS[name].validate_python(item))
