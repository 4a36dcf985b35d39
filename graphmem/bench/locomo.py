"""The data set LoCoMo (Maharana et al., ACL 2024): its conversations, statements and questions as graphmem's values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphmem.errors import UnreadableFile
from graphmem.models import Message, Note

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
UNANSWERABLE = 5
_TURN = re.compile(r"D\d+:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its answer and the ids of the turns that say it; `number` is its place in the data set's list."""

    text: str
    category: int
    evidence: tuple[str, ...]
    answer: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation: its turns as messages, the recorded statements about them, its questions.

    `unanswerable` are those of category 5, which nothing said answers; their evidence, if any, only leads astray.
    """

    id: str
    messages: tuple[Message, ...]
    observations: tuple[Note, ...]
    questions: tuple[Question, ...]
    dropped: int
    unanswerable: tuple[Question, ...] = ()


def load_conversations(path: Path, wanted: Sequence[str] = ()) -> list[Conversation]:
    """Read the data set's format; raises UnreadableFile naming the conversation."""
    try:
        raw: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        found = [_conversation(item) for item in raw if not wanted or item["sample_id"] in wanted]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UnreadableFile(f"{path} is not in the LoCoMo format: {type(exc).__name__} {exc}.") from exc
    missing = set(wanted) - {c.id for c in found}
    if missing or not found:
        raise UnreadableFile(f"{path} holds no conversation {', '.join(sorted(missing)) or 'at all'}.")
    return found


def _conversation(item: Mapping[str, Any]) -> Conversation:
    conversation: Mapping[str, Any] = item["conversation"]
    messages: list[Message] = []
    for number in range(1, 1000):
        turns = conversation.get(f"session_{number}")
        if turns is None:
            continue
        at = datetime.strptime(conversation[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        messages += [_message(turn, at, number) for turn in turns]
    known = {m.id for m in messages if m.id is not None}
    questions, dropped = _questions(item["qa"], known)
    return Conversation(
        id=item["sample_id"],
        messages=tuple(messages),
        observations=tuple(_observations(item.get("observation", {}), known)),
        questions=tuple(q for q in questions if q.category in CATEGORIES and q.evidence),
        dropped=dropped,
        unanswerable=tuple(q for q in questions if q.category == UNANSWERABLE),
    )


def _questions(raw: Sequence[Mapping[str, Any]], known: set[str]) -> tuple[list[Question], int]:
    """Return the questions, and how many ids in their evidence name no turn."""
    questions: list[Question] = []
    dropped = 0
    for number, qa in enumerate(raw):
        ids: list[str] = [i for e in qa.get("evidence", ()) for i in _TURN.findall(str(e)) or [str(e)]]
        evidence = tuple(dict.fromkeys(i for i in ids if i in known))
        dropped += len(set(ids)) - len(evidence)
        answer = str(qa.get("answer", ""))
        questions.append(
            Question(text=qa["question"], category=qa["category"], evidence=evidence, answer=answer, number=number)
        )
    return questions, dropped


def _message(turn: Mapping[str, Any], at: datetime, session: int) -> Message:
    caption = turn.get("blip_caption")
    text = f"{turn['text']} [shows: {caption}]" if caption else turn["text"]
    return Message(text=text, at=at, speaker=turn["speaker"], id=turn["dia_id"], session=f"session_{session}")


def _observations(recorded: Mapping[str, Any], known: set[str]) -> list[Note]:
    found: list[Note] = []
    for by_speaker in recorded.values():
        for speaker, statements in by_speaker.items():
            for statement, turns in statements:
                ids = tuple(i for i in _TURN.findall(json.dumps(turns)) if i in known)
                if ids:
                    found.append(Note(about=speaker, text=statement, message_ids=ids))
    return found
