"""What becomes of a new statement in a flat list: added, put in another's place, taken as its end, or left out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints

from graphmem.bench.replies import Replies, Spent
from graphmem.bench.systems.statements import Statement
from graphmem.errors import ReplyRefused
from graphmem.prompts import render

KIND = "bench_update"
REPEAT = 0.97
"""From this cosine on a statement repeats another one, where no model decides."""
Action: TypeAlias = Literal["ADD", "UPDATE", "DELETE", "NOOP"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A statement of the list that a new one is near to: its place, and the cosine between them."""

    place: int
    statement: Statement
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do; `place` is that of the statement that it is done to, `statement` what stands there afterwards."""

    action: Action
    place: int | None = None
    statement: Statement | None = None


class Decider(Protocol):
    """Decides about one statement after the other."""

    @property
    def remarks(self) -> Mapping[str, str | int]:
        """Who decides, for the record."""
        ...

    async def decide(self, new: Statement, near: Sequence[Met], spent: Spent) -> Decision:
        """Return what to do with a new statement, given the nearest ones, best first."""
        ...


class ByCosine:
    """Without a model: what all but repeats a statement is left out, all else is added; nothing is ever changed."""

    remarks: Mapping[str, str | int] = {"decided_by": f"cosine: a repeat from {REPEAT} on, else added"}

    async def decide(self, new: Statement, near: Sequence[Met], spent: Spent) -> Decision:
        """Return NOOP for a repeat, whose turns are then turns of what it repeats, else ADD."""
        if near and near[0].cosine >= REPEAT:
            return _unchanged(near[0], new)
        return Decision(action="ADD", statement=new)


class UpdateReply(BaseModel):
    """One decision, the reason first; `target` is the id of an entry that was shown."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    action: Action
    target: str | None
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] | None


class ByModel:
    """As Mem0 does: the model sees the nearest statements, and decides."""

    def __init__(self, replies: Replies) -> None:
        self.remarks: Mapping[str, str | int] = {"decided_by": f"model {replies.name}"}
        self._replies = replies

    async def decide(self, new: Statement, near: Sequence[Met], spent: Spent) -> Decision:
        """Ask about a statement; raises ModelError. What meets nothing is added unasked."""
        if not near:
            return Decision(action="ADD", statement=new)
        shown = {f"S{number}": met for number, met in enumerate(near, start=1)}
        prompt = render(
            KIND,
            {
                "entries": "\n".join(
                    f"{short}: {html.escape(m.statement.line, quote=False)}" for short, m in shown.items()
                ),
                "statement": html.escape(new.line, quote=False),
            },
        )
        reply = await self._replies.ask(KIND, prompt, UpdateReply, lambda r: _check(r, shown), spent)
        met = shown.get(reply.target or "")
        return _decision(reply, new, met)


def _check(reply: UpdateReply, shown: Mapping[str, Met]) -> None:
    if reply.target is not None and reply.target not in shown:
        raise ReplyRefused(f"target {reply.target!r} is not among the entries shown: {', '.join(shown)}")
    if reply.action in {"UPDATE", "DELETE"} and reply.target is None:
        raise ReplyRefused(f"{reply.action} names no target")
    if reply.action == "UPDATE" and not reply.text:
        raise ReplyRefused("UPDATE gives no text")


def _decision(reply: UpdateReply, new: Statement, met: Met | None) -> Decision:
    if met is None or reply.action == "ADD":
        return Decision(action="NOOP") if reply.action == "NOOP" else Decision(action="ADD", statement=new)
    if reply.action == "DELETE":
        return Decision(action="DELETE", place=met.place)
    if reply.action == "NOOP":
        return _unchanged(met, new)
    changed = replace(new, text=html.unescape(reply.text or ""), turns=_both(met.statement, new))
    return Decision(action="UPDATE", place=met.place, statement=changed)


def _unchanged(met: Met, new: Statement) -> Decision:
    kept = replace(met.statement, turns=_both(met.statement, new))
    return Decision(action="NOOP", place=met.place, statement=kept)


def _both(old: Statement, new: Statement) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*old.turns, *new.turns)))
