"""What a rewriting knows: names and values that take the caller's place, and how large the answer may grow."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from lark import Token, Tree

from graphmem.errors import CypherRefused
from graphmem.guard.tokens import place

MOST_ITEMS = 20_000
MOST_RANGED = 100_000
MOST_DOUBLINGS = 16
MOST_LOOPS = 2
MOST_CLAUSES = 100
_MOST_SIZE, _MOST_STEPS, _MOST_COPIED = 26, 30, 38  # as powers of two
_PLAIN_NAME = re.compile(r"[^\W\d]\w{0,99}")
_VALUE_DEPTH = 8

Node = Tree[Token]


@dataclass(frozen=True, slots=True)
class Env:
    """The names that an expression may use: those of the rows, which `*` means, and those from around a subquery."""

    names: tuple[str, ...] = ()
    fixed: frozenset[str] = field(default_factory=frozenset[str])

    def __contains__(self, name: str) -> bool:
        return name in self.names or name in self.fixed

    def plus(self, names: Sequence[str]) -> Env:
        """Return it with more names."""
        return replace(self, names=tuple(dict.fromkeys((*self.names, *names))))

    def around(self) -> Env:
        """Return it as a subquery inside sees it."""
        return Env((), self.fixed | set(self.names))


class State:
    """Gives every name and text of the caller another one, so that nothing that was sent goes to the store."""

    def __init__(self, text: str, scopes: Sequence[str], given: Mapping[str, Any]) -> None:
        self._text = text
        self._given = given
        self._names: dict[str, str] = {}
        self._made = 0
        self._texts: dict[str, str] = {}
        self._ranged = 1
        self._doublings = 0.0
        self._loops = 0
        self._counted = 0
        self._deepest = 0
        self._reduces = False
        self._longest = self._most = 1
        self._values: set[str] = set()
        self.parameters: dict[str, Any] = {"scope": scopes[0] if len(scopes) == 1 else list(scopes)}
        self._compare = "=" if len(scopes) == 1 else "IN"

    def refused(self, at: Node | Token, why: str) -> CypherRefused:
        """Return an error that says where and why."""
        start = at.start_pos if isinstance(at, Token) else getattr(at.meta, "start_pos", None)
        return CypherRefused(f"{place(self._text, start)}: {why}" if start is not None else why)

    def shown(self, at: Node | Token) -> str:
        """Return a piece of the query as it was written."""
        meta = at if isinstance(at, Token) else at.meta
        return self._text[meta.start_pos : meta.end_pos]

    def in_scope(self, name: str) -> str:
        """Return the condition that a node is one of the caller's."""
        return f"{name}.scope {self._compare} $scope"

    def name(self, token: Token) -> str:
        """Return what stands for a name of the caller, the same everywhere."""
        return self._names.setdefault(str(token), f"v{len(self._names)}")

    def known(self, token: Token, env: Env) -> str:
        """Return what stands for a name that must be defined."""
        if str(token) not in env:
            raise self.refused(token, f"{str(token)[:40]!a} is not defined here.")
        return self.name(token)

    def value(self, token: Token) -> str:
        """Return what stands for a name that may hold anything."""
        self._values.add(str(token))
        return self.name(token)

    def unlike_nodes(self, names: Sequence[str]) -> None:
        """Note names that hold lists or paths."""
        self._values.update(names)

    def unsure(self) -> set[str]:
        """Return the names that may hold no node or relationship, and with a $ the parameters that hold no list."""
        return self._values | {
            f"${name}" for name, value in self._given.items() if not isinstance(value, (list, tuple))
        }

    def made(self) -> str:
        """Return a new name of our own."""
        self._made += 1
        return f"g{self._made}"

    def identifier(self, token: Token) -> str:
        """Return a property, label or type, quoted; raises CypherRefused for what is no plain word."""
        if not _PLAIN_NAME.fullmatch(token):
            raise self.refused(token, "names of properties, labels and types are words of letters, digits and _.")
        return f"`{token}`"

    def text(self, value: str) -> str:
        """Return a parameter that holds a text."""
        self._longest = max(self._longest, len(value))
        if value not in self._texts:
            self._texts[value] = f"s{len(self._texts)}"
            self.parameters[self._texts[value]] = value
        return f"${self._texts[value]}"

    def parameter(self, token: Token) -> str:
        """Return what stands for a parameter of the caller."""
        value, key = self.given(token), f"p_{self.name(token)}"
        self.parameters[key] = value
        return f"${key}"

    def given(self, token: Token) -> Any:
        """Return the value of a parameter; raises CypherRefused where there is none, or one that is no plain value."""
        if token not in self._given:
            raise self.refused(token, f"no value is given for the parameter {str(token)[:40]!a}.")
        value: Any = self._given[token]
        size = _size(value, 0)
        if size > MOST_ITEMS:
            raise self.refused(token, f"a parameter holds more than {MOST_ITEMS} values, or something that is no JSON.")
        if isinstance(value, (list, tuple)):
            self._most = max(self._most, size)
        self._longest = max(self._longest, size, _longest(value))
        return cast("Any", value)

    def ranged(self, at: Node, size: int) -> None:
        """Count what a range makes; the product of all of a query's is bounded."""
        self._ranged *= max(1, size)
        if self._ranged > MOST_RANGED:
            raise self.refused(at, f"ranges of more than {MOST_RANGED} numbers in all are not taken.")

    def planned(self, clauses: Sequence[Node]) -> None:
        """Count clauses: a server plans a query before it looks at its clock."""
        self._counted += len(clauses)
        if self._counted > MOST_CLAUSES:
            raise self.refused(clauses[-1], f"more than {MOST_CLAUSES} clauses.")

    @contextmanager
    def loop(self, at: Node) -> Generator[None]:
        """Enter what is done for each item of a list; such a loop within loops is one that no server can stop."""
        self._loops += 1
        self._deepest = max(self._deepest, self._loops)
        self._reduces |= at.data == "reduce"
        if self._loops > MOST_LOOPS:
            raise self.refused(at, f"loops over lists inside one another go {MOST_LOOPS} deep; use UNWIND.")
        yield
        self._loops -= 1

    def check_size(self, at: Node) -> None:
        """Refuse what makes too much of ranges, texts, lists and doublings together: no server stops an expression."""
        ranged, longest, items = (
            math.log2(max(1, n)) for n in (self._ranged, self._longest, max(self._ranged, self._most))
        )
        if (
            ranged + longest + self._doublings > _MOST_SIZE
            or (self._deepest > 1 and 2 * (items + self._doublings) > _MOST_STEPS)
            or (self._reduces and 2 * (items + self._doublings) + longest > _MOST_COPIED)
        ):
            raise self.refused(at, "ranges, texts and lists grow too large together.")

    def doubled(self, at: Node, times: float) -> None:
        """Count how often a value may double its size."""
        self._doublings += times
        if self._doublings > MOST_DOUBLINGS:
            raise self.refused(at, "this makes values that grow too large.")


