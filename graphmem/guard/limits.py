"""What an expression may do to the server: which functions, how fast values grow, which regular expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

from lark import Token, Tree

from graphmem.guard.state import Node, branches

_FUNCTIONS = """
coalesce size head last tail reverse range keys labels type nodes relationships length startNode endNode properties
toInteger toFloat toString toBoolean toIntegerOrNull toFloatOrNull toStringOrNull toBooleanOrNull
abs sign round ceil floor sqrt exp log log10 pi e sin cos tan asin acos atan atan2 degrees radians isNaN
toUpper toLower trim ltrim rtrim replace split substring left right isEmpty
date datetime localdatetime time localtime duration date.truncate datetime.truncate localdatetime.truncate
duration.between duration.inMonths duration.inDays duration.inSeconds
"""
_AGGREGATES = "count sum avg min max collect percentileCont percentileDisc stDev stDevP"
AGGREGATES = frozenset(_AGGREGATES.split())
FUNCTIONS = {name.lower(): name for name in (*_FUNCTIONS.split(), *AGGREGATES)}
"""The functions that may be called, by their names in lower case: none of them reads more than its arguments."""
_QUANTIFIED = re.compile(r"(?<!\\)(?:\\\\)*[*+?{]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_REFERENCE = re.compile(r"\\[1-9kQE]|\(\?(?!:)")
_PATTERN_LENGTH = 200
_MOST_REPEATS = 3
_MOST_CHOICES = 8
_STEPS = 2e8


def risky_pattern(pattern: str) -> bool:
    """Tell whether matching a regular expression might take longer than anyone waits: the server cannot be stopped."""
    pattern = pattern.removeprefix("(?i)")
    return (
        len(pattern) > _PATTERN_LENGTH
        or repeats(pattern) > _MOST_REPEATS
        or pattern.count("|") > _MOST_CHOICES
        or _REPEATED_GROUP.search(pattern) is not None
        or _REFERENCE.search(pattern) is not None
    )


def longest_matched(pattern: str) -> int | None:
    """Return how long a text may be that is matched; nothing where the time grows only as fast as the text."""
    times = repeats(pattern)
    ways = math.factorial(times) * _STEPS / 2 ** pattern.count("|")
    return int(ways ** (1 / times)) if times > 1 else None


def repeats(pattern: str) -> int:
    """Return how often a regular expression repeats or leaves out something."""
    return len(_QUANTIFIED.findall(pattern.removeprefix("(?i)")))


def certain(tree: Node | Token | None, unsure: Collection[str]) -> bool:
    """Tell whether a condition can be asked of any node without an error that would tell something about it.

    `unsure` are the names that may hold something else than a node, a relationship or nothing, and, with a $, the
    parameters that hold no list.
    """
    if not isinstance(tree, Tree):
        return False
    inside = branches(tree)
    match tree.data:
        case "or_" | "xor" | "and_" | "not_" | "group_expr":
            return all(certain(child, unsure) for child in inside)
        case "comparison":
            return all(simple(child, unsure) for child in inside if child.data != "compare")
        case "predicate":
            return simple(inside[0], unsure) and all(_certain_suffix(s, inside[0], unsure) for s in inside[1:])
        case "true" | "false":
            return True
        case _:
            return False


def _certain_suffix(tree: Node, asked: Node, unsure: Collection[str]) -> bool:
    inside = branches(tree)
    match tree.data:
        case "is_null" | "is_not_null":
            return True
        case "has_labels":
            return asked.data == "variable" and str(asked.children[0]) not in unsure
        case "starts_with" | "ends_with" | "contains":
            return all(simple(child, unsure) for child in inside)
        case "in_":
            (right,) = inside
            if right.data == "parameter":
                return f"${right.children[0]}" not in unsure
            return right.data == "list" and simple(right, unsure)
        case _:
            return False


def simple(tree: Node | Token | None, unsure: Collection[str]) -> bool:
    """Tell whether a value is a literal, a parameter, a variable or one property of a node or relationship."""
    if not isinstance(tree, Tree):
        return False
    match tree.data:
        case "string" | "integer" | "float" | "true" | "false" | "null" | "parameter" | "variable":
            return True
        case "signed":
            value = tree.children[-1]
            return isinstance(value, Tree) and value.data in {"integer", "float"}
        case "list":
            return all(simple(child, unsure) for child in branches(tree))
        case "postfix":
            held, *steps = tree.children
            return (
                isinstance(held, Tree)
                and held.data == "variable"
                and str(held.children[0]) not in unsure
                and len(steps) == 1
                and isinstance(steps[0], Tree)
                and steps[0].data == "property"
            )
        case _:
            return False


def uses(tree: Node, name: str) -> bool:
    """Tell whether a name stands anywhere in an expression or a pattern."""
    return any(tree.scan_values(lambda t: isinstance(t, Token) and t.type == "NAME" and str(t) == name))


def occurrences(tree: Node | Token, name: str) -> int:
    """Return how often a value goes into another one; what is only compared or counted does not."""
    if isinstance(tree, Token):
        return 0
    inside = branches(tree)
    match tree.data:
        case "variable" | "shown_variable":
            return int(str(tree.children[0]) == name)
        case "comparison" | "predicate" | "not_" | "and_" | "or_" | "xor" | "exists" | "count" | "quantifier":
            return 0
        case "case":
            values = [child.children[-1] for child in inside if child.data == "when"]
            values += [child for child in inside[-1:] if child.data != "when"]
            return max((occurrences(value, name) for value in values if isinstance(value, Tree)), default=0)
        case "function" if str(tree.children[0]).lower() in {"size", "count", "length", "type"}:
            return 0
        case _:
            return sum(occurrences(child, name) for child in inside)
