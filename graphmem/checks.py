"""Checks of what callers of a memory pass in; each raises InvalidInput."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from graphmem.errors import InvalidInput
from graphmem.models import AsOf, Filters, FilterValue
from graphmem.ontology import Ontology

MOST_RESULTS = 1000
MOST_VALUES = 1000
"""How many values one filter may name."""
_LISTS = ("predicates", "types", "sessions", "agents", "sources")


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside of what is allowed."""
    if not least <= value <= most:
        raise InvalidInput(f"{name} is {value}; it must lie between {least} and {most:,}.")


def check_encodable(what: str, text: str) -> None:
    """Refuse a text that is not UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise InvalidInput(f"{what} has a lone surrogate at character {exc.start}; decode it first.") from exc


def checked_clocks(as_of: AsOf | None) -> AsOf:
    """Return the clocks that are asked about, refusing what is no time, and times without zone."""
    for at in (as_of.valid, as_of.known) if as_of else ():
        if at is not None and not isinstance(at, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"as_of takes datetimes, not {at!r}.")
        if at is not None and at.tzinfo is None:
            raise InvalidInput(f"as_of has a time without zone ({at}); write 2024-05-01T09:00:00Z.")
    return as_of or AsOf()


def metadata_of(pairs: Sequence[str]) -> dict[str, FilterValue]:
    """Return metadata that is written as key=value; true, false and quoted texts are read as JSON, all else as it is.

    Raises InvalidInput, also for a key that stands there twice, since a message has one value of it, and for brackets
    nested too deep to be read.
    """
    found: dict[str, FilterValue] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise InvalidInput(f"metadata {pair!r} must be key=value.")
        if key in found:
            raise InvalidInput(f"metadata asks for {key!r} twice; a message has one value of it.")
        found[key] = _filter_value(value)
    return found


def _filter_value(text: str) -> FilterValue:
    try:
        read = json.loads(text)
    except ValueError:
        return text
    except RecursionError as exc:
        raise InvalidInput("metadata is flat: this value is nested too deep to be read.") from exc
    return read if isinstance(read, (bool, str)) else text


def check_filters(filters: Filters | None, ontology: Ontology) -> None:
    """Refuse filters that nothing could pass, or that the store cannot compare."""
    if filters is None:
        return
    check_shape(filters)
    _check_known("predicates", filters.predicates or (), ontology.predicates)
    _check_known("types", filters.types or (), ontology.types)


def check_shape(filters: Filters) -> None:
    """Refuse filters that are wrong whatever the ontology knows."""
    _check_times(filters)
    for name in _LISTS:
        _check_list(name, getattr(filters, name))
    _check_confidence(filters.confidence)
    _check_metadata(filters.metadata)


def _check_times(filters: Filters) -> None:
    for name, at in (("since", filters.since), ("until", filters.until)):
        if at is None:
            continue
        if not isinstance(at, datetime) or at.tzinfo is None:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"the filter {name} is {at!r}; it must be a time with its zone, 2024-05-01T09:00:00Z.")
        if not 1 < at.year < 9998:
            raise InvalidInput(f"the filter {name} is {at}; the years 2 to 9997 are kept.")
    if filters.since and filters.until and filters.since >= filters.until:
        raise InvalidInput(f"the filter since ({filters.since}) must lie before until ({filters.until}).")


def _check_list(name: str, values: Any) -> None:
    if values is None:
        return
    if not isinstance(values, (tuple, list)) or not all(isinstance(v, str) for v in cast("tuple[Any, ...]", values)):
        raise InvalidInput(f"the filter {name} is {values!r}; it must be a tuple of texts, also for one: ('a',).")
    texts = cast("tuple[str, ...]", values)
    if not 0 < len(texts) <= MOST_VALUES:
        raise InvalidInput(
            f"the filter {name} names {len(texts):,} values; name 1 to {MOST_VALUES:,}, or leave it out for all."
        )
    for text in texts:
        check_encodable(f"the filter {name}", text)


def check_choice(name: str, value: object, known: Sequence[object]) -> None:
    """Raise InvalidInput for a value that is none of the known ones."""
    if value not in known:
        raise InvalidInput(f"{name} is {value!r}; it takes {', '.join(map(repr, known))}.")


def _check_known(name: str, asked: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise InvalidInput(
            f"the filter {name} has {', '.join(unknown)}, which the ontology does not know; it knows "
            f"{', '.join(sorted(known))}."
        )


def _check_confidence(value: Any) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1):
        raise InvalidInput(f"the filter confidence is {value!r}; it must be a number from 0 to 1.")


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, Mapping) or not 0 < len(cast("Mapping[Any, Any]", metadata)) <= MOST_VALUES:
        raise InvalidInput(
            f"the filter metadata is {metadata!r}; write {{'channel': 'chat'}}, or leave it out for all."
        )
    for key, value in cast("Mapping[Any, Any]", metadata).items():
        if not isinstance(key, str) or not isinstance(value, (str, int, float, bool)):
            raise InvalidInput(
                f"the filter metadata has {key!r}: {value!r}; metadata is flat: compare text with text, number, "
                "true or false."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"the filter metadata has {key!r}: {value}; no message has such a number.")
        check_encodable("the filter metadata", f"{key}={value}")
