"""The rolling summary: what was said so far, in short, brought up to date beside the writes and never in their way.

Source: Mem0 (arXiv 2504.19413) section 2.1. Where it stands and how much was said since are in the graph: what a killed
process left undone is due for the next one.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.models import Episode, Scope
from graphmem.ports import ChatRequest, Reader, Transaction
from graphmem.prompts import render
from graphmem.text import embedded_text
from graphmem.write.asking import Asker
from graphmem.write.episodes import read_episodes
from graphmem.write.extract import message_line
from graphmem.write.lock import lock_scope
from graphmem.write.replies import SummaryReply
from graphmem.write.single import Tools

KIND = "summary"
SHOWN_TOKENS = 6000
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was said up to a place in the scope's order, and the tokens said since; `version` counts its changes."""

    text: str = ""
    until: int = 0
    version: int = 0
    tokens: int = 0


async def read_summary(scope: Scope, reader: Reader) -> Summary:
    """Return how the summary of a scope stands."""
    found = await reader.read("scope_summary", scopes=[scope.key])
    if not found:
        return Summary()
    row = found[0]
    return Summary(text=row["summary"] or "", until=row["until"], version=row["version"], tokens=row["tokens"])


async def bring_up_to_date(scope: Scope, due_tokens: int, tools: Tools, asker: Asker) -> int:
    """Summarise what was said since, until less than `due_tokens` is left; returns how many messages went in.

    Raises ModelError and BudgetSpent.
    """
    done = 0
    while (standing := await read_summary(scope, tools.store)).tokens >= due_tokens:
        said = await _said_since(standing, scope, tools)
        if not said:
            return done
        request = summary_request(standing.text, said)
        reply, _ = await asker.ask(request, SummaryReply, lambda reply: reply)
        if not await _keep(reply.summary, request.prompt_version, standing, said, scope, tools):
            # Another process was faster, or words were taken out: what is left is looked at anew.
            continue
        done += len(said)
    return done


def summary_request(text: str, said: Sequence[Episode]) -> ChatRequest:
    """Return the request for a summary of an earlier one and new messages."""
    lines = "\n".join(message_line("-", e) for e in said)
    prompt = render("summary", {"summary": html.escape(text, quote=False) or "nothing yet", "messages": lines})
    return ChatRequest(
        kind=KIND,
        prompt_version=prompt.version,
        system=prompt.system,
        user=prompt.user,
        schema=SummaryReply,
        message_ids=tuple(e.message_id for e in said),
    )


def said_tokens(episode: Episode, tools: Tools) -> int:
    """Return how much of a summary's measure a message is."""
    return tools.embedder.count_tokens(embedded_text(episode.speaker, episode.text))


async def _said_since(standing: Summary, scope: Scope, tools: Tools) -> list[Episode]:
    """Return the next messages that fit into a prompt, at least one."""
    until = standing.until + PAGE
    found = await tools.store.read("episodes_before", scope=scope.key, before=until, limit=PAGE)
    said: list[Episode] = []
    tokens = 0
    for episode in await read_episodes([row["id"] for row in found], scope, tools.store):
        tokens += said_tokens(episode, tools)
        if said and tokens > SHOWN_TOKENS:
            break
        said.append(episode)
    return said


async def _keep(
    text: str, prompt_version: str, standing: Summary, said: Sequence[Episode], scope: Scope, tools: Tools
) -> bool:
    tokens = sum(said_tokens(e, tools) for e in said)
    now = tools.clock.now()

    async def work(tx: Transaction) -> bool:
        await lock_scope(scope, tools.embedder, now, tx)
        kept = await tx.write(
            "keep_summary",
            scope=scope.key,
            version=standing.version,
            text=text,
            until=said[-1].seq + 1,
            tokens=tokens,
            prompt_version=prompt_version,
        )
        return bool(kept[0]["kept"])

    return await tools.store.transact(work)
