"""Writing patterns anew: every node of them, those inside paths too, is one of the caller's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from lark import Token, Tree

from graphmem.guard.expressions import Expressions
from graphmem.guard.limits import certain, simple
from graphmem.guard.state import Env, Node, branch, branches, children, needed, parts, token

_LENGTHS = {"any_times": "*0..", "some_times": "*1.."}


@dataclass(slots=True)
class Written:
    """A pattern that was written: its text, the nodes and paths to be in scope, the caller's conditions inside it."""

    text: str = ""
    nodes: list[str] = field(default_factory=list[str])
    paths: list[str] = field(default_factory=list[str])
    asked: list[Node | str] = field(default_factory=list["Node | str"])


class Patterns(Expressions):
    """Writes patterns; what a caller asks of a node is asked only where the node is his."""

    def where(self, written: Written, where: Node | None, env: Env) -> str:
        """Write WHERE with the conditions of scope before the caller's; nothing where there is no condition."""
        nodes = [self.in_scope(name) for name in dict.fromkeys(written.nodes)]
        scoped = " AND ".join([*nodes, *(self._all_in_scope(path) for path in written.paths)])
        # In other words, since the embedded store takes two `all` in one CASE for one.
        tested = " AND ".join([*nodes, *(self._counted_in_scope(path) for path in written.paths)])
        asked = [*written.asked, *([] if where is None else [where])]
        conditions = [scoped] if scoped else []
        for tree in asked:
            condition = tree if isinstance(tree, str) else self.condition(tree, env)
            # Errors tell something too, so what may fail is not asked of what belongs to others.
            if scoped and (isinstance(tree, str) or not certain(tree.children[-1], self.unsure())):
                condition = f"CASE WHEN {tested} THEN {condition} ELSE false END"
            conditions.append(condition)
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def names_in(self, tree: Node) -> tuple[str, ...]:
        """Return the names that a pattern binds, in order."""
        return tuple(dict.fromkeys(_bound(tree)))

    def path(self, tree: Node, env: Env, *, name: str | None = None) -> Written:
        """Write nodes and relationships in turn; a path of any length is named, and all its nodes are asked about."""
        written = Written()
        long = False
        for child in branches(tree):
            if child.data == "node":
                written.text += self.node(child, env, written)
            else:
                text, any_length = self._relationship(child, env, written)
                written.text += text
                long |= any_length
        if long:
            path = name or self.made()
            written.paths.append(path)
            written.text = f"{path} = {written.text}"
        elif name is not None:
            written.text = f"{name} = {written.text}"
        return written

    def node(self, tree: Node, env: Env, into: Written) -> str:
        """Write a node with a name, and ask for its scope."""
        named = token(tree, 0)
        name = self.made() if named is None else self.name(named)
        into.nodes.append(name)
        return f"({name}{self._filling(tree, 1, env, into, name)})"

    def element(self, tree: Node, env: Env, *, name: str | None) -> Written:
        """Write a path with groups that repeat."""
        pieces = branches(tree)
        if len(pieces) == 1 and pieces[0].data == "path":
            return self.path(pieces[0], env, name=name)
        written = Written()
        for before, piece in zip([None, *pieces], pieces, strict=False):
            if before is not None and before.data == piece.data == "path":
                raise self.refused(piece, "a relationship was expected between two nodes.")
            if piece.data == "group" and (before is None or before.data == "group"):
                written.text += self._between(written)
            written.text += (
                self._group(piece, env) if piece.data == "group" else self._steps(piece.children, env, written)
            )
        if pieces[-1].data == "group":
            written.text += self._between(written)
        if name is not None:
            written.text = f"{name} = {written.text}"
        return written

    def _between(self, into: Written) -> str:
        """Write the node that stores put beside a group: one that repeats no time has no other that is asked about."""
        name = self.made()
        into.nodes.append(name)
        return f"({name})"

    def _steps(self, children: Sequence[Node | Token | None], env: Env, into: Written) -> str:
        """Write nodes and relationships of one step each."""
        text = ""
        for child in children:
            if isinstance(child, Tree) and child.data == "node":
                text += self.node(child, env, into)
            elif isinstance(child, Tree):
                written, any_length = self._relationship(child, env, into)
                if any_length:
                    raise self.refused(child, "beside a group that repeats, relationships are of one step.")
                text += written
        return text

    def pattern_condition(self, tree: Node, env: Env) -> str:
        """Write a pattern in an expression as EXISTS."""
        for name in self.names_in(tree):
            if name not in env:
                raise self.refused(tree, f"{name[:40]!a} is not defined here; EXISTS {{ }} takes new names.")
        first: Node = Tree("node", cast("list[Node | Token]", [*tree.children[:3], None]), tree.meta)
        written = self.path(Tree("path", [first, *tree.children[3:]]), env)
        return f"EXISTS {{ MATCH {written.text}{self.where(written, None, env)} }}"

    def pattern_list(self, tree: Node, env: Env) -> str:
        """Write a pattern comprehension."""
        named = token(tree, 0)
        path, where, shown = needed(tree, 1), branch(tree, 2), branch(tree, 3)
        bound = self.names_in(path) + ((str(named),) if named is not None else ())
        inside = env.plus(bound)
        written = self.path(path, env, name=self.name(named) if named is not None else None)
        return f"[{written.text}{self.where(written, where, inside)} | {self.expression(shown, inside)}]"

    def _all_in_scope(self, path: str) -> str:
        item = self.made()
        return f"all({item} IN nodes({path}) WHERE {self.in_scope(item)})"

    def _counted_in_scope(self, path: str) -> str:
        item = self.made()
        return f"size([{item} IN nodes({path}) WHERE {self.in_scope(item)} | 1]) = length({path}) + 1"

    def _filling(self, tree: Node, at: int, env: Env, into: Written, name: str) -> str:
        """Write labels and properties; conditions in the brackets go to the end of the pattern."""
        labels, properties, where = (branch(tree, number) for number in range(at, at + 3))
        written = "" if labels is None else f":{self.labels(labels.children[0])}"
        if properties is not None:
            written += self._properties(properties, env, into, name)
        if where is not None:
            into.asked.append(where)
        return written

    def _properties(self, tree: Node, env: Env, into: Written, name: str) -> str:
        """Write the braces of a pattern; a value that may fail becomes a condition, asked of one's own only."""
        kept: list[str] = []
        for entry in branches(tree):
            if simple(entry.children[1], self.unsure()):
                kept.append(self.entry(entry, env))
                continue
            key, value = next(t for t in parts(entry) if isinstance(t, Token)), needed(entry, 1)
            if not name:
                raise self.refused(entry, "here a property is a literal, a parameter, a name or a name's property.")
            into.asked.append(f"({name}.{self.identifier(key)} = {self.expression(value, env)})")
        return f" {{{', '.join(kept)}}}" if kept else ""

    def _relationship(self, tree: Node, env: Env, into: Written) -> tuple[str, bool]:
        """Write a relationship; tell whether it may be of any length."""
        left, detail, right, times = children(tree)
        inner, length = "", ""
        if isinstance(detail, Tree):
            inner, length = self._detail(detail, env, into, repeats=isinstance(times, Tree))
        if isinstance(times, Tree):
            if length:
                raise self.refused(tree, "a length was given twice.")
            if isinstance(detail, Tree) and branch(detail, 4) is not None:
                raise self.refused(tree, "a relationship that repeats takes no condition; a group in brackets does.")
            length = self._times(times)
        if inner or length:
            head, _, tail = inner.partition("\0")
            inner = f"[{head}{length}{tail}]"
        return f"{'<' if left is not None else ''}-{inner}-{'>' if right is not None else ''}", bool(length)

    def _detail(self, tree: Node, env: Env, into: Written, *, repeats: bool) -> tuple[str, str]:
        """Return what stands in a relationship's brackets, with a mark where its length goes, and the length."""
        named, length = token(tree, 0), branch(tree, 2)
        if length is not None and branch(tree, 4) is not None:
            raise self.refused(tree, "a relationship of any length takes no condition; a group in brackets does.")
        labels, properties, where = branch(tree, 1), branch(tree, 3), branch(tree, 4)
        name = "" if named is None else self.name(named)
        many = repeats or length is not None
        if named is not None and many:
            self.unlike_nodes([str(named)])
        tail = ""
        if properties is not None:
            name = name or ("" if many else self.made())
            tail = self._properties(properties, env, into, "" if many else name)
        head = name + ("" if labels is None else f":{self.labels(labels.children[0])}")
        if where is not None:
            into.asked.append(where)
        return f"{head}\0{tail}", "" if length is None else self._length(length)

    def _length(self, tree: Node) -> str:
        numbers = ["" if child is None else str(child) for child in children(tree)]
        return f"*{numbers[0]}" if tree.data == "exact_length" else f"*{numbers[0]}..{numbers[1]}"

    def _times(self, tree: Node) -> str:
        if str(tree.data) in _LENGTHS:
            return _LENGTHS[str(tree.data)]
        numbers = ["" if child is None else str(child) for child in children(tree)]
        return f"*{numbers[0]}..{numbers[0]}" if tree.data == "exact_times" else f"*{numbers[0] or 0}..{numbers[1]}"

    def _group(self, tree: Node, env: Env) -> str:
        """Write a group that repeats, its nodes asked about inside."""
        *inside, where, _ = children(tree)
        written = Written()
        written.text = self._steps(inside, env, written)
        names = Env(self.names_in(tree), env.fixed | set(env.names))
        asked = self.where(written, where if isinstance(where, Tree) else None, names)
        # Outside the group, they are lists.
        self.unlike_nodes(self.names_in(tree))
        return f"({written.text}{asked}){self._repeated(needed(tree, -1))}"

    def _repeated(self, tree: Node) -> str:
        match tree.data:
            case "any_times":
                return "*"
            case "some_times":
                return "+"
            case "exact_times":
                return f"{{{tree.children[0]}}}"
            case _:
                low, high = ("" if child is None else str(child) for child in children(tree))
                return f"{{{low},{high}}}"


def _bound(tree: Node) -> Iterator[str]:
    """Yield the names of nodes, relationships and paths, but not those inside their properties and conditions."""
    at = {"node": 0, "detail": 0, "part": 0, "pattern": 0}.get(str(tree.data))
    if at is not None and isinstance(tree.children[at], Token):
        yield str(tree.children[at])
    for child in tree.children:
        if isinstance(child, Tree) and child.data not in {"map", "where", "labels"}:
            yield from _bound(child)


def joined(pieces: Sequence[Written]) -> Written:
    """Return several patterns as one, with commas."""
    return Written(
        text=", ".join(piece.text for piece in pieces),
        nodes=[name for piece in pieces for name in piece.nodes],
        paths=[path for piece in pieces for path in piece.paths],
        asked=[tree for piece in pieces for tree in piece.asked],
    )
