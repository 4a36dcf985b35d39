"""The loader of Cypher: every query is a file of `cypher/`, checked when a store is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

from graphmem.errors import QueryError
from graphmem.models import Scope
from graphmem.ports import Request

FOLDERS = ("write", "read", "admin", "analytics")
DIALECTS = ("arcadedb", "neo4j526", "neo4j2026")
"""Each has a folder under search/ with the same query names, and one under schema/."""
_BUCKETED = {"neo4j526"}
BUCKETS = tuple(f"B{number:02}" for number in range(32))
"""Parts of a label: a dialect that cannot filter inside a vector index has an index for the scopes of each bucket."""
_HEADER = re.compile(r"// ([a-z][a-z0-9_]*): \S")
_PARAMETER = re.compile(r"\$(\w+) (\[STRING\]|STRING|INT|TIME)(\?)?(?: = (\S+))?")
_GIVEN = re.compile(r"\$(\w+)")
_LANGUAGE = re.compile(r"^CYPHER \d+\n", re.MULTILINE)
_COLLECTED = re.compile(r"\bAS rows\s*\Z")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_ALLOWED = {
    "TYPE": re.compile(r"[A-Z][A-Z0-9_]{0,63}"),
    "LABEL": re.compile(r"[A-Z][A-Za-z0-9]{0,63}"),
    "OTHER": re.compile(r"[A-Z][A-Za-z0-9]{0,63}"),
    "BUCKET": re.compile(r"(B[0-9]{2})?"),  # computed here, empty where a dialect has none
}


def cypher_root() -> Path:
    """Return the folder of query files: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "cypher"
    return inside if inside.is_dir() else package.parent / "cypher"


class _Unwritten(list[Any]):
    """A list that is not written out: the driver writes all parameters for its log, also where nobody reads it.

    That takes it 0.5 ms for a vector.
    """

    def __repr__(self) -> str:
        """Return how long it is."""
        return f"[{len(self)} values]"


