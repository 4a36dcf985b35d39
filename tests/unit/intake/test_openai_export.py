from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import UnreadableFile
from graphmem.intake.detect import detect
from graphmem.intake.items import Aside, Bad, Format, Found, Timing
from graphmem.models import Role
from tests.unit.intake.files import items, texts


def node(name: str, parent: str | None, text: Any, *, role: str = "user", at: float | None = 1718914500.0) -> Any:
    parts = text if isinstance(text, list) else [text]
    message = {
        "id": f"m-{name}",
        "author": {"role": role},
        "create_time": at,
        "content": {"content_type": "text", "parts": parts},
        "recipient": "all",
    }
    return name, {"id": name, "message": None if text is None else message, "parent": parent, "children": []}


def conversation(*nodes: Any, current: str | None, title: str = "Moving", at: float = 1718914000.0) -> dict[str, Any]:
    return {
        "title": title,
        "create_time": at,
        "conversation_id": "c0ffee00-1111",
        "mapping": dict(nodes),
        "current_node": current,
    }


TALK = conversation(
    node("root", None, None),
    node("sys", "root", "", role="system", at=None),
    node("q", "sys", "Where is Oslo?"),
    node("old", "q", "In Sweden.", role="assistant"),
    node("new", "q", ["In Norway.", {"asset_pointer": "file-1"}], role="assistant", at=None),
    node("tool", "new", "searching", role="tool"),
    node("thanks", "tool", "Thanks", at=1718914600.0),
    current="thanks",
)


def test_the_current_branch_is_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "conversations.json").write_text(json.dumps([TALK]))

    read = items(tmp_path / "conversations.json")
    found = [item for item in read if isinstance(item, Found)]

    assert detect(tmp_path / "conversations.json") is Format.OPENAI
    assert texts(found) == ["Where is Oslo?", "In Norway.", "Thanks"]
    assert [f.message.role for f in found] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert [f.message.id for f in found] == ["m-q", "m-new", "m-thanks"]
    assert {f.message.session for f in found} == {"Moving (c0ffee00)"}
    assert [f.timing for f in found] == [Timing.STATED, Timing.INFERRED, Timing.STATED]
    assert found[1].message.at == found[0].message.at
    assert len([item for item in read if isinstance(item, Aside)]) == 3


def test_conversations_are_read_from_the_oldest_on_and_may_stand_a_line_each(tmp_path: Path) -> None:
    later = conversation(node("a", None, "Later"), current="a", at=1718999999.0)
    sooner = conversation(node("b", None, "Sooner"), current="b")
    (tmp_path / "a.json").write_text(json.dumps([later, sooner]))
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(sooner)}\n{json.dumps(later)}\n")

    assert texts(items(tmp_path / "a.json")) == ["Sooner", "Later"]
    assert texts(items(tmp_path / "a.jsonl")) == ["Sooner", "Later"]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (conversation(node("a", "gone", "x"), current="a"), "'gone', which is not in its mapping"),
        (conversation(node("a", "b", "x"), node("b", "a", "y"), current="a"), "comes back"),
        (conversation(node("a", None, "x"), current=None), "current_node"),
        (conversation(node("a", None, "x", role="critic"), current="a"), "critic"),
        ({"title": "x"}, "mapping"),
        (7, "mapping"),
    ],
)
def test_a_conversation_that_cannot_be_followed_is_named(tmp_path: Path, item: Any, says: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps([TALK, item]))

    (bad,) = [read for read in items(tmp_path / "a.json", form=Format.OPENAI) if isinstance(read, Bad)]

    assert bad.where.startswith("conversation 2")
    assert says in bad.why


def test_what_is_no_list_of_conversations_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(TALK))

    with pytest.raises(UnreadableFile, match="list of conversations"):
        items(tmp_path / "a.json")
