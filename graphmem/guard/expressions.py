"""Writing expressions anew: composite ones in brackets, texts as parameters, patterns as subqueries."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lark import Token, Tree

from graphmem.guard.limits import AGGREGATES, FUNCTIONS, longest_matched, occurrences, risky_pattern
from graphmem.guard.state import Env, Node, State, branch, branches, children, needed, parts, token

_SUFFIX = {"starts_with": "STARTS WITH", "ends_with": "ENDS WITH", "contains": "CONTAINS", "in_": "IN"}
_WORDS = {"or_": " OR ", "xor": " XOR ", "and_": " AND "}
_OPERATORS = {"compare", "plus", "times_op", "hat"}
_SUBQUERIES = {"exists": "EXISTS", "count": "COUNT", "collect": "COLLECT"}
_LOOPS = {"list_comprehension", "pattern_comprehension", "quantifier", "reduce"}
_REPLACE, _STEPS = 3, 3


class Expressions(State, ABC):
    """Writes one expression anew for the names that it may use."""

    @abstractmethod
    def inner(self, tree: Node, env: Env) -> str:
        """Write what stands in the braces of EXISTS, COUNT or COLLECT."""

    @abstractmethod
    def pattern_condition(self, tree: Node, env: Env) -> str:
        """Write a pattern that stands for a condition."""

    @abstractmethod
    def pattern_list(self, tree: Node, env: Env) -> str:
        """Write a pattern comprehension."""

    def expression(self, tree: Node | Token | None, env: Env) -> str:
        """Write an expression."""
        if not isinstance(tree, Tree):
            raise self.refused(tree, "an expression was expected.") if tree is not None else AssertionError
        writers: Mapping[str, Callable[[Node, Env], str]] = {
            "or_": self._joined,
            "xor": self._joined,
            "and_": self._joined,
            "not_": lambda t, e: f"({'NOT ' * (len(t.children) - 1)}{self.expression(t.children[-1], e)})",
            "comparison": self._alternating,
            "arithmetic": self._alternating,
            "predicate": self._predicate,
            "signed": self._signed,
            "postfix": self._postfix,
            "string": lambda t, _: self.text(str(t.children[0])),
            "integer": lambda t, _: str(t.children[0]),
            "float": lambda t, _: str(t.children[0]),
            "true": lambda _t, _e: "true",
            "false": lambda _t, _e: "false",
            "null": lambda _t, _e: "null",
            "parameter": lambda t, _: self.parameter(_first(t)),
            "variable": lambda t, e: self.known(_first(t), e),
            "count_all": self._count_all,
            "function": self._function,
            "case": self._case,
            "list": lambda t, e: f"[{', '.join(self.expression(c, e) for c in parts(t))}]",
            "list_comprehension": self._list_comprehension,
            "pattern_comprehension": self.pattern_list,
            "map": self.map,
            "projection": self._projection,
            "exists": self._subquery,
            "count": self._subquery,
            "collect": self._subquery,
            "quantifier": self._quantifier,
            "reduce": self._reduce,
            "pattern": self.pattern_condition,
            "group_expr": lambda t, e: f"({self.expression(t.children[0], e)})",
        }
        if tree.data in _LOOPS:
            with self.loop(tree):
                return writers[str(tree.data)](tree, env)
        return writers[str(tree.data)](tree, env)

    def map(self, tree: Node, env: Env) -> str:
        """Write a map."""
        return "{" + ", ".join(self.entry(entry, env) for entry in branches(tree)) + "}"

    def entry(self, tree: Node, env: Env) -> str:
        """Write one key of a map with its value."""
        return f"{self.identifier(_first(tree))}: {self.expression(tree.children[1], env)}"

    def condition(self, tree: Node, env: Env) -> str:
        """Write what follows WHERE."""
        return self.expression(tree.children[-1], env)

    def labels(self, tree: Node | Token) -> str:
        """Write a label expression without its colon."""
        if isinstance(tree, Token):
            return "!" if tree.type == "BANG" else ""
        match tree.data:
            case "label":
                return self.identifier(_first(tree))
            case "every_label":
                return "%"
            case "label_group":
                return f"({self.labels(tree.children[0])})"
            case "any_label":
                return "|".join(self.labels(child) for child in parts(tree))
            case "all_label" | "has_labels":
                return "&".join(map(self.labels, branches(tree)))
            case _:
                return "".join(self.labels(child) for child in parts(tree))

    def _joined(self, tree: Node, env: Env) -> str:
        return f"({_WORDS[str(tree.data)].join(self.expression(c, env) for c in branches(tree))})"

    def _alternating(self, tree: Node, env: Env) -> str:
        """Write operands with the operators between them."""
        written = [
            f" {child.children[0]} " if child.data in _OPERATORS else self.expression(child, env)
            for child in branches(tree)
        ]
        return f"({''.join(written)})"

    def count_growth(self, tree: Node, env: Env) -> None:
        """Count how often the values of names go into a new one: twice is twice as large."""
        for name in (*env.names, *env.fixed):
            self.doubled(tree, math.log2(max(1, occurrences(tree, name))))

    def _predicate(self, tree: Node, env: Env) -> str:
        written = self.expression(tree.children[0], env)
        for suffix in branches(tree)[1:]:
            written = self._suffixed(written, suffix, env)
        return f"({written})"

    def _suffixed(self, written: str, suffix: Node, env: Env) -> str:
        kind = str(suffix.data)
        if kind in {"is_null", "is_not_null"}:
            return f"{written} IS {'NOT ' if kind == 'is_not_null' else ''}NULL"
        if kind == "has_labels":
            return f"{written}:{self.labels(suffix)}"
        right = branches(suffix)[-1]
        if kind == "matches":
            longest, text = longest_matched(self._check_pattern(right)), self.expression(right, env)
            if longest is None:
                return f"{written} =~ {text}"
            item = self.made()
            sized = f"size(toStringOrNull({item})) <= {longest}"
            return f"head([{item} IN [{written}] | CASE WHEN {sized} THEN {item} =~ {text} END])"
        return f"{written} {_SUFFIX[kind]} {self.expression(right, env)}"

    def _check_pattern(self, tree: Node) -> str:
        if tree.data == "group_expr" and isinstance(tree.children[0], Tree):
            return self._check_pattern(tree.children[0])
        value: Any = None
        if tree.data == "string":
            value = str(tree.children[0])
        elif tree.data == "parameter":
            value = self.given(_first(tree))
        if not isinstance(value, str):
            raise self.refused(tree, "a regular expression must be a text or a parameter.")
        if risky_pattern(value):
            raise self.refused(
                tree, "a regular expression may repeat three times, and no group, and choose eight times, at most."
            )
        return value

    def _signed(self, tree: Node, env: Env) -> str:
        signs = [str(c.children[0]) for c in branches(tree)[:-1]]
        sign = "-" if signs.count("-") % 2 else ""
        return f"({sign}{self.expression(tree.children[-1], env)})"

    def _postfix(self, tree: Node, env: Env) -> str:
        written = self.expression(tree.children[0], env)
        for step in branches(tree)[1:]:
            match step.data:
                case "property":
                    written += f".{self.identifier(_first(step))}"
                case "index":
                    written += f"[{self.expression(step.children[0], env)}]"
                case _:
                    ends = [self.expression(c, env) if isinstance(c, Tree) else "" for c in step.children]
                    written += f"[{ends[0]}..{ends[1]}]"
        return written

    def _count_all(self, tree: Node, _env: Env) -> str:
        if str(tree.children[0]).lower() != "count":
            raise self.refused(tree, "only count takes a star.")
        return "count(*)"

    def _function(self, tree: Node, env: Env) -> str:
        called = _first(tree)
        arguments = branches(tree)
        if called.lower() == "exists" and len(arguments) == 1 and arguments[0].data == "pattern":
            return self.expression(arguments[0], env)
        name = FUNCTIONS.get(called.lower())
        if name is None:
            raise self.refused(called, f"the function {str(called)[:40]!a} is not one of those that are allowed.")
        distinct = token(tree, 1) is not None
        if distinct and name not in AGGREGATES:
            raise self.refused(called, f"{name} takes no DISTINCT.")
        if name == "range":
            self._check_range(tree, arguments)
        if name == "replace" and len(arguments) == _REPLACE:
            self._check_replacement(arguments[2])
        written = ", ".join(self.expression(argument, env) for argument in arguments)
        return f"{name}({'DISTINCT ' if distinct else ''}{written})"

    def _check_range(self, tree: Node, arguments: Sequence[Node]) -> None:
        numbers = [self._number(argument) for argument in arguments]
        if len(numbers) not in {2, _STEPS}:
            raise self.refused(tree, "range takes a first number, a last one and perhaps a step.")
        step = numbers[2] if len(numbers) == _STEPS else 1
        if step == 0:
            raise self.refused(tree, "a range with a step of 0 does not end.")
        self.ranged(tree, max(0, (numbers[1] - numbers[0]) // step + 1))

    def _number(self, tree: Node) -> int:
        match tree.data:
            case "integer":
                return int(str(tree.children[0]))
            case "signed" if isinstance(tree.children[-1], Tree):
                signs = [str(c.children[0]) for c in branches(tree)[:-1]]
                return self._number(tree.children[-1]) * (-1) ** signs.count("-")
            case "parameter":
                value = self.given(_first(tree))
                if isinstance(value, int):
                    return value
            case _:
                pass
        raise self.refused(tree, "range takes whole numbers, written out or as parameters.")

    def _check_replacement(self, tree: Node) -> None:
        value: Any = str(tree.children[0]) if tree.data == "string" else None
        if tree.data == "parameter":
            value = self.given(_first(tree))
        if not isinstance(value, str):
            raise self.refused(tree, "what replace puts in must be a text or a parameter.")
        self.doubled(tree, math.log2(max(1, len(value))))

    def _case(self, tree: Node, env: Env) -> str:
        first, *rest = children(tree)
        written = "CASE" if first is None else f"CASE {self.expression(first, env)}"
        for child in rest:
            if isinstance(child, Tree) and child.data == "when":
                *asked, value = branches(child)
                tests = ", ".join(self.expression(c, env) for c in asked)
                written += f" WHEN {tests} THEN {self.expression(value, env)}"
            elif isinstance(child, Tree):
                written += f" ELSE {self.expression(child, env)}"
        return f"{written} END"

    def _list_comprehension(self, tree: Node, env: Env) -> str:
        bound, values = _first(tree), branch(tree, 1)
        inside = env.plus([str(bound)])
        name = self.value(bound)
        written = f"{name} IN {self.expression(values, env)}"
        where, shown = branch(tree, 2), branch(tree, 3)
        if where is not None:
            written += f" WHERE {self.condition(where, inside)}"
        if shown is not None:
            written += f" | {self.expression(shown, inside)}"
        return f"[{written}]"

    def _projection(self, tree: Node, env: Env) -> str:
        shown = [self._shown(c, env) for c in branches(tree)]
        return f"{self.known(_first(tree), env)} {{{', '.join(shown)}}}"

    def _shown(self, tree: Node, env: Env) -> str:
        match tree.data:
            case "shown_property":
                return f".{self.identifier(_first(tree))}"
            case "shown_all":
                return ".*"
            case "shown_entry":
                return self.entry(tree, env)
            case _:
                name = _first(tree)
                return f"{self.identifier(name)}: {self.known(name, env)}"

    def _subquery(self, tree: Node, env: Env) -> str:
        return f"{_SUBQUERIES[str(tree.data)]} {{ {self.inner(needed(tree, -1), env)} }}"

    def _quantifier(self, tree: Node, env: Env) -> str:
        word, bound = _tokens(tree)[:2]
        values, where = branches(tree)
        written = f"{self.value(bound)} IN {self.expression(values, env)}"
        return f"{word.lower()}({written} WHERE {self.condition(where, env.plus([str(bound)]))})"

    def _reduce(self, tree: Node, env: Env) -> str:
        total, item = _tokens(tree)
        start, values, step = branches(tree)
        if occurrences(step, str(total)) > 1 or _inside_call(step, str(total)):
            raise self.refused(step, f"reduce may use {str(total)[:40]!a} once in what it makes, and in no function.")
        inside = env.plus([str(total), str(item)])
        self.value(item)
        begun = f"{self.value(total)} = {self.expression(start, env)}"
        return f"reduce({begun}, {self.name(item)} IN {self.expression(values, env)} | {self.expression(step, inside)})"


def _inside_call(tree: Node, name: str) -> bool:
    """Tell whether a name's value goes into a function, a comprehension or another reduce, which may multiply it."""
    kinds = {
        "function",
        "reduce",
        "list_comprehension",
        "pattern_comprehension",
        "collect",
        "list",
        "map",
        "projection",
    }
    found = tree.find_pred(lambda t: t.data in kinds)
    return any(occurrences(inside, name) for inside in found)


def _first(tree: Node) -> Token:
    return _tokens(tree)[0]


def _tokens(tree: Node) -> list[Token]:
    return [child for child in tree.children if isinstance(child, Token)]
