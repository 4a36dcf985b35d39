"""A graph moves house: to a file, and from it into any other store, exactly as it was."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import (
    EmbedderError,
    FileUnwritable,
    InvalidInput,
    NotFound,
    StoreConflict,
    StoreNewer,
    UnreadableFile,
)
from graphmem.house.upkeep import backup_store, restore_store
from graphmem.models import Scope
from tests.browse import cypher
from tests.conftest import scripted
from tests.embedders import OtherEmbedder
from tests.scripted import ScriptedChat

BEN = Scope(user="ben", tenant="test")
EVA = Scope(user="eva", tenant="test")


TOLD = {
    BEN: ("I live in Turin.", "I am 34.", "When I leave Lumen, Ben gets the car.", "I work at Lumen."),
    EVA: ("The party takes place on 4 October.", "Mia works at Orbit until May 2099."),
}


async def _tell(settings: Settings, model: ScriptedChat, embedder: LocalEmbedder) -> Settings:
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        for scope, texts in TOLD.items():
            for day, text in enumerate(texts, 1):
                at = datetime(2024, 6, day, tzinfo=UTC)
                await memory.add(Message(text=text, at=at, speaker="Ada"), scope=scope)
    return settings


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder) -> AsyncIterator[Settings]:
    """An embedded store with two scopes, which no test writes to; its server stays meanwhile."""
    settings = Settings(home=tmp_path_factory.mktemp("told") / "home", tenant="test")
    async with Memory.open(settings, embedder=embedder) as memory:
        yield await _tell(settings, scripted(), embedder)
        assert [(await memory.status(scope=scope)).episodes for scope in TOLD] == [4, 2]


class _Cut(Exception):
    pass


def _cut_when_whole(done: int, total: int) -> None:
    """End a restore when its last scope is in the graph, before its later migrations."""
    if done == total:
        raise _Cut


def _lines(file: Path) -> list[Any]:
    """All lines but the header, which tells one backup from another."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()][1:]


async def test_a_round_trip_over_another_store_is_exact(
    fresh: Settings, embedder: LocalEmbedder, model: ScriptedChat, tmp_path: Path
) -> None:
    await _tell(fresh, model, embedder)
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        for day, text in ((8, "I live in Turin."), (20, "We moved to Oslo last week!"), (21, "I have a cat, Miso.")):
            at = datetime(2024, 6, day, tzinfo=UTC)
            await memory.add(Message(text=text, at=at, speaker="Ada"), scope=EVA)
        await memory.undo((await memory.history(scope=EVA))[-1].id, scope=EVA)
    elsewhere = Settings(home=tmp_path / "elsewhere", tenant="test")
    first, second, third = (tmp_path / f"{n}.jsonl" for n in (1, 2, 3))

    done = await backup_store(fresh, first)
    restored = await restore_store(elsewhere, first)
    await backup_store(elsewhere, second)
    cypher(fresh, "MATCH (n) DETACH DELETE n")
    await restore_store(fresh, second)
    await backup_store(fresh, third)

    assert (done.scopes, restored.scopes) == (2, 2)
    assert (restored.nodes, restored.relationships) == (done.nodes, done.relationships)
    assert _lines(first) == _lines(second) == _lines(third)
    kinds = {line.get("node") or line.get("relationship") for line in _lines(first)}
    assert kinds >= {
        "Session",
        "Entity",
        "Episode",
        "Fact",
        "FactVersion",
        "Rule",
        "Change",
        "WAS",
        "SUPERSEDES",
        "STATED_IN",
        "CREATED",
        "REVISED",
        "NEXT",
        "SAID_BY",
        "MENTIONS",
        "ABOUT",
        "LIVES_IN",
    }
    async with Memory.open(fresh, model=model, embedder=embedder) as memory:
        assert await memory.verify(scope=EVA) == ()
        assert await memory.verify(scope=BEN) == ()
        found = await memory.search("Where does Ada live?", scope=BEN)
        assert found.facts[0].text == "Ada lives in Turin"
        await memory.add(Message(text="I left Lumen.", at=datetime(2024, 6, 9, tzinfo=UTC), speaker="Ada"), scope=BEN)
        assert "Ben owns car" in [f.text for f in await memory.facts(scope=BEN)]
        last = (await memory.history(scope=BEN))[-1]
        await memory.undo(last.id, scope=BEN)
        assert await memory.verify(scope=BEN) == ()


async def test_one_scope_is_written_and_brought_in(told: Settings, tmp_path: Path, embedder: LocalEmbedder) -> None:
    file = tmp_path / "ben.jsonl"
    elsewhere = Settings(home=tmp_path / "elsewhere", tenant="test")

    await backup_store(told, file, scopes=[BEN])
    await restore_store(elsewhere, file)

    assert {line["scope"] for line in _lines(file) if "scope" in line} == {BEN.key}
    async with Memory.open(elsewhere, embedder=embedder) as memory:
        assert (await memory.status(scope=EVA)).facts == 0
        assert (await memory.status(scope=BEN)).facts == 3
    with pytest.raises(NotFound, match="nobody"):
        await backup_store(told, tmp_path / "x.jsonl", scopes=[Scope(user="nobody")])
    with pytest.raises(NotFound, match="nobody"):
        await restore_store(elsewhere, file, scopes=[Scope(user="nobody")])


