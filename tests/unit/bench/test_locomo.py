from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.bench.audit import load_faults, without_faults
from graphmem.bench.locomo import load_conversations
from graphmem.errors import UnreadableFile
from tests.unit.bench import little


def test_turns_become_messages_with_what_their_images_show(tmp_path: Path) -> None:
    talk = little.conversation(tmp_path)

    assert [m.id for m in talk.messages] == [f"D{s}:{t}" for s in (1, 2) for t in range(1, 7)]
    assert talk.messages[2].text == "Three hives, from my uncle Olav. [shows: three wooden boxes on a lawn]"
    assert talk.messages[0].at == datetime(2024, 3, 4, 13, 10, tzinfo=UTC)


def test_questions_keep_the_evidence_that_resolves(tmp_path: Path) -> None:
    talk = little.conversation(tmp_path)

    assert [(q.number, q.category, q.evidence) for q in talk.questions] == [
        (0, 1, ("D1:1", "D2:2")),
        (1, 2, ("D1:4",)),
        (2, 3, ("D2:3", "D2:1")),
        (3, 4, ("D1:6",)),
        (4, 4, ("D2:4",)),
    ]
    assert talk.questions[4].answer == "2"
    assert talk.dropped == 2, "D names no turn, D9:9 one that is not there"


def test_what_nothing_answers_is_kept_apart(tmp_path: Path) -> None:
    (astray,) = little.conversation(tmp_path).unanswerable

    assert (astray.text, astray.category, astray.evidence) == ("What does Tomas keep?", 5, ("D1:1",))


def test_statements_name_their_turns(tmp_path: Path) -> None:
    noted = little.conversation(tmp_path).observations

    assert len(noted) == 7, "the one of D7:7 rests on nothing"
    assert noted[1].message_ids == ("D1:3",)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"sample_id": "a"}]')

    with pytest.raises(UnreadableFile, match="not in the LoCoMo format"):
        load_conversations(tmp_path / "x.json")
    with pytest.raises(UnreadableFile, match="no conversation talk-9"):
        load_conversations(little.written(tmp_path), ["talk-9"])


def test_questions_that_the_audit_finds_fault_with_go(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps(little.FAULTS))

    (left,), went = without_faults([little.conversation(tmp_path)], load_faults(path))

    assert [q.number for q in left.questions] == [0, 1, 2, 4]
    assert went == {"AMBIGUOUS": 1}


def test_an_audit_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps([{**little.FAULTS[0], "question": "Where is the boat?"}]))
    talk = little.conversation(tmp_path)

    with pytest.raises(UnreadableFile, match="about another question"):
        without_faults([talk], load_faults(path))

    path.write_text('[{"sample_id": "talk-1", "question_id": "4"}]')
    with pytest.raises(UnreadableFile, match="no list of the audit's errors"):
        load_faults(path)
