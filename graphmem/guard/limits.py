"""What an expression may do to the server: which functions, how fast values grow, which regular expressions."""

from __future__ import annotations

import re

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
_REFERENCE = re.compile(r"\\[1-9k]|\(\?<?[=!>]")
_PATTERN_LENGTH = 200
_MOST_REPEATS = 3


def risky_pattern(pattern: str) -> bool:
    """Tell whether matching a regular expression might take longer than anyone waits: the server cannot be stopped."""
    return (
        len(pattern) > _PATTERN_LENGTH
        or len(_QUANTIFIED.findall(pattern.removeprefix("(?i)"))) > _MOST_REPEATS
        or _REPEATED_GROUP.search(pattern) is not None
        or _REFERENCE.search(pattern) is not None
    )


def certain(tree: Node | Token) -> bool:
    """Tell whether a condition can be asked of any node without an error that would tell something about it."""
    if isinstance(tree, Token):
        return False
    inside = branches(tree)
    match tree.data:
        case "or_" | "xor" | "and_" | "not_" | "group_expr":
            return all(map(certain, inside))
        case "comparison":
            return all(_simple(child) for child in inside if child.data != "compare")
        case "predicate":
            return _simple(inside[0]) and all(map(_certain_suffix, inside[1:]))
        case "true" | "false":
            return True
        case _:
            return False


def _certain_suffix(tree: Node) -> bool:
    match tree.data:
        case "is_null" | "is_not_null" | "has_labels":
            return True
        case "starts_with" | "ends_with" | "contains":
            return all(map(_simple, branches(tree)))
        case "in_":
            (right,) = tree.children
            return isinstance(right, Tree) and right.data in {"list", "parameter"} and _simple(right)
        case _:
            return False


def _simple(tree: Node) -> bool:
    """Tell whether a value is a literal, a parameter, a variable or one property of a variable."""
    match tree.data:
        case "string" | "integer" | "float" | "true" | "false" | "null" | "parameter" | "variable":
            return True
        case "signed":
            value = tree.children[-1]
            return isinstance(value, Tree) and value.data in {"integer", "float"}
        case "list":
            return all(map(_simple, branches(tree)))
        case "postfix":
            held, *steps = tree.children
            return (
                isinstance(held, Tree)
                and held.data == "variable"
                and len(steps) == 1
                and isinstance(steps[0], Tree)
                and steps[0].data == "property"
            )
        case _:
            return False


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
