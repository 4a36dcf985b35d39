"""The data set's recorded statements as memories: dated, with the turns that they were drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from graphmem.bench.locomo import Conversation
from graphmem.bench.system import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, the day of its first turn, and its turns."""

    text: str
    day: str
    turns: tuple[str, ...]

    @property
    def line(self) -> str:
        """The statement as a model is shown it."""
        return f"{self.day}: {self.text}"


def statements_of(conversation: Conversation) -> list[Statement]:
    """Return the statements in the order in which they were drawn."""
    said = {m.id: m for m in conversation.messages}
    return [
        Statement(text=note.text, day=day_of(said[note.message_ids[0]]), turns=note.message_ids)
        for note in conversation.observations
    ]
