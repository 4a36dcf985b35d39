"""LoCoMo (Maharana et al., ACL 2024): how much of a question's evidence a search brings back, and how soon."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

from graphmem.bench.latency import percentiles
from graphmem.errors import UnreadableFile
from graphmem.memory import Memory
from graphmem.models import Message, Note, Scope
from graphmem.read.context import episode_line

TURNS = (5, 10, 20)
TOKENS = (500, 1000, 2000)
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
RESULTS = 60
WARM_UP = 100
TENANT = "locomo"
_TURN = re.compile(r"D\d+:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the ids of the turns that answer it."""

    text: str
    category: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation: its turns as messages, the recorded statements about them, its questions."""

    id: str
    messages: tuple[Message, ...]
    observations: tuple[Note, ...]
    questions: tuple[Question, ...]
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares of evidence found, in percent, and how long it took in milliseconds."""

    recall_at: Mapping[str, float]
    recall_within_tokens: Mapping[str, float]
    by_category: Mapping[str, Any]
    latency_ms: Mapping[str, float]
    questions: int
    dropped_evidence: int
    indexing_seconds: float
    store: str
    embedder: str
    extraction: str
    conversations: tuple[str, ...] = field(default_factory=tuple[str, ...])


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
    questions: list[Question] = []
    dropped = 0
    for qa in item["qa"]:
        ids: list[str] = [i for e in qa.get("evidence", ()) for i in _TURN.findall(str(e)) or [str(e)]]
        evidence = tuple(dict.fromkeys(i for i in ids if i in known))
        dropped += len(set(ids)) - len(evidence)
        if qa["category"] in CATEGORIES and evidence:
            questions.append(Question(text=qa["question"], category=qa["category"], evidence=evidence))
    return Conversation(
        id=item["sample_id"],
        messages=tuple(messages),
        observations=tuple(_observations(item.get("observation", {}), known)),
        questions=tuple(questions),
        dropped=dropped,
    )


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


async def run_locomo(
    memory: Memory,
    conversations: Sequence[Conversation],
    *,
    extraction: str,
    progress: Callable[[str], None],
) -> Scores:
    """Index each conversation in a scope of its own, ask all questions, and score the evidence that comes back."""
    start = time.perf_counter()
    for conversation in conversations:
        progress(f"indexing {conversation.id}: {len(conversation.messages)} turns")
        scope = Scope(user=conversation.id, tenant=TENANT)
        await memory.add(conversation.messages, scope=scope)
        if extraction == "observations":
            await memory.note(conversation.observations, scope=scope)
    indexing = time.perf_counter() - start
    progress(f"warming up with {WARM_UP} questions")
    for question in conversations[0].questions[:WARM_UP]:
        await _ask(memory, question, Scope(user=conversations[0].id, tenant=TENANT))
    asked: list[_Asked] = []
    for conversation in conversations:
        progress(f"asking {conversation.id}: {len(conversation.questions)} questions")
        for question in conversation.questions:
            asked.append(await _ask(memory, question, Scope(user=conversation.id, tenant=TENANT)))
    status = await memory.status(scope=Scope(user=conversations[0].id, tenant=TENANT))
    latencies = [a.milliseconds for a in asked]
    return Scores(
        **_means(asked),
        by_category={
            CATEGORIES[c]: {**_means(some), "questions": len(some)}
            for c in CATEGORIES
            if (some := [a for a in asked if a.category == c])
        },
        latency_ms=percentiles(latencies),
        questions=len(asked),
        dropped_evidence=sum(c.dropped for c in conversations),
        indexing_seconds=round(indexing, 1),
        store=status.store,
        embedder=status.embedder,
        extraction=extraction,
        conversations=tuple(c.id for c in conversations),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    category: int
    milliseconds: float
    at: Mapping[int, float]
    within: Mapping[int, float]


async def _ask(memory: Memory, question: Question, scope: Scope) -> _Asked:
    start = time.perf_counter()
    result = await memory.search(question.text, scope=scope, limit=RESULTS)
    milliseconds = (time.perf_counter() - start) * 1000
    # A fact brings the turns that it was stated in into the ranking, so that each turn stands once, at its rank.
    turns = [(e.episode.message_id, memory.count_tokens(episode_line(e.episode))) for e in result.episodes]
    wanted = set(question.evidence)
    within: dict[int, float] = {}
    for budget in TOKENS:
        used, kept = 0, set[str]()
        for turn, tokens in turns:
            if used + tokens > budget:
                break
            used += tokens
            kept.add(turn)
        within[budget] = len(kept & wanted) / len(wanted)
    at = {k: len({t for t, _ in turns[:k]} & wanted) / len(wanted) for k in TURNS}
    return _Asked(category=question.category, milliseconds=milliseconds, at=at, within=within)


def _means(asked: Sequence[_Asked]) -> dict[str, dict[str, float]]:
    at: dict[int, list[float]] = defaultdict(list)
    within: dict[int, list[float]] = defaultdict(list)
    for one in asked:
        for k, share in one.at.items():
            at[k].append(share)
        for k, share in one.within.items():
            within[k].append(share)
    return {
        "recall_at": {str(k): round(100 * mean(v), 2) for k, v in at.items()},
        "recall_within_tokens": {str(k): round(100 * mean(v), 2) for k, v in within.items()},
    }
