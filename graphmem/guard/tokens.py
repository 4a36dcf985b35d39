"""From text to tokens: comments go, escapes are read, and everything that is no Cypher is refused with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphmem.errors import CypherRefused

MOST_BYTES = 20_000
MOST_TOKENS = 4_000
MOST_DEPTH = 24
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+ | //[^\r\n]* | /\*.*?\*/)
      | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+)
      | (?P<int>[0-9]+)
      | (?P<word>[^\W\d]\w*)
      | (?P<quoted>`(?:[^`]|``)*`)
      | (?P<param>\$(?:\w+ | `(?:[^`]|``)*`))
      | (?P<string>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
      | (?P<sign>=~ | <> | <= | >= | \.\. | [()\[\]{},:;|+\-*/%^=<>&!.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_PLAIN = {"\\": "\\", "'": "'", '"': '"', "`": "`", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_OPEN = {"(": ")", "[": "]", "{": "}"}
_LARGEST = 2**63 - 1
_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One token: its kind (word, name, param, string, int, float or the sign itself), value and place."""

    kind: str
    value: str
    start: int
    end: int


def place(text: str, start: int) -> str:
    """Return where something is, for people."""
    line = text.count("\n", 0, start) + 1
    return f"line {line}, column {start - text.rfind(chr(10), 0, start)}"


def read_tokens(text: str) -> list[Lexeme]:
    """Return the tokens of a query; raises CypherRefused for what is too long, too deep or no token at all."""
    _check_text(text)
    found: list[Lexeme] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _refused(text, position)
        kind, value = str(match.lastgroup), match[0]
        following = text[match.end() : match.end() + 1]
        if kind in {"int", "float"} and (following == "_" or following.isalnum()):
            raise CypherRefused(f"{place(text, position)}: a number that is none.")
        if kind in {"space", "quoted", "param"} and "\\" in value:
            raise CypherRefused(f"{place(text, position)}: a backslash outside texts.")
        if kind != "space":
            found.append(_lexeme(kind, value, position, text))
        position = match.end()
    if len(found) > MOST_TOKENS:
        raise CypherRefused(f"the query has {len(found)} tokens; at most {MOST_TOKENS} are taken.")
    _check_depth(found, text)
    return found


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as exc:
        raise CypherRefused("the query has lone surrogates, which are no characters.") from exc
    if size > MOST_BYTES:
        raise CypherRefused(f"the query has {size} bytes; at most {MOST_BYTES} are taken.")


def _lexeme(kind: str, value: str, start: int, text: str) -> Lexeme:
    end = start + len(value)
    match kind:
        case "string":
            return Lexeme("string", _unescaped(value[1:-1], start, text), start, end)
        case "quoted":
            return Lexeme("name", value[1:-1].replace("``", "`"), start, end)
        case "param":
            name = value[1:]
            return Lexeme("param", name[1:-1].replace("``", "`") if name.startswith("`") else name, start, end)
        case "int" if len(value) > _DIGITS or int(value) > _LARGEST:
            raise CypherRefused(f"{place(text, start)}: a number beyond 64 bits.")
        case "sign":
            return Lexeme(value, value, start, end)
        case _:
            return Lexeme(kind, value, start, end)


def _unescaped(text: str, start: int, query: str) -> str:
    def read(match: re.Match[str]) -> str:
        mark = match[1]
        if mark in _PLAIN:
            return _PLAIN[mark]
        code = int(mark[1:], 16) if mark[0] in "uU" and len(mark) > 1 else 0
        if not 0x20 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF or chr(code) in "'\"`\\":
            # Quotes too: stores do not agree whether such an escape ends the text.
            raise CypherRefused(f"{place(query, start)}: a text with an escape that stands for no letter.")
        return chr(code)

    return _ESCAPE.sub(read, text)


def _refused(text: str, position: int) -> CypherRefused:
    where = place(text, position)
    if text.startswith("/*", position):
        return CypherRefused(f"{where}: a comment that does not end.")
    if text[position] in "'\"`":
        return CypherRefused(f"{where}: a quote that does not end.")
    return CypherRefused(f"{where}: {text[position]!a} is no part of Cypher outside quotes.")


def _check_depth(tokens: list[Lexeme], text: str) -> None:
    """Refuse what is nested too deep, or closed by another bracket than it was opened with."""
    open_: list[str] = []
    for token in tokens:
        word = token.value.upper() if token.kind == "word" else ""
        if token.kind in _OPEN or word == "CASE":
            open_.append(_OPEN.get(token.kind, "END"))
        elif (token.kind in _OPEN.values() and token.kind == (open_[-1:] or [""])[0]) or (
            word == "END" and open_[-1:] == ["END"]
        ):
            open_.pop()
        elif token.kind in _OPEN.values():
            raise CypherRefused(f"{place(text, token.start)}: {token.kind!r} closes nothing.")
        if len(open_) > MOST_DEPTH:
            raise CypherRefused(f"{place(text, token.start)}: nested more than {MOST_DEPTH} deep.")