@dataclass(frozen=True, slots=True)
class Queries:
    """All queries of a dialect by name."""

    texts: Mapping[str, str]
    dialect: str = ""

    def prepared(
        self, name: str, names: Mapping[str, str] | None, parameters: Mapping[str, Any]
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return a query's text and parameters, with the buckets of its scopes where it asks for them."""
        given, text = dict(names or {}), self.texts.get(name, "")
        asked: dict[str, Any] = {
            k: _Unwritten(cast("list[Any]", v)) if isinstance(v, list) else v for k, v in parameters.items()
        }
        if "{{BUCKET}}" in text:
            given["BUCKET"] = bucket_of(asked["scope"]) if self.dialect in _BUCKETED else ""
        if "$buckets" in text:
            asked["buckets"] = sorted({bucket_of(scope) for scope in asked["scopes"]})
        return self.text(name, given), asked

    def joined(self, asked: Sequence[Request], shared: Mapping[str, Any]) -> tuple[LiteralString, dict[str, Any]]:
        """Return several queries as one, whose lone value holds the rows of each, and its parameters.

        Each has to collect its rows, since one that returned none would leave nothing of the others.
        """
        prepared = [self.prepared(name, None, {**shared, **own}) for name, own in asked]
        given = {
            key if key not in own else f"of{number}_{key}": value
            for number, ((_, own), (_, parameters)) in enumerate(zip(asked, prepared, strict=True))
            for key, value in parameters.items()
        }
        text = _joined(tuple(text for text, _ in prepared), tuple(frozenset(own) for _, own in asked))
        return cast("LiteralString", text), given

    def text(self, name: str, names: Mapping[str, str] | None = None) -> LiteralString:
        """Return a query with its placeholders filled by checked names; raises QueryError."""
        if name not in self.texts:
            raise QueryError(f"there is no query named {name!r} in {cypher_root()}.")
        given = dict(names or {})
        text = self.texts[name]
        if set(_PLACEHOLDER.findall(text)) != set(given):
            raise QueryError(f"query {name} was given {sorted(given)} for its placeholders.")
        for key, value in given.items():
            if not _ALLOWED[key].fullmatch(value):
                raise QueryError(f"query {name}: {value!r} cannot stand for {{{{{key}}}}}.")
            text = text.replace(f"{{{{{key}}}}}", value)
        # The one cast: texts come from files that ship with the program, names are checked above.
        return cast("LiteralString", text)


@cache
def _joined(texts: tuple[str, ...], own: tuple[frozenset[str], ...]) -> str:
    """Return one text of several, each in a subquery, whose `own` parameters bear its number."""
    languages = {language for text in texts for language in _LANGUAGE.findall(text)}
    subqueries: list[str] = []
    for number, (text, names) in enumerate(zip(texts, own, strict=True)):
        body, collects = _COLLECTED.subn(f"AS rows{number}", _LANGUAGE.sub("", text))
        if not collects:
            name = text.partition(":")[0].removeprefix("// ")
            raise QueryError(f"{name} does not end with AS rows, and cannot be asked beside others.")
        named = _GIVEN.sub(lambda m, n=number, k=names: f"$of{n}_{m[1]}" if m[1] in k else m[0], body)
        subqueries.append(f"CALL () {{\n{named}\n}}")
    lists = ", ".join(f"rows{number}" for number in range(len(texts)))
    return "\n".join([*(language.strip() for language in languages), *subqueries, f"RETURN [{lists}] AS rows"])


def indexed_label(label: str, scope: str, dialect: str) -> str:
    """Return the label under which a dialect's vector index finds a scope's nodes of a label."""
    return f"{label}{bucket_of(scope)}" if dialect in _BUCKETED else label


def bucket_of(scope: str) -> str:
    """Return the bucket of a scope's key, from the first two hexadecimal digits of its digest."""
    return BUCKETS[int(Scope.from_key(scope).digest[:2], 16) % len(BUCKETS)]


def load_queries(dialect: str, root: Path | None = None) -> Queries:
    """Read and check a dialect's query files; raises QueryError for an unnamed, duplicate, empty or scope-less one."""
    if root is None:
        return _shipped(dialect)
    texts: dict[str, str] = {}
    for path in sorted(p for folder in (*FOLDERS, f"search/{dialect}") for p in (root / folder).rglob("*.cypher")):
        name = _checked(path, path.read_text(encoding="utf-8"), free=path.parent.name == "admin")
        if name in texts:
            raise QueryError(f"{path}: another file already names a query {name!r}.")
        texts[name] = path.read_text(encoding="utf-8")
    return Queries(texts, dialect)


@cache
def _shipped(dialect: str) -> Queries:
    return load_queries(dialect, cypher_root())


def _checked(path: Path, text: str, *, free: bool) -> str:
    header = _HEADER.match(text)
    if header is None or header[1] != path.stem:
        raise QueryError(f"{path}: the first line must read '// {path.stem}: what it does'.")
    lines = text.splitlines()
    body = "\n".join(line for line in lines if not line.lstrip().startswith("//"))
    if not body.strip():
        raise QueryError(f"{path}: no query below the header.")
    if "scope: none" in lines[0]:
        if not free:
            raise QueryError(f"{path}: only queries under admin/ may do without a scope.")
    elif "$scope" not in body:
        raise QueryError(f"{path}: names neither $scope nor $scopes; nothing may be asked without one.")
    unknown = set(_PLACEHOLDER.findall(body)) - set(_ALLOWED)
    if unknown:
        raise QueryError(f"{path}: unknown placeholders {sorted(unknown)}.")
    return header[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an analysis: STRING, INT or TIME; `optional` may be left out, `default` stands in."""

    name: str
    type: str
    optional: bool
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A named query of analytics/ as its header describes it."""

    name: str
    what: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]


@cache
def load_analyses() -> Mapping[str, Analysis]:
    """Return the analyses by name, as their headers describe them."""
    paths = sorted((cypher_root() / "analytics").glob("*.cypher"))
    return {path.stem: _analysis(path) for path in paths}


def _analysis(path: Path) -> Analysis:
    head = [line.removeprefix("//").strip() for line in path.read_text(encoding="utf-8").splitlines()]
    head = head[: next(i for i, line in enumerate(head) if line.startswith(("MATCH", "UNWIND", "CALL")))]
    columns = next((line.removeprefix("->") for line in head if line.startswith("->")), "")
    found = _PARAMETER.findall(" ".join(line for line in head[1:] if not line.startswith("->")))
    return Analysis(
        name=path.stem,
        what=head[0].partition(": ")[2],
        parameters=tuple(
            Parameter(name=name, type=kind, optional=bool(mark), default=default or None)
            for name, kind, mark, default in found
        ),
        columns=tuple(part.split()[0] for part in columns.split(",") if part.strip()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step of the schema in one language: its statements in order."""

    number: int
    name: str
    language: str
    statements: tuple[str, ...]


def load_migrations(dialect: str, after: int = 0) -> Iterator[Migration]:
    """Yield the schema's steps past `after`, those of all stores before those of the dialect, by number."""
    root = cypher_root() / "schema"
    files = [p for folder in ("common", dialect) for p in (root / folder).glob("[0-9]*.*")]
    for path in sorted(files, key=lambda p: (int(p.name[:4]), p.parent.name != "common")):
        number = int(path.name[:4])
        if number > after:
            yield Migration(
                number=number,
                name=f"{path.parent.name}/{path.stem}",
                language="sql" if path.suffix == ".sql" else "cypher",
                statements=_statements(path),
            )


def _statements(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith(("//", "--")))
    found = [s.strip().rstrip(";") for s in body.split(";\n") if s.strip(" \n;")]
    return tuple(s.replace("{{BUCKET}}", b) for s in found for b in (BUCKETS if "{{BUCKET}}" in s else ("",)))


def load_purge(dialect: str) -> tuple[str, ...]:
    """Return the SQL statements that take erased words out of a store's files, none where there are no such."""
    path = cypher_root() / "schema" / dialect / "purge.sql"
    return _statements(path) if path.is_file() else ()


def load_lock() -> tuple[str, ...]:
    """Return what a server needs before one program can keep others from changing the schema."""
    return _statements(cypher_root() / "schema" / "lock.cypher")


def load_drop(index: str) -> tuple[str, ...]:
    """Return what takes an index away, named as in this program's own schema."""
    return tuple(s.replace("{{INDEX}}", index) for s in _statements(cypher_root() / "schema" / "drop_index.cypher"))


def schema_format(dialect: str) -> int:
    """Return the number of the newest schema step that this program knows for a dialect."""
    root = cypher_root() / "schema"
    return max(int(p.name[:4]) for folder in ("common", dialect) for p in (root / folder).glob("[0-9]*.*"))
