"""The public audit of LoCoMo's gold answers: the questions it finds fault with, and conversations without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from graphmem.bench.locomo import Conversation, Question
from graphmem.errors import UnreadableFile
from graphmem.text import fold


class Fault(BaseModel):
    """One fault: in the gold answer or in the evidence cited for it; `question_id` ends in the question's place."""

    sample_id: str
    question_id: Annotated[str, StringConstraints(pattern=r"_qa\d+$")]
    question: str
    error_type: str

    @property
    def number(self) -> int:
        """The question's place in its conversation's list."""
        return int(self.question_id.rpartition("_qa")[2])


Faults: TypeAlias = Mapping[tuple[str, int], Fault]
_FAULTS = TypeAdapter(list[Fault])


def load_faults(path: Path) -> Faults:
    """Read the audit's list, with `sample_id` in each entry; raises UnreadableFile."""
    try:
        found = _FAULTS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as exc:
        raise UnreadableFile(f"{path} is no list of the audit's errors: {exc}.") from exc
    return {(fault.sample_id, fault.number): fault for fault in found}


def without_faults(conversations: Sequence[Conversation], faults: Faults) -> tuple[list[Conversation], dict[str, int]]:
    """Return the conversations without the questions found fault with, and how many of them went, by kind of fault.

    Raises UnreadableFile where a fault is about another question than the one in its place.
    """
    went: Counter[str] = Counter()
    left: list[Conversation] = []
    for conversation in conversations:
        kept: list[Question] = []
        for question in conversation.questions:
            fault = faults.get((conversation.id, question.number))
            if fault is None:
                kept.append(question)
            else:
                _check_same(fault, question)
                went[fault.error_type] += 1
        left.append(replace(conversation, questions=tuple(kept)))
    return left, dict(sorted(went.items()))


def _check_same(fault: Fault, question: Question) -> None:
    if fold(fault.question) != fold(question.text):
        raise UnreadableFile(
            f"the audit's {fault.question_id} of {fault.sample_id} is about another question than the data set's "
            f"number {question.number}. Use the audit and the data set of one version."
        )
