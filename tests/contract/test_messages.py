"""The messages of a session, read back in order."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from graphmem import Memory, Message, Role, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import EmbedderError, InvalidInput, MessageConflict
from graphmem.memory import Added
from graphmem.write import episodes
from tests.conftest import Add as Story
from tests.values import day, said


def at(text: str, session: str, role: Role = Role.USER) -> Message:
    return Message(text=text, at=day("2024-01-10"), session=session, role=role)


async def test_a_session_is_read_back_in_order_and_apart_from_others(memory: Memory, scope: str) -> None:
    await memory.add([at("One.", "a"), at("Two.", "a", Role.ASSISTANT), at("Elsewhere.", "b")], scope=scope, wait=False)
    await memory.add(at("Three.", "a"), scope=scope, wait=False)
    await memory.add(at("Somebody else's.", "a"), scope=f"{scope}-other", wait=False)

    found = await memory.messages(scope=scope, session="a")
    last = await memory.messages(scope=scope, session="a", limit=2)

    assert [(e.text, e.role) for e in found] == [("One.", "user"), ("Two.", "assistant"), ("Three.", "user")]
    assert [e.text for e in last] == ["Two.", "Three."]
    assert [e.text for e in await memory.messages(scope=scope, session="b")] == ["Elsewhere."]
    assert await memory.messages(scope=scope, session="c") == ()


async def test_a_session_is_paged_from_its_end_while_others_write(memory: Memory, scope: str) -> None:
    await memory.add([at(f"{n}.", "a") for n in range(5)], scope=scope, wait=False)
    pages = [await memory.messages_page(scope=scope, session="a", limit=2)]
    while pages[-1].next is not None:
        await memory.add(at("New.", "a"), scope=scope, wait=False)
        pages.append(await memory.messages_page(scope=scope, session="a", limit=2, after=pages[-1].next))

    assert [[e.text for e in page.messages] for page in pages] == [["3.", "4."], ["1.", "2."], ["0."]]
    assert await memory.messages(scope=scope, session="a", limit=2, after=pages[0].next) == pages[1].messages


def cursor(*place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    "after",
    ["", "x", "é", cursor(), cursor("facts", 1), cursor("messages"), cursor("messages", "1"), cursor("messages", True)],
)
async def test_what_ends_no_page_is_refused(memory: Memory, scope: str, after: str) -> None:
    for listed in (
        memory.messages_page(scope=scope, session="a", after=after),
        memory.entities_page(scope=scope, after=after),
        memory.sessions_page(scope=scope, after=after),
        memory.users_page(after=after),
        memory.facts_page(scope=scope, after=after),
    ):
        with pytest.raises(InvalidInput, match="ends no page"):
            await listed


async def test_a_cursor_that_no_store_could_compare_is_refused(memory: Memory, scope: str) -> None:
    with pytest.raises(InvalidInput, match="ends no page"):
        await memory.messages(scope=scope, session="a", after=cursor("messages", 2**63))
    with pytest.raises(InvalidInput, match="ends no page"):
        await memory.entities(scope=scope, after=cursor("entities", "\ud800", "en_1"))


async def test_entities_are_paged_by_name_while_others_write(memory: Memory, scope: str) -> None:
    for subject in ("Ben", "Cleo", "Dan"):
        await memory.assert_fact(subject, "AGE", "34", scope=scope)
    first = await memory.entities_page(scope=scope, limit=2)
    await memory.assert_fact("Ada", "AGE", "34", scope=scope)
    rest = await memory.entities_page(scope=scope, limit=2, after=first.next)

    assert [[e.name for e in page.entities] for page in (first, rest)] == [["Ben", "Cleo"], ["Dan"]]
    assert rest.next is None
    assert [e.name for e in await memory.entities(scope=scope)] == ["Ada", "Ben", "Cleo", "Dan"]


async def test_what_was_asked_to_be_forgotten_is_there_without_its_words(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("And a dog, Rex.", "2024-01-11")
    await story("Please forget where I live.", "2024-02-01")

    assert [e.text for e in await memory.messages(scope=scope, session="main")] == ["", "And a dog, Rex.", ""]


async def test_a_limit_beyond_all_measure_is_refused(memory: Memory, scope: str) -> None:
    for limit in (0, 1001):
        with pytest.raises(InvalidInput, match="limit"):
            await memory.messages(scope=scope, session="main", limit=limit)


KEPT = Message(text="I live in Turin.", at=day("2024-01-10"), id="m1", metadata={"room": "a", "floor": 1})
CHANGES: list[dict[str, Any]] = [
    {"text": "I live in Oslo."},
    {"at": day("2024-01-11")},
    {"speaker": "Ben"},
    {"session": "b"},
    {"role": Role.ASSISTANT},
    {"agent": "helper"},
    {"metadata": {"room": "b", "floor": 1}},
]


async def test_what_comes_again_under_its_id_must_say_the_same_where_that_is_asked(memory: Memory, scope: str) -> None:
    await memory.add(KEPT, scope=scope, wait=False, exact=True)
    again = await memory.add(replace(KEPT, metadata={"floor": 1, "room": "a"}), scope=scope, wait=False, exact=True)

    for change in CHANGES:
        with pytest.raises(MessageConflict, match=f"another {next(iter(change))}"):
            await memory.add([at("New.", "a"), replace(KEPT, **change)], scope=scope, wait=False, exact=True)

    assert (again.new, again.known) == (0, 1)
    assert (await memory.status(scope=scope)).episodes == 1


async def test_a_key_stands_for_one_list_of_messages(memory: Memory, scope: str) -> None:
    said = [at("One.", "a"), at("Two.", "a")]
    await memory.add(said, scope=scope, wait=False, key="k", exact=True)
    again = await memory.add(said, scope=scope, wait=False, key="k", exact=True)

    for others in (said[:1], [*said, at("Three.", "a")], [replace(m, id=m.text) for m in said]):
        with pytest.raises(MessageConflict, match="Idempotency-Key"):
            await memory.add(others, scope=scope, wait=False, key="k", exact=True)

    assert (again.new, again.known) == (0, 2)
    assert (await memory.status(scope=scope)).episodes == 2


async def test_of_others_under_one_key_at_once_one_is_kept(memory: Memory, scope: str) -> None:
    said = [at(f"{n % 4}.", "a") for n in range(8)]

    came = await asyncio.gather(
        *(memory.add(m, scope=scope, wait=False, key="k", exact=True) for m in said), return_exceptions=True
    )

    kept = [a for a in came if isinstance(a, Added)]
    assert sorted((a.new, a.known) for a in kept) == [(0, 1), (1, 0)]
    assert sum(isinstance(a, MessageConflict) for a in came) == 6
    assert (await memory.status(scope=scope)).episodes == 1


class Failing(LocalEmbedder):
    """Fails at the texts that hold a word, as a remote model may after hundreds of others."""

    word = "seven"

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if any(self.word in text for text in texts):
            raise EmbedderError("the embedder did not answer.")
        return await super().embed(texts)


async def test_of_many_messages_all_are_kept_or_none(settings: Settings, scope: str) -> None:
    embedder = Failing()
    many = [said(f"We painted boat {n}.", "2024-01-09") for n in range(501)]
    async with Memory.open(settings, embedder=embedder) as memory:
        with pytest.raises(EmbedderError):
            await memory.add([*many, said("Boat seven.", "2024-01-09")], scope=scope, wait=False)
        none = await memory.status(scope=scope)
        added = await memory.add(many, scope=scope, wait=False)
        kept = await memory.messages(scope=scope, session="main")

    assert none.episodes == 0
    assert (added.new, added.known, len(set(added.episode_ids))) == (501, 0, 501)
    assert [e.id for e in kept] == list(added.episode_ids)
    assert [e.text for e in kept] == [m.text for m in many]


async def test_of_more_than_one_transaction_takes_what_failed_halfway_can_be_added_again(
    settings: Settings, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(episodes, "ONE_TRANSACTION", 3)
    embedder = Failing()
    many = [said(text, "2024-01-09") for text in ("Boat one.", "Boat two.", "Boat three.", "Boat four.", "Boat seven.")]
    async with Memory.open(settings, embedder=embedder) as memory:
        with pytest.raises(EmbedderError):
            await memory.add(many, scope=scope, wait=False, key="boats")
        first = await memory.status(scope=scope)
        embedder.word = "never"
        again = await memory.add(many, scope=scope, wait=False, key="boats")
        kept = await memory.messages(scope=scope, session="main")

    assert first.episodes == 3
    assert (again.new, again.known) == (2, 3)
    assert [e.text for e in kept] == [m.text for m in many]


async def test_no_messages_are_kept_also_under_a_key_that_was_used(memory: Memory, scope: str) -> None:
    await memory.add(said("We painted boat one.", "2024-01-09"), scope=scope, wait=False, key="boats", exact=True)

    none = await memory.add([], scope=scope, wait=False, key="boats", exact=True)

    assert (none.episode_ids, none.new, none.known) == ((), 0, 0)


async def test_messages_of_many_megabytes_are_kept_in_pieces_that_the_store_takes(memory: Memory, scope: str) -> None:
    metadata = {f"key {n}": "x" * 2000 for n in range(50)}
    many = [replace(said(f"We painted boat {n}.", "2024-01-09"), metadata=metadata) for n in range(100)]

    async with asyncio.timeout(60):
        added = await memory.add(many, scope=scope, wait=False)

    (kept,) = await memory.messages(scope=scope, session="main", limit=1)
    assert added.new == 100
    assert (kept.id, len(kept.metadata)) == (added.episode_ids[-1], 50)
