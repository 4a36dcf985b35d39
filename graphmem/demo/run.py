"""The demo: a year of two friends' talk becomes a graph, session by session; then it is asked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from graphmem.adapters.embedded_server import kill_server
from graphmem.intake.messages_json import read_messages
from graphmem.memory import Memory
from graphmem.models import AsOf, Message
from graphmem.operations import Change
from graphmem.read.found import SearchResult
from graphmem.settings import Settings

SCOPE = "ada"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionShown:
    """One session: when it was, how many messages, what was decided."""

    name: str
    at: datetime
    messages: int
    changes: tuple[Change, ...]
    parked: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """One question: what was expected, and what came back."""

    question: str
    as_of: datetime | None
    expected: tuple[str, ...]
    result: SearchResult

    @property
    def answered(self) -> bool:
        """Whether every expected fact is among those found."""
        texts = {f.text for f in self.result.facts}
        return all(e in texts for e in self.expected)


def sample() -> Path:
    """Return the folder of the sample's files."""
    return Path(str(resources.files("graphmem") / "demo" / "sample"))


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """Return settings for the demo: a store of its own in `folder`, and the recording unless a model is set."""
    replay = None if settings.openai_api_key else sample() / "replies.jsonl"
    return replace(settings, home=folder, neo4j_uri=None, replay=replay, tenant="demo")


async def play(memory: Memory) -> AsyncGenerator[SessionShown | AnswerShown]:
    """Add the sample session by session, then ask its questions."""
    sessions: dict[str, list[Message]] = {}
    for message in read_messages(sample() / "conversation.json"):
        sessions.setdefault(message.session or "", []).append(message)
    for name, messages in sessions.items():
        added = await memory.add(messages, scope=SCOPE)
        yield SessionShown(
            name=name, at=messages[0].at, messages=len(messages), changes=added.changes, parked=dict(added.parked)
        )
    questions: list[dict[str, Any]] = json.loads((sample() / "questions.json").read_text(encoding="utf-8"))
    for item in questions:
        valid = datetime.fromisoformat(item["as_of"]) if item["as_of"] else None
        result = await memory.search(item["question"], scope=SCOPE, as_of=AsOf(valid=valid))
        yield AnswerShown(question=item["question"], as_of=valid, expected=tuple(item["expect"]), result=result)


@contextmanager
def demo_folder() -> Generator[str]:
    """Yield a folder that goes with the demo, and the server in it too, which would still write there."""
    with tempfile.TemporaryDirectory(prefix="graphmem-demo-") as folder:
        try:
            yield folder
        finally:
            kill_server(Path(folder))