def _size(value: Any, depth: int) -> int:
    """Return how many values there are in one; more than may be for what is no JSON."""
    if isinstance(value, float):
        return 1 if math.isfinite(value) else MOST_ITEMS + 1
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int):
        return 1 if -(2**63) <= value < 2**63 else MOST_ITEMS + 1
    if isinstance(value, str):
        return 1 + len(value) // 1000 if value.isascii() or _encodes(value) else MOST_ITEMS + 1
    if depth < _VALUE_DEPTH and isinstance(value, (list, tuple)):
        return 1 + sum(_size(v, depth + 1) for v in cast("Sequence[Any]", value))
    if depth < _VALUE_DEPTH and isinstance(value, dict):
        held = cast("dict[Any, Any]", value)
        return 1 + sum(_size(v, depth + 1) if isinstance(k, str) else MOST_ITEMS + 1 for k, v in held.items())
    return MOST_ITEMS + 1


def _longest(value: Any) -> int:
    """Return how long the longest text in a value is."""
    if isinstance(value, str):
        return len(value)
    held: Iterable[Any] = ()
    if isinstance(value, dict):
        held = cast("dict[Any, Any]", value).values()
    elif isinstance(value, (list, tuple)):
        held = cast("Sequence[Any]", value)
    return max(map(_longest, held), default=0)


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def token(tree: Node, at: int) -> Token | None:
    """Return a child that is a token, or nothing."""
    found = children(tree)[at]
    return found if isinstance(found, Token) else None


def branch(tree: Node, at: int) -> Node | None:
    """Return a child that is a branch, or nothing."""
    found = children(tree)[at]
    return found if isinstance(found, Tree) else None


def needed(tree: Node, at: int) -> Node:
    """Return a child that the grammar says is a branch."""
    return cast("Node", tree.children[at])


def children(tree: Node) -> list[Node | Token | None]:
    """Return all children; where the grammar lets one out, there is nothing in its place."""
    return cast("list[Node | Token | None]", tree.children)


def parts(tree: Node) -> list[Node | Token]:
    """Return the children that are there."""
    return [child for child in children(tree) if child is not None]


def branches(tree: Node) -> list[Node]:
    """Return the children that are branches."""
    return [child for child in children(tree) if isinstance(child, Tree)]
