"""A memory as tools for LangChain's agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Annotated, Any

from langchain_core.tools import StructuredTool, ToolException
from pydantic import BaseModel, Field

from graphmem.base import ScopeLike
from graphmem.dates import WRITE, parse_date, show_date
from graphmem.errors import GraphMemError, InvalidInput
from graphmem.langchain.loops import arun, run
from graphmem.memory import Memory
from graphmem.models import AsOf, Message, Precision
from graphmem.operations import (
    Add,
    AddRule,
    Change,
    ChangeEntity,
    ChangeRule,
    Forget,
    Invalidate,
    Merge,
    Operation,
    RemoveSource,
    Revise,
    Skip,
    verb,
)


class SearchArgs(BaseModel):
    """What `search_memory` takes."""

    question: Annotated[str, Field(description="The question, in plain words, with names instead of pronouns.")]
    as_of: Annotated[
        str | None, Field(description="A past date to ask about (YYYY, YYYY-MM or YYYY-MM-DD); now by default.")
    ] = None


class AddArgs(BaseModel):
    """What `add_memory` takes."""

    text: Annotated[str, Field(description="What was said, in the words of who said it.")]
    speaker: Annotated[str | None, Field(description="Who said it; the user by default.")] = None


class HistoryArgs(BaseModel):
    """What `memory_history` takes."""

    about: Annotated[str, Field(description="The name of a person, place or thing, or the id of a fact.")]


def memory_tools(memory: Memory, scope: ScopeLike, *, tokens: int = 1000) -> list[StructuredTool]:
    """Return `search_memory`, `add_memory` and `memory_history` over one scope, for sync and async agents.

    The scope is fixed here: a model cannot name another's. `tokens` bounds what a search answers. What graphmem refuses
    is a ToolException, whose words the model gets to read. Sync calls wait for the loop in which the memory was opened,
    as `graphmem.langchain.loops` says.
    """

    async def search_memory(question: str, as_of: str | None = None) -> str:
        """Find what is known about the user and their world, with dates and quotes."""
        return await memory.context(question, scope=scope, as_of=_clocks(as_of), tokens=tokens)

    async def add_memory(text: str, speaker: str | None = None) -> str:
        """Keep something that was said, so that it is known in later conversations."""
        added = await memory.add(Message(text=text, at=memory.now(), speaker=speaker), scope=scope)
        parked = [f"not read yet: {reason}" for reason in added.parked.values()]
        return "\n".join([*_told(added.changes), *parked, *([added.note] if added.note else [])]) or "Kept."

    async def memory_history(about: str) -> str:
        """Tell what was believed about a name over time, each decision with its reason."""
        known = [e.id for e in await memory.entities_named(about, scope=scope)] or [about]
        changes = [change for identity in known for change in await memory.history(identity, scope=scope)]
        return "\n".join(_told(changes)) or f"Nothing was decided about {about}."

    return [
        _tool(memory, *each)
        for each in ((search_memory, SearchArgs), (add_memory, AddArgs), (memory_history, HistoryArgs))
    ]


def _tool(memory: Memory, work: Callable[..., Awaitable[str]], schema: type[BaseModel]) -> StructuredTool:
    @wraps(work)
    def sync(**given: Any) -> str:
        try:
            return run(memory, lambda: work(**given))
        except GraphMemError as exc:
            raise ToolException(str(exc)) from exc

    @wraps(work)
    async def concurrent(**given: Any) -> str:
        try:
            return await arun(memory, lambda: work(**given))
        except GraphMemError as exc:
            raise ToolException(str(exc)) from exc

    return StructuredTool.from_function(sync, concurrent, args_schema=schema, handle_tool_error=True)


def _clocks(as_of: str | None) -> AsOf | None:
    if as_of is None:
        return None
    try:
        at, _ = parse_date(as_of)
    except ValueError as exc:
        raise InvalidInput(f"{as_of!r} is no date ({exc}); write {WRITE}.") from exc
    return AsOf(valid=at)


def _told(changes: Sequence[Change]) -> list[str]:
    """Return decisions as lines: the day, what was done to which facts, and why; none about names alone."""
    told: list[str] = []
    for change in changes:
        done = "; ".join(f"{verb(op)}: {text}" for op in change.operations if (text := _text(op)))
        if done:
            told.append(f"{show_date(change.at, Precision.DAY)}  {done}  ({change.reason})")
    return told


def _text(operation: Operation) -> str:
    match operation:
        case Add(fact=fact):
            return fact.text
        case AddRule(rule=rule):
            return rule.text
        case ChangeEntity(before=before, after=after):
            return f"{before.described} is {after.described}"
        case Merge(source=source) | RemoveSource(source=source):
            return f'"{source.quote}"'
        case Invalidate() | Skip() | Revise() | ChangeRule() | Forget():
            return operation.text
        case _:
            return ""
