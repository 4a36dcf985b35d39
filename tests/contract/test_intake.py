"""From files to the store: the same command twice keeps each message once, and one cut short goes on."""

from __future__ import annotations

import uuid
from itertools import islice
from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.intake.intake import open_intake
from graphmem.intake.items import Options
from graphmem.intake.load import Loaded, keep, look_at, message_batches
from tests.scripted import ScriptedChat

TALK = """[2024-01-10 18:00] Ada: I live in Turin.
[2024-01-10 18:01] Ben: Nice!
Since when?
[2024-01-10 18:02] Ada: ok
[2024-01-10 18:02] Ada: ok
"""


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    (tmp_path / "talk.txt").write_text(TALK)
    return tmp_path / "talk.txt"


@pytest.fixture
def settings(embedded_home: Path) -> Settings:
    """What files hold is the same for every store."""
    return Settings(home=embedded_home, tenant="test")


async def load(memory: Memory, path: Path, scope: str, *, keep_repeats: bool = False) -> Loaded:
    intakes = [open_intake(path, Options(keep_repeats=keep_repeats))]
    (report,) = look_at(intakes, None)
    batches = message_batches(intakes, skip_bad=False)
    return await keep(memory, batches, scope=scope, total=report.messages, with_ids=True)


async def test_the_same_file_twice_doubles_nothing(memory: Memory, talk: Path, scope: str) -> None:
    first = await load(memory, talk, scope)
    await memory.process(scope=scope)
    again = await load(memory, talk, scope)
    outcome = await memory.process(scope=scope)
    status = await memory.status(scope=scope)

    assert (first.new, first.known) == (3, 0)
    assert (again.new, again.known) == (0, 3)
    assert again.episode_ids == first.episode_ids
    assert outcome.done == 0
    assert (status.episodes, status.pending, status.facts) == (3, 0, 1)


async def test_equal_messages_stay_apart_in_every_run_where_each_is_kept(
    memory: Memory, talk: Path, scope: str
) -> None:
    first = await load(memory, talk, scope, keep_repeats=True)
    again = await load(memory, talk, scope, keep_repeats=True)

    assert (first.new, again.new, again.known) == (4, 0, 4)


async def test_a_run_cut_short_after_a_batch_goes_on_where_it_stopped(
    settings: Settings, embedder: LocalEmbedder, model: ScriptedChat, tmp_path: Path
) -> None:
    scope = f"ada-{uuid.uuid4().hex[:8]}"
    path = tmp_path / "talk.txt"
    path.write_text("".join(f"[2024-01-10 {i // 60:02}:{i % 60:02}] Ada: {i}\n" for i in range(520)))
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        cut = islice(message_batches([open_intake(path, Options())], skip_bad=False), 1)
        half = await keep(memory, cut, scope=scope, total=520)
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        whole = await load(memory, path, scope)
        status = await memory.status(scope=scope)

    assert half.new == 500
    assert (whole.new, whole.known) == (20, 500)
    assert (status.episodes, status.pending) == (520, 520)


async def test_a_longer_export_of_the_same_talk_adds_what_is_new(memory: Memory, talk: Path, scope: str) -> None:
    await load(memory, talk, scope)
    talk.write_text(f"[2024-01-09 08:00] Ben: Hello!\n{TALK}[2024-01-11 18:00] Ada: Bye\n")

    more = await load(memory, talk, scope)

    assert (more.new, more.known) == (2, 3)
