"""The queue and its workers: nothing kept is lost, tenants are served in turn, and what fails is tried again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from urllib.parse import quote

import pytest

from graphmem import AsOf, Memory, Message, Scope, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.adapters.queries import Queries
from graphmem.errors import InvalidInput, ModelUnavailable, NotFound, StoreForbidden
from graphmem.keys import Right
from graphmem.ports import ChatReply, ChatRequest
from graphmem.worker import Pace, Worker
from tests.browse import cypher
from tests.conftest import read
from tests.scripted import ScriptedChat

AT = datetime(2024, 1, 10, 12, tzinfo=UTC)


class Later:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


class Flaky(ScriptedChat):
    """A model that fails the first so many times."""

    away = 0
    failure: Exception = ModelUnavailable("the model is away.")

    async def ask(self, request: ChatRequest) -> ChatReply:
        if self.away:
            self.away -= 1
            raise self.failure
        return await super().ask(request)


class Held(Flaky):
    """A model that answers once it may; `reads` is set while it reads."""

    def __init__(self) -> None:
        super().__init__(read=read)
        self.reads, self.may = asyncio.Event(), asyncio.Event()

    async def ask(self, request: ChatRequest) -> ChatReply:
        self.reads.set()
        await self.may.wait()
        return await super().ask(request)


def said(text: str = "I live in Turin.") -> Message:
    return Message(text=text, at=AT, speaker="Ada")


@pytest.fixture
def tenant() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def chat() -> Flaky:
    return Flaky(read=read)


@pytest.fixture
async def queued(
    settings: Settings, embedder: LocalEmbedder, chat: Flaky, clock: Later, tenant: str
) -> AsyncIterator[Memory]:
    own = replace(settings, tenant=tenant)
    async with Memory.open(own, model=chat, embedder=embedder, clock=clock) as memory:
        # A worker reads whatever waits, of other tests too.
        for left in await memory.queue(limit=1000):
            await memory.erase(scope=left.scope)
        yield memory
        for user in await memory.users():
            assert await memory.verify(scope=user.user) == ()
            await memory.erase(scope=user.user)


async def test_what_is_kept_is_in_the_queue_until_facts_were_drawn(queued: Memory, tenant: str) -> None:
    await queued.add([said(), said("I have a cat, Miso.")], scope="ada", wait=False)
    await queued.add(said(), scope="ben", wait=False)
    before, backlog = await queued.queue(tenant=tenant), await queued.backlog(tenant=tenant)
    counted = await queued.backlog(tenant=tenant, most=2)

    await queued.process(scope="ada")
    await queued.process(scope="ben")

    assert [(w.scope.user, w.waiting, w.parked, w.attempts) for w in before] == [("ada", 2, 0, 0), ("ben", 1, 0, 0)]
    assert (backlog.waiting, counted.waiting) == (3, 2)
    assert backlog.since is not None
    assert datetime.now(UTC) - backlog.since < timedelta(minutes=1)
    assert await queued.queue(tenant=tenant) == ()
    after = await queued.backlog(tenant=tenant)
    assert (after.waiting, after.since) == (0, None)


async def test_a_worker_reads_all_scopes_and_each_once_beside_another(
    queued: Memory, chat: Flaky, clock: Later
) -> None:
    users = [f"u{n}" for n in range(6)]
    for user in users:
        await queued.add(said(), scope=user, wait=False)
    told: list[str] = []
    workers = [Worker(queued, Pace(parallel=3), told=lambda scope, _: told.append(scope.user)) for _ in range(2)]

    await asyncio.gather(*(w.run_until_empty() for w in workers))
    # Where both lost a race for the store, a scope is due again a little later.
    clock.by = timedelta(seconds=10)
    await asyncio.gather(*(w.run_until_empty() for w in workers))

    facts = [[f.text for f in await queued.facts(scope=user)] for user in users]
    assert facts == [["Ada lives in Turin"]] * 6
    assert set(told) == set(users)
    assert len(chat.asked) == 6


async def test_scopes_that_a_killed_worker_left_due_hold_up_nobody(
    queued: Memory, settings: Settings, tenant: str
) -> None:
    killed = [f"a{n}" for n in range(6)]
    for user in killed:
        await queued.add(said(), scope=user)
    # As it is after the last commit, before the turn is given back.
    cypher(
        settings,
        "MATCH (s:Scope) WHERE s.id STARTS WITH $prefix "
        "SET s.due = 0, s.turn_owner = 'killed', s.turn_until = datetime('2024-01-01T00:00:00Z')",
        prefix=f"{tenant}/a",
    )
    await queued.add(said(), scope="last", wait=False)

    async with asyncio.timeout(60):
        await Worker(queued, Pace(parallel=2)).run_until_empty()

    assert [f.text for f in await queued.facts(scope="last")] == ["Ada lives in Turin"]
    assert await queued.queue(tenant=tenant) == ()


async def test_a_running_worker_is_woken_and_stops_when_told(queued: Memory) -> None:
    worker = Worker(queued, Pace(look_seconds=30))
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(0.2)
    await queued.add(said(), scope="ada", wait=False)
    worker.wake()
    async with asyncio.timeout(20):
        while not await queued.facts(scope="ada"):
            await asyncio.sleep(0.05)
        worker.stop()
        await task


async def test_tenants_take_turns(queued: Memory, tenant: str) -> None:
    other = f"{tenant}x"
    for n in range(5):
        await queued.add(said(), scope=f"u{n}", wait=False)
    late = Scope(tenant=other, user="late")
    await queued.add(said(), scope=late, wait=False)
    try:
        ours = {tenant, other}
        due = [d.scope for d in await queued.due(each=4) if d.scope.tenant in ours]
        without = [d.scope.user for d in await queued.due(busy=[due[0]], each=10) if d.scope.tenant == tenant]

        assert {s.tenant for s in due[:2]} == ours
        assert len([s for s in due if s.tenant == tenant]) == 4
        assert due[0].user not in without
    finally:
        await queued.erase(scope=late)


async def test_a_model_that_is_away_is_asked_again_later_each_time_and_parked_at_last(
    queued: Memory, tenant: str, chat: Flaky, clock: Later
) -> None:
    chat.away = 3
    await queued.add(said(), scope="ada", wait=False)
    worker = Worker(queued, Pace(attempts=3))
    waits: list[timedelta] = []
    for _ in range(2):
        await worker.run_until_empty()
        (one,) = await queued.queue(tenant=tenant)
        assert (one.waiting, one.parked, one.reason) == (1, 0, "the model is away.")
        assert one.due is not None
        waits.append(one.due - clock.now())
        assert not [d for d in await queued.due() if d.scope.tenant == tenant]
        clock.by += waits[-1] + timedelta(milliseconds=50)
    await worker.run_until_empty()
    (parked,) = await queued.queue(tenant=tenant)

    assert timedelta() < waits[0] < waits[1] * 1.2
    assert (parked.waiting, parked.parked) == (0, 1)
    assert "away" in str(parked.reason)

    assert await queued.resume(scope="ada") == 1
    await worker.run_until_empty()
    assert [f.text for f in await queued.facts(scope="ada")] == ["Ada lives in Turin"]
    assert await queued.queue(tenant=tenant) == ()


async def test_a_defect_holds_up_nobody_else_and_is_not_repeated_at_once(
    queued: Memory, tenant: str, chat: Flaky, clock: Later
) -> None:
    chat.away, chat.failure = 1, RuntimeError("a defect")
    await queued.add(said(), scope="ada", wait=False)
    await queued.add(said(), scope="ben", wait=False)
    worker = Worker(queued, Pace(parallel=1))

    await worker.run_until_empty()
    (waiting,) = await queued.queue(tenant=tenant)
    assert waiting.reason == "RuntimeError: a defect"

    clock.by = timedelta(seconds=5)
    await worker.run_until_empty()
    assert [len(await queued.facts(scope=user)) for user in ("ada", "ben")] == [1, 1]


async def test_what_is_given_up_stays_searchable(queued: Memory, tenant: str, chat: Flaky) -> None:
    chat.away = 1
    added = await queued.add(said(), scope="ada")
    assert added.parked

    assert await queued.drop(scope="ada") == 1
    assert await queued.drop(scope="ada") == 0

    assert await queued.queue(tenant=tenant) == ()
    found = await queued.search("Where does Ada live?", scope="ada")
    assert [e.episode.text for e in found.episodes] == ["I live in Turin."]
    assert (await queued.message(added.episode_ids[0], scope="ada")).state.value == "done"


async def test_users_and_sessions_are_listed_in_pages(queued: Memory, tenant: str) -> None:
    names = ("monday", "sunday", "tuesday")
    for user in ("ada", "ben", "cleo/é"):
        added = await queued.add([replace(said(), session=name) for name in names], scope=user, wait=False)
        await queued.process(scope=user)
        await queued.delete(added.episode_ids[1], scope=user)

    await queued.assert_fact("Ada", "AGE", "34", scope="ben")
    first = await queued.users_page(limit=2)
    await queued.add(said(), scope="aaron", wait=False)
    await queued.process(scope="aaron")
    rest = await queued.users_page(limit=2, after=first.next)
    sessions = await queued.sessions_page(scope="ada", limit=1)
    more = await queued.sessions_page(scope="ada", limit=1, after=sessions.next)

    assert [(u.user, u.messages) for u in (*first.users, *rest.users)] == [("ada", 3), ("ben", 3), ("cleo/é", 3)]
    listed = [(s.session, s.messages, s.first_at) for s in (*sessions.sessions, *more.sessions)]
    assert listed == [("monday", 1, AT), ("tuesday", 1, AT)]
    assert (rest.next, more.next) == (None, None)
    assert await queued.users(after=first.next) == rest.users
    assert await queued.sessions(scope="ada", after=sessions.next) == more.sessions
    assert await queued.users(tenant=f"{tenant}-nobody") == ()


async def test_users_come_in_the_order_of_their_encoded_names(queued: Memory) -> None:
    names = ("éva", "ada b", "2", "Zoe", "ada", "adam")
    for user in reversed(names):
        await queued.add(said(), scope=user, wait=False)
    pages = [await queued.users_page(limit=4)]
    pages.append(await queued.users_page(limit=4, after=pages[0].next))

    listed = [u.user for page in pages for u in page.users]
    assert listed == sorted(names, key=quote) == ["éva", "2", "Zoe", "ada", "ada b", "adam"]


@pytest.mark.parametrize("again", [False, True])
async def test_of_a_message_that_is_deleted_while_it_is_read_nothing_is_kept(
    settings: Settings, embedder: LocalEmbedder, scope: str, again: bool
) -> None:
    chat = Held()
    lines = [replace(said(), id="m1"), replace(said("I have a cat, Miso."), id="m2")]
    async with Memory.open(settings, model=chat, embedder=embedder) as memory:
        added = await memory.add(lines, scope=scope, wait=False)
        reading = asyncio.create_task(memory.process(scope=scope))
        await chat.reads.wait()
        await memory.delete(added.episode_ids[0], scope=scope)
        if again:
            await memory.add(replace(said("And a dog, Rex."), id="m1"), scope=scope, wait=False)
        chat.may.set()
        outcome = await reading
        facts = sorted(f.text for f in await memory.facts(scope=scope))
        standing = await memory.standing(added.episode_ids, scope=scope)
        breaches = await memory.verify(scope=scope)

    assert facts == ["Ada has the pet Miso", *(["Ada has the pet Rex"] if again else [])]
    assert (outcome.parked, standing.pending, breaches) == ({}, 0, ())


async def test_paths_between_two_are_the_shortest_at_the_time(queued: Memory) -> None:
    lines = ["My boss is Ingrid.", "Her brother is Lars.", "Lars studied at NTNU."]
    await queued.add([said(text) for text in lines], scope="ada")
    by_name = {e.name: e.id for e in await queued.entities(scope="ada")}

    found = await queued.paths(by_name["Ada"], by_name["NTNU"], scope="ada")
    near = await queued.paths(by_name["Ada"], by_name["NTNU"], scope="ada", hops=2)
    before = await queued.paths(
        by_name["Ada"], by_name["Ingrid"], scope="ada", as_of=AsOf(valid=AT - timedelta(days=400))
    )

    (path,) = found.paths
    assert [e.name for e in path.entities] == ["Ada", "Ingrid", "Lars", "NTNU"]
    assert [f.predicate for f in path.facts] == ["REPORTS_TO", "SIBLING_OF", "STUDIED_AT"]
    assert (near.paths, before.paths, found.truncated) == ((), (), False)
    with pytest.raises(NotFound):
        await queued.paths(by_name["Ada"], "en_never", scope="ada")


async def test_a_key_is_exchanged_whole_or_not_at_all(
    queued: Memory, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await queued.create_key(name="app")
    written = Queries.text

    def fails(self: Queries, name: str, names: Mapping[str, str] | None = None) -> LiteralString:
        if name == "end_key":
            raise StoreForbidden("nothing is written here.")
        return written(self, name, names)

    with monkeypatch.context() as patch:
        patch.setattr(Queries, "text", fails)
        with pytest.raises(StoreForbidden):
            await queued.rotate_key(old.key.id)

    assert await queued.keys(tenant=tenant) == (old.key,)


async def test_keys_hold_until_they_end(queued: Memory, tenant: str, clock: Later) -> None:
    made = await queued.create_key(name="app", rights=["write"], expires_in=timedelta(hours=1))
    never = await queued.create_key(rights=[Right.READ])

    known = await queued.key_of(made.secret)
    assert known == made.key
    assert known.rights == (Right.WRITE,)
    assert [await queued.key_of(s) for s in ("", "x", made.key.id, f"{made.secret}x", made.secret[:-1])] == [None] * 5
    assert {k.id for k in await queued.keys(tenant=tenant)} == {made.key.id, never.key.id}
    assert made.secret not in str(await queued.keys())

    new = await queued.rotate_key(never.key.id, overlap=timedelta(minutes=30))
    assert await queued.key_of(never.secret)
    clock.by = timedelta(hours=2)
    assert [await queued.key_of(s) for s in (made.secret, never.secret)] == [None, None]
    assert await queued.key_of(new.secret) == new.key
    await queued.revoke_key(new.key.id)
    assert await queued.key_of(new.secret) is None

    for wrong in ({"rights": []}, {"rights": ["all"]}, {"tenant": " "}, {"name": "x" * 101}):
        with pytest.raises(InvalidInput):
            await queued.create_key(**wrong)
    for gone in ("gm_never", new.key.id):
        with pytest.raises(NotFound):
            await queued.rotate_key(gone)
    with pytest.raises(NotFound):
        await queued.revoke_key("gm_never")
