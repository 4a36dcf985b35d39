"""From tokens to a tree, by the grammar in cypher.lark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken

from graphmem.errors import CypherRefused
from graphmem.guard.tokens import Lexeme, place, read_tokens

_KEPT_WORDS = "OPTIONAL DISTINCT ASC DESC UNION ALL NOT"
_DROPPED_WORDS = """
MATCH WHERE WITH UNWIND AS RETURN ORDER BY SKIP LIMIT CALL AND OR XOR IN IS NULL STARTS ENDS CONTAINS CASE WHEN THEN
ELSE END TRUE FALSE
"""
# The tree keeps the ones, and the others are known by where they stood.
_KEPT = frozenset(_KEPT_WORDS.split())
_DROPPED = frozenset(_DROPPED_WORDS.split())
_WRITE_WORDS = """
CREATE MERGE INSERT SET DELETE DETACH NODETACH REMOVE FOREACH DROP ALTER GRANT DENY REVOKE START STOP
"""
_WRITES = frozenset(_WRITE_WORDS.split())
_OUTSIDE_WORDS = "LOAD USE USING SHOW TERMINATE EXPLAIN PROFILE CYPHER"
_OUTSIDE = frozenset(_OUTSIDE_WORDS.split())
_SAME = {"ASCENDING": "ASC", "DESCENDING": "DESC"}
_SIGNS = {
    "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB", "{": "LBRACE", "}": "RBRACE", ",": "COMMA", ":": "COLON",
    ";": "SEMICOLON", "|": "VBAR", "+": "PLUS", "-": "MINUS", "/": "SLASH", "%": "PERCENT", "^": "CIRCUMFLEX",
    "=": "EQUAL", ".": "DOT",
}  # fmt: skip
_TYPES = {"name": "NAME", "param": "PARAM", "string": "STRING", "int": "INT", "float": "FLOAT"}
_BRACED = {"EXISTS", "COUNT", "COLLECT"}
_CALLED = dict.fromkeys(("ALL", "ANY", "NONE", "SINGLE"), "QUANTIFIER") | {"REDUCE": "_REDUCE"}
_SHORTEST = {"SHORTESTPATH", "ALLSHORTESTPATHS"}
_CLOSE = {"(": ")", "[": "]", "{": "}"}


@cache
def _grammar() -> Lark:
    text = (Path(__file__).parent / "cypher.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=True, propagate_positions=True)


def parse(text: str) -> Tree[Token]:
    """Return the tree of a query; raises CypherRefused, which says where and why."""
    tokens = read_tokens(text)
    parser = _grammar().parse_interactive()
    position = 0
    while position < len(tokens):
        kind, value, used = _next(tokens, position, cast("Mapping[str, object]", parser.choices()))
        try:
            last = tokens[position + used - 1]
            parser.feed_token(_token(kind, value, tokens[position].start, last.end))
        except UnexpectedToken as exc:
            raise _unexpected(text, tokens, position) from exc
        position += used
    try:
        return parser.feed_eof()
    except UnexpectedToken as exc:
        raise CypherRefused("the query ends too early; a query ends with RETURN.") from exc


def _token(kind: str, value: str, start: int, end: int) -> Token:
    """Return a token with its place in the text; Lark passes places on only where there are lines too."""
    return Token(kind, value, start_pos=start, end_pos=end, line=1, column=1, end_line=1, end_column=1)


def _next(tokens: list[Lexeme], at: int, choices: Collection[str]) -> tuple[str, str, int]:
    """Return the type and value that the token at a place has for a parser that waits for one of `choices`."""
    token = tokens[at]
    if token.kind in _TYPES:
        return _TYPES[token.kind], token.value, 1
    if token.kind == "word":
        return _word(tokens, at, choices)
    if token.kind == "(" and "_PATTERN" in choices and _is_pattern(tokens, at):
        return "_PATTERN", "(", 1
    if token.kind == "[" and "_PATHS_OF" in choices:
        named = _kinds(tokens, at + 1, 2) in (["word", "="], ["name", "="])
        first = at + (3 if named else 1)
        if first < len(tokens) and tokens[first].kind == "(" and _is_pattern(tokens, first):
            return "_PATHS_OF", "[", 1
        if at + 2 < len(tokens) and tokens[at + 1].kind in {"word", "name"} and _is_word(tokens[at + 2], "IN"):
            return "_LIST_OF", "[", 1
    return _sign(token.kind, choices), token.value, 1


def _word(tokens: list[Lexeme], at: int, choices: Collection[str]) -> tuple[str, str, int]:
    token = tokens[at]
    upper = token.value.upper() if token.value.isascii() else ""
    upper = _SAME.get(upper, upper)
    following = tokens[at + 1].kind if at + 1 < len(tokens) else ""
    keyword = _keyword(upper, following)
    if keyword in choices:
        return keyword, token.value, 1
    if "FUNCTION" in choices:
        if following == "(" and upper in _CALLED:
            return _CALLED[upper], token.value, 1
        used = _function_length(tokens, at)
        if used:
            return "FUNCTION", "".join(t.value for t in tokens[at : at + used]), used
    return "NAME", token.value, 1


def _keyword(word: str, following: str) -> str:
    """Return which keyword a word may be, where the grammar waits for one."""
    if word in _SHORTEST:
        return "SHORTEST"
    if word in _KEPT:
        return word
    return f"_{word}" if word in _DROPPED or (word in _BRACED and following == "{") else ""


def _function_length(tokens: list[Lexeme], at: int) -> int:
    """Return how many tokens a function's dotted name takes, 0 where none begins."""
    end = at
    while _kinds(tokens, end, 3) in (["word", ".", "word"], ["word", ".", "name"]):
        end += 2
    return end - at + 1 if end + 1 < len(tokens) and tokens[end + 1].kind == "(" else 0


