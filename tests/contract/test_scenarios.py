"""Short written stories, each on every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.bench.conflicts import Story, StoryChat, load_stories, tell

STORIES = load_stories(Path(__file__).parents[1] / "scenarios")


def test_there_are_sixty_stories_of_many_kinds() -> None:
    assert len(STORIES) >= 60
    assert len({s.kind for s in STORIES}) >= 18
    assert len({s.name for s in STORIES}) == len(STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)
async def test_a_story_ends_as_written(story: Story, settings: Settings, embedder: LocalEmbedder) -> None:
    model = StoryChat([story])
    async with Memory.open(settings, model=model, embedder=embedder) as memory:
        verdict = await tell(story, memory, model)

    assert verdict.right, verdict
