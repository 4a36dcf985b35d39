"""OpenAI's chat export, `conversations.json`: of each conversation the branch that ends in its current node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from graphmem.errors import UnreadableFile
from graphmem.intake.items import Aside, Bad, Found, Item, Options, Reader, Timing
from graphmem.intake.lines import document, json_lines
from graphmem.models import Message, Role

WORDLESS = "nodes without words, such as pictures and marks of the program"
TOOLS = "messages to and from tools"
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_TITLE = 150
_Node = Mapping[str, Any]


def openai_document(path: Path, options: Options) -> Reader:
    """Return what reads an export, which raises UnreadableFile for a document that is no list of conversations.

    With the suffix .jsonl or .ndjson it holds a conversation a line.
    """
    if path.suffix in {".jsonl", ".ndjson"}:
        return partial(_read_lines, path, options)
    return partial(_read_document, path, options)


def _conversations(path: Path, options: Options) -> list[tuple[str, Any]]:
    """Return conversations with their places, the oldest first; exports begin with the newest."""
    whole = document(path, options.document_bytes)
    if not isinstance(whole, list):
        raise UnreadableFile(f"{path}: expected a list of conversations, as in OpenAI's conversations.json.")
    items = [(f"conversation {i}", item) for i, item in enumerate(cast("list[Any]", whole), start=1)]
    return sorted(items, key=lambda pair: _seconds(pair[1]) or 0.0)


def _read_document(path: Path, options: Options) -> Iterator[Item]:
    for where, item in _conversations(path, options):
        yield from _conversation(where, item)


def _read_lines(path: Path, options: Options) -> Iterator[Item]:
    for read in json_lines(path, options.document_bytes):
        if isinstance(read, Bad):
            yield read
        else:
            yield from _conversation(*read)


def _conversation(where: str, item: Any) -> Iterator[Item]:
    mapping = cast("_Node", item).get("mapping") if isinstance(item, dict) else None
    if not isinstance(mapping, dict):
        yield Bad(where=where, why="it has no 'mapping' of nodes, so it is no conversation of an export")
        return
    branch = _branch(where, cast("_Node", item), cast("Mapping[str, Any]", mapping))
    if isinstance(branch, Bad):
        yield branch
        return
    at = _time(item)
    for name, node in branch:
        spot = f"{where}, node {name}"
        read = _node(spot, node, at, _session(cast("_Node", item)))
        if isinstance(read, Found):
            at = read.message.at
        yield read


def _branch(where: str, item: _Node, mapping: Mapping[str, Any]) -> list[tuple[str, _Node]] | Bad:
    """Return the nodes from the root to the current one."""
    branch: list[tuple[str, _Node]] = []
    name: Any = item.get("current_node")
    seen: set[str] = set()
    while name is not None:
        node = mapping.get(name) if isinstance(name, str) else None
        if not isinstance(node, dict):
            return Bad(where=where, why=f"its branch names the node {name!r}, which is not in its mapping")
        if name in seen:
            return Bad(where=where, why=f"its branch comes back to the node {name!r}")
        seen.add(name)
        branch.append((name, cast("_Node", node)))
        name = cast("_Node", node).get("parent")
    if not branch and mapping:
        return Bad(where=where, why="it has nodes and no 'current_node', so its branch is not known")
    return branch[::-1]


def _node(where: str, node: _Node, before: datetime | None, session: str | None) -> Item:
    message = node.get("message")
    if not isinstance(message, dict):
        return Aside(where=where, what=WORDLESS)
    said = cast("_Node", message)
    author = said.get("author")
    named: Any = cast("_Node", author).get("role") if isinstance(author, dict) else None
    if named == "tool" or said.get("recipient") not in {None, "all"}:
        return Aside(where=where, what=TOOLS)
    role = _ROLES.get(named) if isinstance(named, str) else None
    if role is None:
        return Bad(where=where, why=f"it has the role {named!r}; known are user, assistant, system and tool")
    text = _text(said.get("content"))
    if not text:
        return Aside(where=where, what=WORDLESS)
    stated = _time(said)
    at = stated or before
    if at is None:
        return Bad(where=where, why="neither it, nor one before it, nor its conversation has a 'create_time'")
    own = said.get("id")
    return Found(
        where=where,
        message=Message(text=text, at=at, role=role, id=own if isinstance(own, str) else None, session=session),
        timing=Timing.STATED if stated else Timing.INFERRED,
    )


def _text(content: Any) -> str:
    parts = cast("_Node", content).get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list):
        return ""
    return "\n".join(p for p in cast("list[Any]", parts) if isinstance(p, str) and p.strip()).strip()


def _session(item: _Node) -> str | None:
    """Return the title with the beginning of the id, since many conversations are called alike."""
    own = item.get("conversation_id") or item.get("id")
    title = " ".join(str(item.get("title") or "").split())[:_TITLE]
    if isinstance(own, str) and own:
        return f"{title} ({own[:8]})" if title else own
    return title or None


def _time(item: Any) -> datetime | None:
    seconds = _seconds(item)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(item: Any) -> float | None:
    value = cast("_Node", item).get("create_time") if isinstance(item, dict) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