async def test_a_backup_that_was_cut_short_goes_on(told: Settings, tmp_path: Path) -> None:
    file, whole = tmp_path / "a.jsonl", tmp_path / "whole.jsonl"
    await backup_store(told, whole)
    text = whole.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    end = next(i for i, line in enumerate(lines) if line.startswith('{"end"'))
    part = tmp_path / "a.jsonl.part"
    part.write_text("".join(lines[: end + 3]) + lines[end + 3][:20], encoding="utf-8")

    done = await backup_store(told, file)

    assert file.read_text(encoding="utf-8") == text
    assert done.scopes == 2
    assert not part.exists()
    with pytest.raises(FileUnwritable, match="there already"):
        await backup_store(told, file)
    part.write_text(lines[0], encoding="utf-8")
    file.unlink()
    with pytest.raises(FileUnwritable, match="another backup"):
        await backup_store(told, file, scopes=[BEN])


async def test_a_restore_that_was_cut_short_goes_on(
    told: Settings, tmp_path: Path, embedder: LocalEmbedder, model: ScriptedChat
) -> None:
    file, broken, again = tmp_path / "a.jsonl", tmp_path / "broken.jsonl", tmp_path / "again.jsonl"
    await backup_store(told, file)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    first, second = (i for i, line in enumerate(lines) if line.startswith('{"end"'))
    middle = (first + second) // 2
    broken.write_text("".join([*lines[:middle], "{oh\n", *lines[middle:]]), encoding="utf-8")
    elsewhere = Settings(home=tmp_path / "elsewhere", tenant="test")

    with pytest.raises(UnreadableFile, match=f"line {middle + 1}"):
        await restore_store(elsewhere, broken)
    broken.write_text("".join([*lines[:middle], '{"node": "Fact"}\n', *lines[middle:]]), encoding="utf-8")
    with pytest.raises(UnreadableFile, match=f"line {middle + 1}"):
        await restore_store(elsewhere, broken)
    cut = json.loads(lines[second])["end"]
    async with Memory.open(elsewhere, model=model, embedder=embedder) as memory:
        with pytest.raises(StoreConflict, match="being restored"):
            await memory.add(Message(text="I am 34.", at=datetime(2025, 1, 1, tzinfo=UTC)), scope=Scope.from_key(cut))
    with pytest.raises(StoreConflict, match="being restored"):
        await backup_store(elsewhere, tmp_path / "x.jsonl")
    done = await restore_store(elsewhere, file)
    assert (done.scopes, done.before) == (1, 1)
    await backup_store(elsewhere, again)
    assert _lines(again) == _lines(file)
    assert (await restore_store(elsewhere, file)).scopes == 0


async def test_what_does_not_fit_is_refused_and_nothing_is_stored(
    told: Settings, tmp_path: Path, embedder: LocalEmbedder
) -> None:
    file = tmp_path / "a.jsonl"
    elsewhere = Settings(home=tmp_path / "elsewhere", tenant="test")
    await backup_store(told, file)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    bad = tmp_path / "bad.jsonl"

    for text, error, words in (
        ("".join(lines[:-1]), UnreadableFile, "is cut"),
        ("".join(lines)[:-300], UnreadableFile, "is cut"),
        ("hello\n", UnreadableFile, "no backup|is cut"),
        ("", UnreadableFile, "no backup"),
        (lines[0].replace('"format": 1', '"format": 2') + "".join(lines[1:]), StoreNewer, "Upgrade"),
        (re.sub(r'"schema": \d+', '"schema": 99', lines[0]) + "".join(lines[1:]), StoreNewer, "Upgrade"),
        (lines[0].replace('"dimension": 384', '"dimension": "many"') + "".join(lines[1:]), UnreadableFile, "header"),
    ):
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(error, match=words):
            await restore_store(elsewhere, bad)
    with pytest.raises(UnreadableFile, match="cannot read"):
        await restore_store(elsewhere, tmp_path / "none.jsonl")
    async with Memory.open(elsewhere, embedder=embedder) as memory:
        assert (await memory.status(scope=BEN)).episodes == 0

    with pytest.raises(InvalidInput, match="already"):
        await restore_store(told, file)
    other = Settings(home=tmp_path / "other", tenant="test")
    async with Memory.open(other, embedder=OtherEmbedder()):
        pass
    with pytest.raises(EmbedderError, match="reembed"):
        await restore_store(other, file)
    with pytest.raises(FileUnwritable, match="cannot write"):
        await backup_store(told, tmp_path / "no" / "such" / "folder.jsonl")
    with pytest.raises(InvalidInput, match="empty"):
        await backup_store(Settings(home=tmp_path / "empty"), tmp_path / "e.jsonl")


async def test_a_backup_of_an_earlier_schema_is_brought_up_to_date(told: Settings, tmp_path: Path) -> None:
    file, old = tmp_path / "a.jsonl", tmp_path / "old.jsonl"
    await backup_store(told, file)
    lines = _lines(file)
    for line in lines:
        line.get("properties", {}).pop("sweep_key", None)
    head = json.loads(file.read_text(encoding="utf-8").splitlines()[0]) | {"schema": 2, "id": "ba_old"}
    old.write_text("\n".join(json.dumps(line) for line in [head, *lines]) + "\n", encoding="utf-8")
    elsewhere, again = Settings(home=tmp_path / "elsewhere", tenant="test"), tmp_path / "again.jsonl"

    with pytest.raises(_Cut):
        await restore_store(elsewhere, old, progress=_cut_when_whole)
    await restore_store(elsewhere, old)
    await backup_store(elsewhere, again)

    assert any("sweep_key" in line.get("properties", {}) for line in _lines(file))
    assert _lines(again) == _lines(file)
