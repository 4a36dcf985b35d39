from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.embedders import LocalEmbedder
from graphmem.bench.locomo import Conversation
from graphmem.bench.replies import Replies, kept
from graphmem.bench.system import Found, Passage, System
from graphmem.bench.systems.catalogue import Wanted, check
from graphmem.bench.systems.chunks import ChunkIndex, Chunks, cut
from graphmem.bench.systems.decide import ByCosine, ByModel
from graphmem.bench.systems.flat import FlatMemory
from graphmem.bench.systems.lexical import Lexical
from graphmem.bench.systems.whole import FullContext, OpenAIMemory
from graphmem.errors import InvalidInput, ReplyRefused
from graphmem.ports import ChatRequest
from tests.unit.bench import little
from tests.unit.bench.chats import BenchChat


@pytest.fixture
def talk(tmp_path: Path) -> Conversation:
    return little.conversation(tmp_path)


async def answer(system: System, talk: Conversation, question: str) -> Found:
    await system.index(talk)
    return await system.ask(talk, question)


def turns(passages: Sequence[Passage]) -> list[str]:
    return [t for p in passages for t in p.turns]


async def test_chunks_hold_whole_turns(talk: Conversation, embedder: LocalEmbedder) -> None:
    chunks = cut(talk, 40, embedder.count_tokens)

    assert turns(chunks) == [m.id for m in talk.messages]
    assert len(chunks) > 3
    assert all(embedder.count_tokens(c.text) <= 40 for c in chunks)
    assert len(cut(talk, 1, embedder.count_tokens)) == len(talk.messages), "a longer turn is a chunk of its own"


async def test_the_nearest_chunks_are_all_that_is_given(talk: Conversation, embedder: LocalEmbedder) -> None:
    index = ChunkIndex(embedder, 40)
    two = await answer(Chunks(index, 2), talk, "In which harbour is the boat?")
    (one,) = (await answer(Chunks(index, 1), talk, "In which harbour is the boat?")).passages

    assert two.passages[0] == one
    assert "D1:6" in one.turns, "in the harbour of Molde"
    assert two.turns == set(turns(two.passages))
    assert two.context.startswith(one.text)


async def test_bm25_finds_stems_and_gives_the_best_in_order_of_time(
    talk: Conversation, embedder: LocalEmbedder
) -> None:
    found = await answer(Lexical(embedder.count_tokens), talk, "How many hives has Ingrid, and did she sell honey?")

    assert {"D1:2", "D1:3", "D2:4", "D2:2"} <= set(turns(found.passages))
    assert "D2:5" not in turns(found.passages), "it shares no word"
    lines = found.context.splitlines()
    assert [m.id for m in talk.messages if m.id in found.turns] == [
        m.id for line in lines for m in talk.messages if line.endswith(m.text)
    ]
    assert (await answer(Lexical(embedder.count_tokens), talk, "zeppelin")).passages == ()


async def test_full_context_gives_every_turn(talk: Conversation) -> None:
    found = await answer(FullContext(), talk, "anything")

    assert found.context.splitlines()[3] == (
        "4 Mar 2024 Tomas: I bought a small sailing boat last week, and called her Petrel."
    )
    assert found.turns == {m.id for m in talk.messages}


async def test_the_built_in_memory_gives_every_statement(talk: Conversation) -> None:
    system = OpenAIMemory()
    found = await answer(system, talk, "anything")

    assert found.context.splitlines()[0] == "4 Mar 2024: Ingrid keeps bees."
    assert found.turns == {"D1:1", "D1:3", "D1:4", "D1:6", "D2:1", "D2:2", "D2:4"}
    assert system.remarks == {"statements": 7}


async def test_without_a_model_a_flat_list_leaves_out_repeats(talk: Conversation, embedder: LocalEmbedder) -> None:
    system = FlatMemory(embedder, ByCosine())
    found = await answer(system, talk, "Does Ingrid keep bees?")

    assert found.passages[0].turns == ("D1:1", "D2:4"), "said twice, kept once"
    assert system.remarks == {
        "decided_by": "cosine: a repeat from 0.97 on, else added",
        "add": 6,
        "update": 0,
        "delete": 0,
        "noop": 1,
        "statements": 6,
        "k": 30,
    }


def deciding(wanted: dict[str, dict[str, Any]]) -> Any:
    """Decide by a piece of the new statement, naming the target by a piece of its text; ADD all else."""

    def decide(request: ChatRequest) -> dict[str, Any]:
        new = request.user.partition("New statement:")[2]
        chosen = next((d for piece, d in wanted.items() if piece in new), {"action": "ADD"})
        met = chosen.get("target")
        found = re.search(rf"^(S\d+): .*{met}", request.user, re.MULTILINE) if met else None
        shown = found[1] if found else met
        return {"reason": "told", "target": None, "text": None, **chosen, **({"target": shown} if met else {})}

    return decide


async def test_a_model_adds_updates_deletes_and_leaves_out(
    talk: Conversation, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    chat = BenchChat(
        judge=deciding(
            {
                "lies in Molde": {"action": "UPDATE", "target": "called Petrel", "text": "The Petrel is in Molde."},
                "sold twelve": {"action": "NOOP", "target": "keeps bees"},
                "sailed to Bergen": {"action": "DELETE", "target": "three hives"},
                "Ingrid keeps bees.\n": {"action": "NOOP", "target": None},
            }
        )
    )
    with kept(tmp_path / "r.jsonl") as file:
        system = FlatMemory(embedder, ByModel(Replies(chat, file)))
        indexed = await system.index(talk)
        again = await system.index(talk)
        found = await system.ask(talk, "Where is the Petrel?")

    assert {p.text: set(p.turns) for p in found.passages} == {
        "4 Mar 2024: Ingrid keeps bees.": {"D1:1", "D2:2"},
        "4 Mar 2024: The Petrel is in Molde.": {"D1:4", "D1:6"},
    }
    assert system.remarks["decided_by"] == "model scripted"
    assert [system.remarks[a] for a in ("add", "update", "delete", "noop")] == [3, 1, 1, 2]
    assert (indexed.calls, indexed.tokens) == (6, 6 * 22), "the first statement meets nothing"
    assert again == indexed


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        ({"action": "DELETE"}, "names no target"),
        ({"action": "NOOP", "target": "S9"}, "not among the entries shown"),
        ({"action": "UPDATE", "target": "S1"}, "gives no text"),
    ],
)
async def test_decisions_that_mean_nothing_are_refused(
    talk: Conversation, embedder: LocalEmbedder, tmp_path: Path, decision: dict[str, Any], why: str
) -> None:
    chat = BenchChat(judge=lambda _: {"reason": "", "target": None, "text": None, **decision})
    with kept(tmp_path / "r.jsonl") as file, pytest.raises(ReplyRefused, match=why):
        await FlatMemory(embedder, ByModel(Replies(chat, file))).index(talk)

    assert chat.calls == 2
    assert "was refused" in chat.asked[1].user


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(systems=["mem1"]), r"--system is 'mem1'; it takes graphmem, .* or all"),
        (Wanted(strategies=["best"]), "--strategy is 'best'; it takes mix, entity or triplet"),
        (Wanted(rerankers=["slow"]), "--reranker is 'slow'; it takes none, fast or quality"),
        (Wanted(extractions=["all"]), "--extraction is 'all'; it takes none or observations"),
    ],
)
def test_what_is_not_known_is_refused(wanted: Wanted, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        check(wanted)
