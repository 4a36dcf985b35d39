"""Short written stories; where counts are not full, all on the embedded store and a third on each Neo4j."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.bench.conflicts import Story, StoryChat, load_stories, tell
from tests.conftest import ENGINES
from tests.counts import FULL

STORIES = load_stories(Path(__file__).parents[1] / "scenarios")


def test_there_are_sixty_stories_of_many_kinds() -> None:
    assert len(STORIES) >= 60
    assert len({s.kind for s in STORIES}) >= 18
    assert len({s.name for s in STORIES}) == len(STORIES)


TOLD = [
    pytest.param(engine, story, id=f"{engine}-{story.name}")
    for engine in ENGINES
    for number, story in enumerate(STORIES)
    if FULL or engine == "embedded" or number % 3 == ENGINES.index(engine)
]


@pytest.mark.parametrize(("settings", "story"), TOLD, indirect=["settings"])
async def test_a_story_ends_as_written(story: Story, settings: Settings, embedder: LocalEmbedder) -> None:
    model = StoryChat([story])
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        verdict = await tell(story, memory, model)

    assert verdict.right, verdict