def _sign(sign: str, choices: Collection[str]) -> str:
    for one, other in (("*", "STAR"), ("<", "LT"), (">", "GT"), ("&", "_AMP"), ("!", "BANG")):
        if sign == one and other in choices:
            return other
    return _SIGNS.get(sign) or _anonymous(sign)


@cache
def _anonymous(sign: str) -> str:
    """Return the name that the grammar gave to a sign."""
    return next((str(t.name) for t in _grammar().terminals if t.pattern.value == sign), sign)


def _is_pattern(tokens: list[Lexeme], at: int) -> bool:
    """Tell whether the bracket opens the first node of a pattern: what follows its end is an arrow to another node."""
    after = _closing(tokens, at) + 1
    if _kinds(tokens, after, 1) == ["<"]:
        after += 1
        if _kinds(tokens, after, 1) != ["-"]:
            return False
    if _kinds(tokens, after, 1) != ["-"]:
        return False
    after += 1
    if _kinds(tokens, after, 1) == ["["]:
        after = _closing(tokens, after) + 1
    if _kinds(tokens, after, 1) != ["-"]:
        return False
    after += 1
    if _kinds(tokens, after, 1) == [">"]:
        after += 1
    return _kinds(tokens, after, 1)[:1] in (["("], ["{"], ["+"], ["*"])


def _closing(tokens: list[Lexeme], at: int) -> int:
    """Return where the bracket at a place is closed; the brackets match, since read_tokens saw to it."""
    depth = 0
    for number in range(at, len(tokens)):
        depth += (tokens[number].kind in _CLOSE) - (tokens[number].kind in _CLOSE.values())
        if depth == 0:
            return number
    return len(tokens)


def _kinds(tokens: list[Lexeme], at: int, count: int) -> list[str]:
    return [token.kind for token in tokens[at : at + count]]


def _is_word(token: Lexeme, word: str) -> bool:
    return token.kind == "word" and token.value.upper() == word


def _unexpected(text: str, tokens: list[Lexeme], at: int) -> CypherRefused:
    token = tokens[at]
    where = place(text, token.start)
    word = token.value.upper() if token.kind == "word" else ""
    if word in _WRITES:
        return CypherRefused(f"{where}: {word} changes the graph; only reading is allowed here.")
    if word in _OUTSIDE:
        return CypherRefused(f"{where}: {word} is not allowed here.")
    if at and _is_word(tokens[at - 1], "CALL"):
        return CypherRefused(f"{where}: procedures are not allowed; CALL takes a subquery in braces.")
    shown = token.value if token.kind not in {"string", "name"} else "what stands in quotes"
    return CypherRefused(f"{where}: {shown[:40]!a} is not expected here, or not part of the Cypher that is allowed.")
