"""graphmem and all baselines on one store, and the command from end to end with a chat model over HTTP."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.bench.comparison import Setting, compare
from graphmem.bench.judge import Judge
from graphmem.bench.locomo import Conversation
from graphmem.bench.replies import Replies, kept
from graphmem.bench.scoring import Scores
from graphmem.bench.systems.catalogue import Ingredients, Wanted, make
from graphmem.bench.systems.graph import GraphIndex, GraphMemory
from graphmem.cli.main import app
from tests.openai_server import Answer, completion, openai_server
from tests.unit.bench import little
from tests.unit.bench.chats import BenchChat

KEYS = {
    "recall_at",
    "recall_within_tokens",
    "by_category",
    "latency_ms",
    "questions",
    "dropped_evidence",
    "indexing_seconds",
    "store",
    "embedder",
    "extraction",
    "conversations",
}


@pytest.fixture
def talk(tmp_path: Path) -> Conversation:
    return little.conversation(tmp_path)


@pytest.fixture(scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder) -> AsyncIterator[Memory]:
    home = tmp_path_factory.mktemp("bench")
    async with Memory.open(Settings(home=home, extraction="none"), embedder=embedder) as opened:
        yield opened


async def measured(
    wanted: Wanted, talk: Conversation, memory: Memory, embedder: LocalEmbedder, replies: Replies | None = None
) -> dict[str, Scores]:
    setting = Setting(
        conversations=[talk],
        count_tokens=embedder.count_tokens,
        store="embedded",
        embedder=embedder.name,
        progress=lambda _: None,
        judge=Judge(replies) if replies else None,
    )
    rows = await compare(make(wanted, Ingredients(memory=memory, embedder=embedder, replies=replies)), setting)
    return {row.label: row for row in rows}


async def test_a_fact_in_the_context_counts_for_its_turn(talk: Conversation, memory: Memory) -> None:
    system = GraphMemory(GraphIndex(memory, "observations"), "mix", "none")
    first = await system.index(talk)

    found = await system.ask(talk, "How many jars of honey did Ingrid sell?")

    assert await system.index(talk) == first
    assert "Facts:\nAbout Ingrid:\nF1 " in found.context
    assert "D2:2" in found.turns
    assert found.passages[0].turns == ("D2:2",)
    assert system.ways == {"strategy": "mix", "reranker": "none", "extraction": "observations"}


@pytest.mark.parametrize("strategy", ["entity", "triplet"])
async def test_the_ways_of_the_paper_find_messages_over_facts(
    talk: Conversation, memory: Memory, strategy: str
) -> None:
    without = GraphMemory(GraphIndex(memory, "none"), strategy, "none")
    await without.index(talk)
    told = GraphMemory(GraphIndex(memory, "observations"), strategy, "none")
    await told.index(talk)

    assert (await without.ask(talk, "Where does Tomas's boat lie?")).passages == ()
    assert (await told.ask(talk, "Where does Tomas's boat lie?")).passages


async def test_every_system_is_scored_alike(talk: Conversation, memory: Memory, embedder: LocalEmbedder) -> None:
    wanted = Wanted(systems=["all"], extractions=["none", "observations"], rerankers=["none", "quality"])

    rows = await measured(wanted, talk, memory, embedder)

    assert list(rows) == [
        "graphmem mix",
        "graphmem mix quality",
        "graphmem mix observations",
        "graphmem mix quality observations",
        "mem0-base",
        *(f"rag {size} k={k}" for size in (128, 256, 512, 1024) for k in (1, 2)),
        "bm25",
        "full-context",
        "openai-memory",
    ]
    assert all(row.questions == 5 and row.dropped_evidence == 2 for row in rows.values())
    assert rows["full-context"].given["recall"] == 100.0
    assert rows["full-context"].recall_at is None
    assert rows["rag 128 k=1"].recall_at is None
    assert rows["rag 128 k=1"].recall_within_tokens is not None
    assert rows["graphmem mix"].given["recall"] == 100.0, "all of it fits into 1,000 tokens"
    assert rows["openai-memory"].given["recall"] == 90.0, "no statement says that Klara was seasick"
    assert rows["mem0-base"].remarks["decided_by"] == "cosine: a repeat from 0.97 on, else added"
    assert all(row.judged is None and row.indexing_calls == 0 for row in rows.values())


async def test_a_model_decides_answers_and_judges(
    talk: Conversation, memory: Memory, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    def judge(request: Any) -> dict[str, Any]:
        if request.kind == "bench_update":
            return {"reason": "new", "action": "ADD", "target": None, "text": None}
        return {"reason": "", "correct": request.kind == "bench_judge" and "Right answer: Molde" in request.user}

    wanted = Wanted(systems=["graphmem", "mem0-base", "full-context"])
    chat = BenchChat(judge=judge)
    with kept(tmp_path / "r.jsonl") as file:
        rows = await measured(wanted, talk, memory, embedder, Replies(chat, file))
    asked = chat.calls
    with kept(tmp_path / "r.jsonl") as file:
        again = await measured(wanted, talk, memory, embedder, Replies(chat, file))

    assert chat.calls == asked, "all is kept"
    assert (rows["mem0-base"].indexing_calls, rows["mem0-base"].remarks["add"]) == (6, 7)
    for label, row in rows.items():
        assert row.judged is not None
        assert (row.judged["j"], row.judged["strict"], row.judged["f1"], row.judged["model"]) == (20, 0, 20, "scripted")
        assert (row.judged["tokens_in"], row.judged["tokens_out"]) == (40, 3)
        assert row.judged["total_ms"]["p95"] >= row.latency_ms["p95"]
        assert row.by_category["single-hop"]["judged"]["j"] == 50
        assert replace(row, latency_ms={}, indexing_seconds=0, judged={}, by_category={}) == replace(
            again[label], latency_ms={}, indexing_seconds=0, judged={}, by_category={}
        )


def bench(folder: Path, *options: str, code: int = 0, **variables: str) -> Result:
    done = CliRunner().invoke(
        app,
        ["bench", "locomo", "--data", str(little.written(folder)), *options],
        env={"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "GRAPHMEM_HOME": str(folder / "home"), **variables},
    )
    assert done.exit_code == code, done.output
    return done


def test_graphmem_alone_is_one_object(tmp_path: Path) -> None:
    figures = json.loads(bench(tmp_path, "--json", "-", "--conversation", "talk-1").stdout)

    assert set(figures) >= KEYS
    assert set(figures["by_category"]["temporal"]) >= {"recall_at", "recall_within_tokens", "questions"}
    named = [figures[k] for k in ("system", "strategy", "reranker", "extraction", "store")]
    assert named == ["graphmem", "mix", "none", "none", "embedded"]


def test_all_systems_in_a_table_json_and_a_chart(tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text(json.dumps(little.FAULTS))
    files = ("--json", str(tmp_path / "figures.json"), "--chart", str(tmp_path / "chart.png"))

    told = bench(tmp_path, "--system", "all", "--errors", str(tmp_path / "faults.json"), "--no-model", *files)

    figures = json.loads((tmp_path / "figures.json").read_text())["systems"]
    assert [f["system"] for f in figures] == [
        "graphmem",
        "mem0-base",
        *["rag"] * 8,
        "bm25",
        "full-context",
        "openai-memory",
    ]
    assert figures[2]["ways"] == {"chunk_tokens": 128, "k": 1}
    assert figures[0]["excluded"] == {"AMBIGUOUS": 1}
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert "rag 1024 k=2" in told.stdout
    assert "1 questions left out by the audit (1 AMBIGUOUS)" in told.stdout


def test_a_chat_model_over_http_answers_and_judges(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(body: dict[str, Any]) -> Answer:
        system = body["messages"][0]["content"]
        asked.append(system)
        if "flat list" in system:
            return completion('{"reason": "new", "action": "ADD", "target": null, "text": null}')
        if "response_format" in body and "mark an answer" in system:
            return completion(json.dumps({"reason": "so", "correct": "Be generous" in system}))
        return completion("in Molde" if "You are asked" in system else '{"word": "ready"}')

    chart = ("--chart", str(tmp_path / "chart.png"))
    options = ("--system", "mem0-base", "--system", "bm25", "--judge", *chart, "--replies", str(tmp_path / "r.jsonl"))
    with openai_server(answer) as url:
        model = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none", "GRAPHMEM_MODEL": "tiny-1"}
        table = bench(tmp_path, *options, **model).stdout
        first = len(asked)
        figures = json.loads(bench(tmp_path, *options, "--json", "-", **model).stdout)["systems"]

    assert "J strict" in table
    assert len(asked) == first, "the second run asks nothing"
    for row in figures:
        judged = row["judged"]
        assert (judged["j"], judged["strict"], judged["model"]) == (100.0, 0.0, "tiny-1")
        assert (judged["tokens_in"], judged["tokens_out"], judged["unjudged"]) == (11.0, 7.0, 0)
        assert judged["f1"] > 0
    assert figures[0]["remarks"]["decided_by"] == "model tiny-1"
    assert figures[0]["indexing_calls"] == 6


def test_what_cannot_be_is_said_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unjudged = bench(tmp_path, "--judge", code=1)
    unwilling = bench(tmp_path, "--judge", "--no-model", code=1, OPENAI_API_KEY="none")
    unknown = bench(tmp_path, "--system", "mem1", code=1)
    nowhere = bench(tmp_path, "--chart", str(tmp_path / "no" / "c.png"), code=1)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    undrawn = bench(tmp_path, "--chart", str(tmp_path / "c.png"), code=1)

    assert "--judge needs a chat model" in unjudged.stderr
    assert "--judge needs a chat model" in unwilling.stderr
    assert "--system is 'mem1'" in unknown.stderr
    assert "name a .png file" in nowhere.stderr
    assert "pip install 'graphmem[bench]'" in undrawn.stderr
