"""The facade's named analyses: what an analyst asks of what users know, as Cypher queries that anyone can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphmem.adapters.queries import Analysis, Parameter, load_analyses
from graphmem.base import Base, ScopeLike
from graphmem.checks import check_range
from graphmem.dates import parse_date
from graphmem.errors import InvalidInput
from graphmem.guard.rewrite import guard
from graphmem.serial import utc_text

QUERY = "query"
ROWS = 1000
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an analysis or a query found: its columns, and a value for each of them a row.

    `truncated` where there were more rows than were asked for, or than GRAPHMEM_RESULT_BYTES lets through.
    """

    analysis: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False


class Analytics(Base):
    """Analyses by name."""

    def analyses(self) -> tuple[Analysis, ...]:
        """Return what can be asked, each with its parameters and columns, by name."""
        return tuple(load_analyses().values())

    async def analyse(
        self,
        name: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        parameters: Mapping[str, object] | None = None,
        most: int = MOST_ROWS,
    ) -> Answer:
        """Answer a named analysis over one or several scopes.

        Parameters are numbers or texts, times in the forms of dates (2024, 2024-05, 2024-05-31, a full time); a `limit`
        is 1 to `most`. Raises InvalidInput for an unknown analysis, and for an unknown, missing or wrong parameter.
        """
        known = load_analyses()
        if name not in known:
            raise InvalidInput(f"{name!r} is no analysis; {', '.join(known)} are.")
        analysis, now = known[name], utc_text(self._parts.clock.now())
        given = dict(parameters or {})
        asked = {p.name: p for p in analysis.parameters if p.name not in {"scopes", "now"}}
        unknown = sorted(set(given) - set(asked))
        if unknown:
            raise InvalidInput(f"{name} takes {', '.join(asked) or 'no parameters'}, not {unknown[0]}.")
        values = {p.name: _value(name, p, given, now) for p in asked.values()}
        if "limit" in given:
            check_range("limit", cast("int", values["limit"]), 1, most)
        elif "limit" in values:
            values["limit"] = min(cast("int", values["limit"]), most)
        if any(p.name == "now" for p in analysis.parameters):
            values["now"] = now
        found = await self._parts.store.read(name, scopes=[s.key for s in self._scopes(scope)], **values)
        return Answer(
            analysis=name,
            columns=analysis.columns,
            rows=tuple(tuple(row[column] for column in analysis.columns) for row in found),
        )

    async def cypher(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        parameters: Mapping[str, Any] | None = None,
        limit: int = ROWS,
    ) -> Answer:
        """Answer a query in Cypher about one or several scopes; it sees nothing else, and changes nothing.

        Nodes, relationships and paths come as maps, times as ISO texts; at most `limit` rows, up to 10,000, and those
        that are GRAPHMEM_RESULT_BYTES of JSON together. Raises CypherRefused, which says where and why, QueryFailed,
        also for a single row that is larger, StoreTimeout and InvalidInput.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise InvalidInput(f"limit must lie between 1 and {MOST_ROWS}, not {limit}.")
        _check_numbers(parameters or {})
        store = self._parts.store
        guarded = guard(query, [s.key for s in self._scopes(scope)], parameters, shortest=store.finds_shortest)
        found = await store.ask(guarded, limit)
        return Answer(analysis=QUERY, columns=guarded.columns, rows=found.rows, truncated=found.truncated)


def _value(analysis: str, parameter: Parameter, given: Mapping[str, object], now: str) -> object:
    value = given.get(parameter.name, parameter.default)
    if value is None:
        if parameter.optional:
            return None
        raise InvalidInput(f"{analysis} needs {parameter.name}.")
    if parameter.type == "TIME" and value == "now":
        return now
    try:
        match parameter.type:
            case "INT":
                return _bounded(int(str(value)))
            case "TIME":
                return utc_text(parse_date(str(value))[0])
            case _:
                return str(value)
    except ValueError as exc:
        raise InvalidInput(f"{analysis}: {parameter.name} is {value!r}, which is no {parameter.type} ({exc}).") from exc


def _bounded(number: int) -> int:
    """Return a number that a store can hold, 64 bits; raises ValueError."""
    if not -(2**63) <= number < 2**63:
        raise ValueError("it has more than 64 bits")
    return number


def _check_numbers(value: object) -> None:
    """Raise InvalidInput for a whole number, however deep in a parameter, that no store can hold."""
    if isinstance(value, Mapping):
        _check_numbers(list(cast("Mapping[object, object]", value).values()))
    elif isinstance(value, (list, tuple)):
        for one in cast("list[object]", value):
            _check_numbers(one)
    elif isinstance(value, int):
        try:
            _bounded(value)
        except ValueError as exc:
            raise InvalidInput(f"a parameter is too large ({exc}).") from exc
