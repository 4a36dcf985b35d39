"""Writing a user's query anew, so that it sees the nodes of some scopes and nothing else.

Nothing that was sent goes to the store: names, texts and parameters of the caller are replaced by others, and what is
written comes from the tree alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lark import Token

from graphmem.guard.limits import uses
from graphmem.guard.parse import parse
from graphmem.guard.patterns import Patterns, Written, joined
from graphmem.guard.state import Env, Node, branch, branches, needed, parts, token


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A query that may be run, with its parameters; its columns in order as the caller named them, and as it does."""

    text: str
    parameters: Mapping[str, Any]
    columns: tuple[str, ...]
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a RETURN or WITH gives: names as the caller knows them, and as they are written."""

    shown: tuple[str, ...]
    written: tuple[str, ...] = field(default=())


def guard(
    query: str,
    scopes: Sequence[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    shortest: bool = True,
) -> Guarded:
    """Return a query as it may be run for some scopes, one or more; raises CypherRefused with the place and the reason.

    `shortest` is whether the store looks for the shortest path among those that fit a condition; else they are tried
    one by one.
    """
    writer = _Rewriter(query, scopes, dict(parameters or {}), shortest=shortest)
    (tree,) = branches(parse(query))
    text, columns = writer.query(tree, Env())
    writer.check_size(tree)
    return Guarded(text=text, parameters=writer.parameters, columns=columns.shown, written=columns.written)


class _Rewriter(Patterns):
    """Writes clauses, each with the names that those before it left."""

    def __init__(self, text: str, scopes: Sequence[str], given: Mapping[str, Any], *, shortest: bool) -> None:
        super().__init__(text, scopes, given)
        self._shortest = shortest

    def query(self, tree: Node, env: Env) -> tuple[str, _Columns]:
        """Write a query with its unions."""
        singles = branches(tree)
        words = [child.type for child in parts(tree) if isinstance(child, Token)]
        if 0 < words.count("ALL") < words.count("UNION"):
            raise self.refused(tree, "UNION and UNION ALL do not go into one query.")
        union = " UNION ALL " if "ALL" in words else " UNION "
        written = [self._single(single, env) for single in singles]
        first = written[0][1]
        for single, (_, columns) in zip(singles, written, strict=True):
            if columns.shown != first.shown:
                raise self.refused(single, "the parts of a UNION must return the same columns in the same order.")
        texts = [text for text, _ in written]
        return union.join(texts), first

    def inner(self, tree: Node, env: Env) -> str:
        """Write what stands in the braces of EXISTS, COUNT or COLLECT."""
        around = env.around()
        if tree.data == "inner_pattern":
            text, _ = self._match("MATCH", tree, around)
            return text
        if tree.data == "inner_clauses":
            return self._clauses(branches(tree), around)[0]
        (query,) = branches(tree)
        return self.query(query, around)[0]

    def _single(self, tree: Node, env: Env) -> tuple[str, _Columns]:
        *clauses, last = branches(tree)
        text, env = self._clauses(clauses, env)
        (body,) = branches(last)
        returned, columns, _ = self._body(body, env, needs_names=False)
        return f"{text} RETURN {returned}".strip(), columns

    def _clauses(self, clauses: Sequence[Node], env: Env) -> tuple[str, Env]:
        written: list[str] = []
        self.planned(clauses)
        for clause in clauses:
            match clause.data:
                case "match":
                    optional = token(clause, 0) is not None
                    text, env = self._match("OPTIONAL MATCH" if optional else "MATCH", clause, env)
                case "unwind":
                    values, name = branch(clause, 0), next(t for t in parts(clause) if isinstance(t, Token))
                    text = f"UNWIND {self.expression(values, env)} AS {self.value(name)}"
                    env = env.plus([str(name)])
                case "with_clause":
                    text, env = self._with(clause, env)
                case _:
                    text, env = self._call(clause, env)
            written.append(text)
        return " ".join(written), env

    def _match(self, word: str, tree: Node, env: Env) -> tuple[str, Env]:
        patterns = next(c for c in branches(tree) if c.data == "patterns")
        where = next((c for c in branches(tree) if c.data == "where"), None)
        inside = env.plus([name for name in self.names_in(patterns) if name not in env])
        self.unlike_nodes([str(name) for name in (token(part, 0) for part in branches(patterns)) if name is not None])
        pieces = branches(patterns)
        if not self._shortest and any(needed(piece, 1).data == "shortest" for piece in pieces):
            return self._tried(word, pieces, where, env, inside), inside
        written = joined([self._part(part, env) for part in pieces])
        return f"{word} {written.text}{self.where(written, where, inside)}", inside

    def _part(self, tree: Node, env: Env) -> Written:
        named, held = token(tree, 0), needed(tree, 1)
        name = None if named is None else self.name(named)
        if held.data == "element":
            return self.element(held, env, name=name)
        word, path = str(held.children[0]), needed(held, 1)
        name = name or self.made()
        written = self.path(path, env, name=name)
        called = "shortestPath" if word.lower() == "shortestpath" else "allShortestPaths"
        written.text = f"{name} = {called}({written.text.removeprefix(f'{name} = ')})"
        return written

    def _tried(self, word: str, pieces: Sequence[Node], where: Node | None, env: Env, inside: Env) -> str:
        """Write a shortest path as the first of all, shortest first, for a store that looks before it asks."""
        if len(pieces) > 1 or word != "MATCH":
            raise self.refused(pieces[0], "on the embedded store shortestPath stands in a MATCH of its own.")
        named, held = token(pieces[0], 0), needed(pieces[0], 1)
        called, path = str(held.children[0]), needed(held, 1)
        ends = [name for name in self.names_in(path) if name in env]
        nodes = [c for c in branches(path) if c.data == "node"]
        if called.lower() != "shortestpath" or any(str(n.children[0]) not in env for n in nodes):
            raise self.refused(
                held, "on the embedded store shortestPath leads between two nodes that were matched before."
            )
        name = self.made() if named is None else self.name(named)
        written = self.path(path, env, name=name)
        new = [self._names[n] for n in self.names_in(path) if n not in env]
        asked = [tree for tree in (where, path) if tree is not None]
        used = [n for n in (*env.names, *sorted(env.fixed)) if n not in ends and any(uses(t, n) for t in asked)]
        taken = ", ".join(self._names[n] for n in (*ends, *used))
        matched = f"MATCH {written.text}{self.where(written, where, inside)}"
        return f"CALL ({taken}) {{ {matched} RETURN {', '.join([name, *new])} ORDER BY length({name}) LIMIT 1 }}"

    def _with(self, tree: Node, env: Env) -> tuple[str, Env]:
        body, where = needed(tree, 0), branch(tree, 1)
        text, columns, around = self._body(body, env, needs_names=True)
        asked = "" if where is None else f" WHERE {self.condition(where, around)}"
        return f"WITH {text}{asked}", Env(columns.shown, env.fixed)

    def _call(self, tree: Node, env: Env) -> tuple[str, Env]:
        imports, query = branch(tree, 0), needed(tree, 1)
        if imports is None:
            text, columns = self._importing(query, env)
            head = ""
        elif imports.data == "all_imports":
            text, columns = self.query(query, env.around())
            head = "(*) "
        else:
            taken = [t for t in parts(imports) if isinstance(t, Token)]
            head = f"({', '.join(self.known(t, env) for t in taken)}) "
            text, columns = self.query(query, Env((), frozenset(map(str, taken))))
        for name in columns.shown:
            if name in env:
                raise self.refused(tree, f"{name[:40]!a} is defined already.")
        return f"CALL {head}{{ {text} }}", env.plus(columns.shown)

    def _importing(self, query: Node, env: Env) -> tuple[str, _Columns]:
        """Write a subquery that imports by its first WITH, or nothing."""
        clauses = [c for single in branches(query) for c in branches(single)[:1]]
        imports = bool(clauses) and all(c.data == "with_clause" for c in clauses)
        return self.query(query, env if imports else Env())

    def _body(self, tree: Node, env: Env, *, needs_names: bool) -> tuple[str, _Columns, Env]:
        """Write what RETURN or WITH gives; also returns the names that ORDER BY and WHERE may use."""
        pieces: dict[str, Node] = {str(c.data): c for c in branches(tree)}
        distinct = "DISTINCT " if token(tree, 0) is not None else ""
        texts, columns = self._items(pieces["items"], env, needs_names=needs_names)
        after = env.plus(columns.shown)
        text = distinct + ", ".join(texts)
        if "order" in pieces:
            sorts = [self._sort(c, after) for c in branches(pieces["order"])]
            text += f" ORDER BY {', '.join(sorts)}"
        for word in ("skip", "limit"):
            if word in pieces:
                text += f" {word.upper()} {self._amount(pieces[word])}"
        return text, columns, after

    def _items(self, tree: Node, env: Env, *, needs_names: bool) -> tuple[list[str], _Columns]:
        texts: list[str] = []
        shown: list[str] = []
        written: list[str] = []
        if any(isinstance(c, Token) and c.type == "STAR" for c in tree.children):
            if not env.names:
                raise self.refused(tree, "the star stands for nothing here.")
            shown += env.names
            written += [self._names[name] for name in env.names]
            texts += written
        for item in branches(tree):
            value, alias = needed(item, 0), next((t for t in reversed(parts(item)) if isinstance(t, Token)), None)
            self.count_growth(value, env)
            text = self.expression(value, env)
            if alias is None and value.data == "variable":
                name, column = text, str(value.children[0])
            elif alias is not None:
                name, column = self.value(alias), str(alias)
                text += f" AS {name}"
            elif needs_names:
                raise self.refused(item, "an expression in WITH needs a name: AS name.")
            else:
                name, column = self.made(), self.shown(value)
                text += f" AS {name}"
            texts.append(text)
            written.append(name)
            shown.append(column)
        if len(set(shown)) < len(shown):
            raise self.refused(tree, "two columns have the same name.")
        return texts, _Columns(tuple(shown), tuple(written))

    def _sort(self, tree: Node, env: Env) -> str:
        last = parts(tree)[-1]
        direction = f" {last.upper()}" if isinstance(last, Token) else ""
        return self.expression(tree.children[0], env) + direction

    def _amount(self, tree: Node) -> str:
        value = branch(tree, 0)
        if value is not None and value.data == "integer":
            return str(value.children[0])
        if value is not None and value.data == "parameter":
            (name,) = (t for t in value.children if isinstance(t, Token))
            held = self.given(name)
            if isinstance(held, int) and not isinstance(held, bool) and held >= 0:
                return self.parameter(name)
        raise self.refused(tree, "SKIP and LIMIT take a whole number, written out or as a parameter.")
