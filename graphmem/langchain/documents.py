"""What a search finds, as LangChain's documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from langchain_core.documents import Document

from graphmem.read.context import REMOVED, episode_line, fact_line, over_heading, over_line
from graphmem.read.found import FoundEpisode, FoundFact, SearchResult
from graphmem.serial import utc_text


def documents(found: SearchResult, *, limit: int, tokens: int, count_tokens: Callable[[str], int]) -> list[Document]:
    """Return at most `limit` documents of at most `tokens` tokens in all, facts and messages in turn, best first.

    One that does not fit any more is left out. Scores compare facts with facts and messages with messages.
    """
    holding = [(f.score, fact_document(f)) for f in found.facts]
    over = [(f.score, over_document(f)) for f in found.withdrawn]
    facts = [document for _, document in sorted([*over, *holding], key=lambda pair: -pair[0])]
    chosen: list[Document] = []
    for document in _in_turn(facts, [message_document(e) for e in found.episodes]):
        size = count_tokens(document.page_content)
        if size <= tokens and len(chosen) < limit:
            chosen.append(document)
            tokens -= size
    return chosen


def fact_document(found: FoundFact) -> Document:
    """Return a fact that holds: its line of the context, with what it rests on."""
    return _fact(found, fact_line(found), "holds")


def over_document(found: FoundFact) -> Document:
    """Return a fact that ended with nothing in its place, or was removed, told as that."""
    if found.fact.forgotten_at is not None:
        return _fact(found, f"{REMOVED} {over_line(found)}", "removed")
    return _fact(found, f"{over_heading(found)} {over_line(found)}", "ended")


def message_document(found: FoundEpisode) -> Document:
    """Return a message: its line of the context, with where it stands in the conversation."""
    said = found.episode
    metadata: dict[str, Any] = {
        "id": said.id,
        "kind": "message",
        "state": "said",
        "score": found.score,
        "predicate": None,
        "valid_at": None,
        "invalid_at": None,
        "sources": [said.id],
        "quote": said.text,
        "message_id": said.message_id,
        "session": said.session,
        "speaker": said.speaker,
        "at": utc_text(said.at),
    }
    return Document(id=said.id, page_content=episode_line(said), metadata=metadata)


def _fact(found: FoundFact, line: str, state: str) -> Document:
    interval, sources = found.state.interval, found.fact.sources
    metadata: dict[str, Any] = {
        "id": found.fact.id,
        "kind": "fact",
        "state": state,
        "score": found.score,
        "predicate": found.fact.predicate,
        "valid_at": utc_text(interval.start),
        "invalid_at": utc_text(interval.end) if interval.end else None,
        "sources": [s.episode_id for s in sources],
        "quote": next((s.quote for s in sources if s.quote), ""),
    }
    return Document(id=found.fact.id, page_content=line, metadata=metadata)


def _in_turn(facts: Sequence[Document], messages: Sequence[Document]) -> list[Document]:
    return [document for pair in zip_longest(facts, messages) for document in pair if document is not None]
