"""The client: what it returns is what a memory in the same process returns."""

from __future__ import annotations

import asyncio
import inspect
import re
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from graphmem import AsOf, Filters, Memory, Message, Role, Scope, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.api.app import create_app
from graphmem.client import Client, SyncClient
from graphmem.errors import (
    AnswerLost,
    CypherRefused,
    FileUnwritable,
    GraphMemError,
    InvalidInput,
    NotFound,
    ScopeMissing,
    ServiceRefused,
    ServiceUnavailable,
    UndoRefused,
)
from graphmem.house.archive import read_header, read_lines
from graphmem.models import Note
from graphmem.operations import Add, Invalidate
from graphmem.settings import read_settings
from tests.api.conftest import Served
from tests.browse import cypher

AT = datetime(2024, 1, 10, 12, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
JUNE = datetime(2024, 6, 20, 12, tzinfo=UTC)


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Client]:
    async with Client(served.url, served.keys["acme", "admin"], timeout=60) as opened:
        yield opened


@pytest.fixture
async def local(served: Served) -> AsyncIterator[Memory]:
    """The same graph, opened here."""
    async with Memory.open(replace(read_settings(served.environment), tenant="acme")) as opened:
        yield opened


@pytest.fixture
def user() -> str:
    return f"ada-{uuid.uuid4().hex[:8]}"


def said(text: str, at: datetime = AT, **more: Any) -> Message:
    return Message(text=text, at=at, speaker="Ada", **more)


async def pages(read: Callable[[str | None], Any]) -> list[Any]:
    found = [await read(None)]
    while found[-1].next is not None:
        found.append(await read(found[-1].next))
    return found


async def test_every_read_returns_the_values_of_a_memory(client: Client, local: Memory, user: str) -> None:
    lines = ["I live in Turin.", "My boss is Ingrid.", "Her brother is Lars.", "I work at Lumen."]
    one = await client.add([said(text, session="s") for text in lines], scope=user)
    two = await client.add(said("We moved to Oslo last week!", JUNE, metadata={"n": 1}), scope=user)
    ids = {e.name: e.id for e in await local.entities(scope=user)}
    (home,) = await local.facts(scope=user, predicate="LIVES_IN")

    assert (one.new, two.new) == (4, 1)
    assert {c.id for c in (*one.changes, *two.changes)} == {c.id for c in await local.history(scope=user)}

    reads: list[Callable[[Any], Any]] = [
        lambda m: m.facts_page(scope=user, limit=2),
        lambda m: m.facts(scope=user, as_of=AsOf(valid=AT)),
        lambda m: m.facts(scope=user, predicate="LIVES_IN", filters=Filters(types=("Person",), since=AT)),
        lambda m: m.fact(home.id, scope=user),
        lambda m: m.history(scope=user),
        lambda m: m.history(home.id, scope=user),
        lambda m: m.entities(scope=user),
        lambda m: m.entity(ids["Ada"], scope=user),
        lambda m: m.entities_named("ADA", scope=user),
        lambda m: m.neighbourhood(ids["Ada"], scope=user, hops=2),
        lambda m: m.paths(ids["Ada"], ids["Lars"], scope=user),
        lambda m: m.merges(scope=user),
        lambda m: m.rules(scope=user),
        lambda m: m.message(two.episode_ids[0], scope=user),
        lambda m: m.messages(scope=user, session="s"),
        lambda m: pages(lambda after: m.messages_page(scope=user, session="s", limit=3, after=after)),
        lambda m: m.sessions(scope=user),
        lambda m: pages(lambda after: m.sessions_page(scope=user, limit=1, after=after)),
        lambda m: pages(lambda after: m.entities_page(scope=user, limit=2, after=after)),
        lambda m: pages(lambda after: m.users_page(limit=2, after=after)),
        lambda m: m.messages_by_ids(two.episode_ids, scope=user),
        lambda m: m.standing([*one.episode_ids, *two.episode_ids], scope=user, after=1),
        lambda m: m.summary(scope=user),
        lambda m: m.usage(scope=user),
        lambda m: m.verify(scope=user),
        lambda m: m.clean(scope=user),
        lambda m: m.clean(scope=user, messages=two.episode_ids),
        lambda m: m.analyse("facts_by_predicate", scope=user),
        lambda m: m.cypher("MATCH (f:Fact) RETURN f.text AS text ORDER BY text", scope=[user]),
        lambda m: m.context("Where does Ada live?", scope=user, tokens=200),
    ]
    for read in reads:
        assert await read(client) == await read(local)

    assert await client.status(scope=user) == replace(await local.status(scope=user), store="")
    assert await client.analyses() == local.analyses()

    question = {"scope": [user], "limit": 3, "template": "facts", "filters": Filters(metadata={"n": 1})}
    found, own = [replace(await m.search("Where does Ada live?", **question), timings={}) for m in (client, local)]
    assert found == own
    assert found.facts[0].text == "Ada lives in Oslo"
    for value, texts in ((1, ["Ada lives in Oslo"]), ("1", ["Ada lives in Oslo"]), (True, []), ("true", [])):
        filters = Filters(metadata={"n": value})
        assert [f.text for f in await client.facts(scope=user, filters=filters)] == texts


def test_what_a_memory_has_a_client_has_but_for_what_is_documented() -> None:
    table = PAGE.partition("## From Python")[2].partition("\n## ")[0]
    first = " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))
    told: dict[str, set[str]] = {name: set(args.split(", ")) for name, args in re.findall(r"`(\w+)\((.+?)\)`", first)}
    local = set(re.findall(r"`(\w+)`", first))
    of_memory, of_client = [{n for n in dir(kind) if not n.startswith("_")} for kind in (Memory, Client)]

    assert of_memory - of_client == local
    assert of_client - of_memory == {"follow"}
    for name in of_memory & of_client - {"close"}:
        ours, theirs = [inspect.signature(getattr(kind, name)).parameters for kind in (Memory, Client)]
        assert set(ours) - set(theirs) == told.get(name, set()), name
        assert set(theirs) - set(ours) == ({"seconds"} if name == "add" else set()), name
        assert [(n, p.default) for n, p in theirs.items() if n in ours and ours[n].default != p.default] == [], name


async def test_a_request_with_a_key_of_its_own_is_kept_once(client: Client, local: Memory, user: str) -> None:
    messages = [said("I live in Turin."), said("I work at Lumen.")]
    one, two = [await client.add(messages, scope=user, key="request 1") for _ in range(2)]
    three = await local.add(messages, scope=user, key="request 1")

    assert (one.new, two.new, three.new) == (2, 0, 0)
    assert one.episode_ids == two.episode_ids == three.episode_ids
    for key in ("", "k" * 201, "schlüssel", "two\nlines"):
        with pytest.raises(InvalidInput, match="key"):
            await client.add(messages, scope=user, key=key)


async def test_a_request_that_is_sent_again_while_it_is_worked_on_waits_for_it(
    tmp_path: Path, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[int] = []
    embed = LocalEmbedder.embed

    async def slowly(self: LocalEmbedder, texts: Sequence[str]) -> list[list[float]]:
        embedded.append(len(texts))
        await asyncio.sleep(0.5)
        return await embed(self, texts)

    app = create_app(Settings(home=tmp_path), open_tenant="default", works=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        monkeypatch.setattr(LocalEmbedder, "embed", slowly)
        client = Client("http://localhost", http=http)
        messages = [said("I live in Turin."), said("I work at Lumen.")]
        adding = [client.add(messages, scope=user, wait=False, key="request 1") for _ in range(4)]
        added = await asyncio.gather(*adding)

    assert embedded == [2]
    assert sorted((a.new, a.known) for a in added) == [(0, 2)] * 3 + [(2, 0)]
    assert len({a.episode_ids for a in added}) == 1


@pytest.mark.parametrize("answered", [False, True])
async def test_adding_is_given_time_by_what_is_sent_and_says_how_to_add_again(user: str, answered: bool) -> None:
    asked: list[httpx.Request] = []

    async def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if answered:
            return httpx.Response(500, text="a proxy's own page")
        raise httpx.ReadTimeout("", request=request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(lost), base_url="http://localhost")
    async with http, Client("http://localhost", timeout=10, http=http) as client:
        with pytest.raises(AnswerLost) as one:
            await client.add(said("I live in Turin."), scope=user, wait=False)
        first = asked[-1]
        with pytest.raises(AnswerLost, match="again with key='request 1'"):
            await client.add([said("I live in Turin.")] * 100, scope=user, seconds=20, key="request 1")

    assert first.headers["idempotency-key"] in str(one.value)
    assert "may have been kept" in str(one.value)
    assert [r.extensions["timeout"]["read"] for r in (first, asked[-1])] == [10.5, 80]
    assert asked[-1].extensions["timeout"]["connect"] == 10


async def test_notes_are_facts_and_what_looks_wrong_is_mended(client: Client, local: Memory, user: str) -> None:
    added = await client.add(said("I am training again.", id="m1"), scope=user)
    note = Note(about="Ada", text="Ada is training for a marathon", message_ids=("m1",))
    (made,) = await client.note([note], scope=user)
    with pytest.raises(NotFound, match="no message"):
        await client.note([replace(note, message_ids=("never",))], scope=user)
    cleaned = await client.clean(scope=user, dry_run=False, editor="eve")

    assert made.episode_ids == added.episode_ids
    assert [f.text for f in await local.facts(scope=user, predicate="NOTED")] == ["Ada is training for a marathon"]
    assert cleaned == await local.clean(scope=user)
    with pytest.raises(InvalidInput, match="whole scope"):
        await client.clean(scope=user, dry_run=False, messages=added.episode_ids)


async def test_parked_messages_are_listed_read_again_or_given_up(
    served: Served, client: Client, local: Memory, user: str
) -> None:
    added = await client.add([said("I live in Turin."), said("I work at Lumen.")], scope=user)
    park = "MATCH (e:Episode {scope: $scope}) SET e.state = 'parked', e.reason = 'away', e.parked = $key"
    cypher(read_settings(served.environment), park, scope=f"acme/{user}", key=Scope(tenant="acme", user=user).digest)

    (waiting,) = [w for w in await client.queue(limit=1000) if w.scope.user == user]
    after = await client.queue(after=waiting.scope.key)
    last = await client.queue(after=Scope(tenant="acme", user="z" + "\U0010ffff" * 199).key)
    standing = await client.standing(added.episode_ids, scope=user)
    resumed = await client.resume(scope=user)
    for _ in range(100):
        left = await client.standing(added.episode_ids, scope=user)
        if not left.pending:
            break
        await asyncio.sleep(0.1)

    assert (waiting.parked, waiting.reason, set(standing.parked.values())) == (2, "away", {"away"})
    assert user not in [w.scope.user for w in after]
    assert user not in [w.scope.user for w in last]
    assert (resumed, left.pending, dict(left.parked)) == (2, 0, {})
    assert await client.drop(scope=user) == 0
    assert await client.backlog() == await local.backlog(tenant="acme")


async def test_a_scope_is_exported_to_a_file_here(client: Client, local: Memory, user: str, tmp_path: Path) -> None:
    await client.add(said("I live in Turin."), scope=user)
    file, own = tmp_path / "export.jsonl", tmp_path / "own.jsonl"
    written = await client.export(file, scope=user)
    kept = await local.export(own, scope=user)

    assert replace(written, file="") == replace(kept, file="")
    assert written.file == str(file)
    assert file.stat().st_mode & 0o077 == 0
    assert [line for _, line in read_lines(file)] == [line for _, line in read_lines(own)]
    with pytest.raises(FileUnwritable, match="already"):
        await client.export(file, scope=user)
    with pytest.raises(NotFound):
        await client.export(tmp_path / "none.jsonl", scope=f"{user}-nobody")
    with pytest.raises(FileUnwritable, match="cannot write"):
        await client.export(tmp_path / "no folder" / "export.jsonl", scope=user)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export.jsonl", "own.jsonl"]


async def test_the_summary_is_brought_up_to_date(client: Client, local: Memory, user: str) -> None:
    await client.add([said("I live in Turin."), said("I work at Lumen.")], scope=user)

    assert await client.summarise(scope=user) == 2
    assert await client.summary(scope=user) == await local.summary(scope=user) != ""


async def test_upkeep_asks_for_the_rights_that_it_takes(served: Served, user: str) -> None:
    async with Client(served.url, served.keys["acme", "reader"], timeout=60) as reader:
        assert (await reader.status(scope=user)).episodes == 0
        for call in (reader.resume, reader.drop, reader.summarise, reader.clean, reader.verify):
            with pytest.raises(ServiceRefused):
                await call(scope=user)
    async with Client(served.url, served.keys["acme", "writer"], timeout=60) as writer:
        assert (await writer.clean(scope=user)).findings == ()
        with pytest.raises(ServiceRefused):
            await writer.verify(scope=user)
    async with Client(served.url, served.keys["beta", "admin"], timeout=60) as other:
        assert all(w.scope.tenant == "beta" for w in await other.queue(limit=1000))


async def test_an_end_is_taken_away(client: Client, user: str) -> None:
    made = await client.assert_fact("Ada", "LIVES_IN", "Turin", scope=user, valid_from="2023", valid_to="2024")
    (turin,) = [op.fact for change in made for op in change.operations if isinstance(op, Add)]

    await client.correct(turin.id, scope=user, valid_to="open")

    assert (await client.fact(turin.id, scope=user)).interval.end is None


async def test_edits_by_hand_are_decisions_on_the_record(client: Client, local: Memory, user: str) -> None:
    await client.assert_fact("Ada", "LIVES_IN", "Turin", scope=user, valid_from="2023", editor="eve")
    (fact,) = await client.facts(scope=user)
    made = await client.correct(fact.id, scope=user, value="Torino", editor="eve")
    (right,) = await client.facts(scope=user)
    moved = next(c for c in made if any(isinstance(op, Invalidate) for op in c.operations))
    first = (await client.history(fact.id, scope=user))[0]
    with pytest.raises(UndoRefused):
        await client.undo(first.id, scope=user)
    await client.undo(moved.id, scope=user)
    (back,) = await client.facts(scope=user)
    await client.forget(back.id, scope=user)

    assert (fact.text, right.text, back.text) == ("Ada lives in Turin", "Ada lives in Torino", "Ada lives in Turin")
    assert await client.facts(scope=user) == ()
    assert {c.editor for c in await client.history(scope=user)} == {"eve", "editor"}

    ids = {e.name: e.id for e in await client.entities(scope=user)}
    await client.change_entity(ids["Torino"], scope=user, name="Turin city")
    await client.merge_entities(ids["Turin"], ids["Torino"], scope=user)
    merged = await client.entity(ids["Torino"], scope=user)
    await client.split_entity(ids["Torino"], scope=user)
    await client.never_the_same(ids["Turin"], ids["Torino"], scope=user)

    assert merged.canonical_id == ids["Turin"]
    assert (await client.entity(ids["Torino"], scope=user)).name == "Turin city"
    assert await local.verify(scope=user) == ()


async def test_decisions_are_followed_as_they_are_made(client: Client, user: str) -> None:
    await client.add(said("I live in Turin."), scope=user)

    async def followed() -> list[int]:
        return [change.number async for change in client.follow(scope=user, seconds=6)]

    following = asyncio.create_task(followed())
    await asyncio.sleep(1)
    await client.add(said("We moved to Oslo last week!", JUNE), scope=user)
    numbers = await following
    later = [c.number async for c in client.follow(scope=user, after=numbers[0], seconds=0.5)]

    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 2
    assert later == numbers[1:]


async def test_a_change_with_any_separator_of_lines_is_followed(client: Client, user: str) -> None:
    editor = "eve\u2028of\u2029Lumen"
    made = await client.assert_fact("Ada", "LIVES_IN", "Turin", scope=user, editor=editor)

    followed = [change async for change in client.follow(scope=user, seconds=0.5)]

    assert tuple(followed) == made
    assert {change.editor for change in followed} == {editor}


async def test_a_time_without_zone_is_refused_as_a_memory_does(client: Client, local: Memory, user: str) -> None:
    naive = AT.replace(tzinfo=None)
    calls: list[Callable[[Any], Any]] = [
        lambda m: m.add(said("I live in Turin.", naive), scope=user),
        lambda m: m.search("Where?", scope=user, as_of=AsOf(valid=naive)),
        lambda m: m.context("Where?", scope=user, filters=Filters(since=naive)),
        lambda m: m.facts(scope=user, as_of=AsOf(known=naive)),
        lambda m: m.assert_fact("Ada", "LIVES_IN", "Turin", scope=user, valid_from=naive),
    ]
    for call in calls:
        for memory in (client, local):
            with pytest.raises(InvalidInput):
                await call(memory)

    assert await local.sessions(scope=user) == ()
    assert await local.facts(scope=user) == ()


async def test_sent_again_nothing_is_kept_twice(client: Client, served: Served, user: str) -> None:
    headers = {"Authorization": f"Bearer {served.keys['acme', 'writer']}", "Idempotency-Key": user}
    body = {"user": user, "messages": [{"text": "I live in Turin.", "speaker": "Ada", "at": AT.isoformat()}]}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, trust_env=False, timeout=60) as raw:
        once, again = [await raw.post("/v1/messages", json=body) for _ in range(2)]
        body["messages"] = [{"text": "I live in Oslo.", "speaker": "Ada", "at": AT.isoformat()}]
        other = await raw.post("/v1/messages", json=body)

    assert (once.json()["new"], again.json()["new"], again.json()["known"]) == (1, 0, 1)
    assert once.json()["episode_ids"] == again.json()["episode_ids"]
    assert (other.status_code, other.json()["type"]) == (409, "/problems/conflict")
    assert (await client.message(once.json()["episode_ids"][0], scope=user)).text == "I live in Turin."


async def test_names_with_slashes_are_read_exported_and_erased(client: Client, served: Served, user: str) -> None:
    slashed, session = f"{user}/home/export", "2024/messages"
    await client.add(said("I live in Turin.", session=session), scope=slashed)
    kept = await client.messages(scope=slashed, session=session)
    with served.client() as raw:
        exported = raw.get(f"/v1/users/{quote(slashed, safe='')}/export")
    erased = await client.erase(scope=slashed)

    assert [e.text for e in kept] == ["I live in Turin."]
    assert (exported.status_code, exported.text.count("I live in Turin.") > 0) == (200, True)
    assert (erased.deleted["Scope"], erased.deleted["Episode"]) == (1, 1)
    assert await client.messages(scope=slashed, session=session) == ()


async def test_deleting_and_erasing_give_receipts(client: Client, local: Memory, user: str) -> None:
    added = await client.add([said("I live in Turin."), said("I work at Lumen.", id="two")], scope=user)
    receipt = await client.delete(added.episode_ids[0], scope=user)
    left = [f.text for f in await client.facts(scope=user)]
    erased = await client.erase(scope=user)

    assert (receipt.episode_id, left) == (added.episode_ids[0], ["Ada works at Lumen"])
    assert erased.deleted["Scope"] == 1
    assert user not in [u.user for u in await client.users(limit=1000)]
    assert await local.facts(scope=user) == ()


async def test_a_message_is_deleted_however_far_it_has_come(client: Client, user: str) -> None:
    for pause in (0, 0, 0.05, 0.1, 0.2, 0.5):
        added = await client.add(said("I live in Turin."), scope=user, wait=False)
        await asyncio.sleep(pause)
        receipt = await client.delete(added.episode_ids[0], scope=user)
        assert receipt.episode_id == added.episode_ids[0]
    last = await client.add(said("I work at Lumen."), scope=user)

    assert last.parked == {}
    assert [f.text for f in await client.facts(scope=user)] == ["Ada works at Lumen"]


async def test_an_export_is_what_restore_reads(client: Client, served: Served, user: str, tmp_path: Any) -> None:
    await client.add(said("I live in Turin."), scope=user)
    headers = {"Authorization": f"Bearer {served.keys['acme', 'admin']}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, trust_env=False, timeout=60) as raw:
        told = await raw.get(f"/v1/users/{user}/export")
    file = tmp_path / "export.jsonl"
    file.write_bytes(told.content)

    assert read_header(file).scopes == (f"acme/{user}",)
    kinds = [line["node"] for _, line in read_lines(file) if "node" in line]
    assert {"Fact", "Episode", "Entity", "Change"} <= set(kinds)


async def test_talk_is_answered_piece_by_piece_and_kept(served: Served, client: Client, user: str) -> None:
    await client.add(said("We moved to Oslo last week!", JUNE), scope=user)
    headers = {"Authorization": f"Bearer {served.keys['acme', 'writer']}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, trust_env=False, timeout=60) as raw:
        told = await raw.post("/v1/chat", json={"user": user, "text": "Where do I live?"})

    events = [block.split("\n") for block in told.text.strip().split("\n\n")]
    assert told.headers["content-type"].startswith("text/event-stream")
    assert {e[0] for e in events} == {"event: piece", "event: done"}
    assert "Ada lives in Oslo" in events[-1][1]
    kept = await client.messages(scope=user, session="chat")
    assert [(m.role, m.text) for m in kept] == [(Role.USER, "Where do I live?"), (Role.ASSISTANT, "You live in Oslo.")]


@pytest.mark.parametrize("dots", [".", "..", "...", "a/../b"])
async def test_dots_name_sessions_and_users_like_any_other_name(
    client: Client, user: str, dots: str, tmp_path: Path
) -> None:
    await client.add(said("I live in Turin.", session=dots), scope=user)
    await client.add(said("I live in Oslo.", session="s"), scope=dots)
    file = tmp_path / "dots.jsonl"
    await client.export(file, scope=dots)

    assert [m.text for m in await client.messages(scope=user, session=dots)] == ["I live in Turin."]
    assert read_header(file).scopes == (f"acme/{quote(dots, safe='')}",)
    assert (await client.erase(scope=dots)).deleted["Episode"] == 1
    assert await client.messages(scope=dots, session="s") == ()


async def test_errors_are_those_of_a_memory(client: Client, served: Served, user: str) -> None:
    for wrong, error in (
        (client.fact("fa_never", scope=user), NotFound),
        (client.search("", scope=user), InvalidInput),
        (client.cypher("MATCH (n) DETACH DELETE n", scope=user), CypherRefused),
        (client.facts(scope=user, filters=Filters(metadata={})), InvalidInput),
        (client.entity("..", scope=user), NotFound),
        (client.entities(scope=user, after="x"), InvalidInput),
        (client.messages(scope=user, session="s", after="x"), InvalidInput),
        (client.sessions(scope=user, after="x"), InvalidInput),
        (client.users(after="x"), InvalidInput),
    ):
        with pytest.raises(error):
            await wrong
    async with Client(served.url, "gm_0_x") as stranger:
        with pytest.raises(ServiceRefused):
            await stranger.users()
    async with Client("http://127.0.0.1:9") as nowhere:
        with pytest.raises(ServiceUnavailable):
            await nowhere.users()


async def test_what_is_empty_is_answered_as_by_a_memory(client: Client, local: Memory, user: str) -> None:
    answered: list[Callable[[Any], Any]] = [
        lambda m: m.add([], scope=user),
        lambda m: m.note([], scope=user),
        lambda m: m.messages_by_ids([], scope=user),
        lambda m: m.standing([], scope=user),
        lambda m: m.clean(scope=user, messages=[]),
        lambda m: m.messages(scope=user, session="nope"),
        lambda m: m.messages_page(scope=user, session=""),
        lambda m: m.entities_named("", scope=user),
    ]
    for call in answered:
        assert await call(client) == await call(local)

    refused: list[tuple[Callable[[Any], Any], type[Exception]]] = [
        *((partial(read, scope=s), ScopeMissing) for read in (_searched, _asked) for s in ("", " ", [], ["ada", ""])),
        (lambda m: m.facts(scope="a" * 201), ScopeMissing),
        (lambda m: m.add([], scope=""), ScopeMissing),
        (lambda m: m.note([], scope="two\nlines"), ScopeMissing),
        (lambda m: m.erase(scope=""), ScopeMissing),
        *((partial(_called, name, ""), NotFound) for name in ("entity", "fact", "message", "forget", "undo", "delete")),
        (lambda m: m.paths("", "", scope="ada"), NotFound),
        (lambda m: m.history("", scope="ada"), NotFound),
        (lambda m: m.merge_entities("", "", scope="ada"), NotFound),
        (lambda m: m.clean(scope="ada", dry_run=False, messages=[]), InvalidInput),
        (lambda m: m.analyse("", scope="ada"), InvalidInput),
    ]
    for call, error in refused:
        for memory in (client, local):
            with pytest.raises(GraphMemError) as raised:
                await call(memory)
            assert raised.type is error, (raised.value, memory)


def _searched(memory: Any, scope: Any) -> Any:
    return memory.search("Where?", scope=scope)


def _asked(memory: Any, scope: Any) -> Any:
    return memory.cypher("MATCH (f:Fact) RETURN f", scope=scope)


def _called(name: str, given: str, memory: Any) -> Any:
    return getattr(memory, name)(given, scope="ada")


def test_a_notebook_needs_no_await(served: Served, user: str) -> None:
    with SyncClient(served.url, served.keys["acme", "admin"], timeout=60) as memory:
        memory.add(said("I live in Turin."), scope=user)

        assert [f.text for f in memory.facts(scope=user)] == ["Ada lives in Turin"]
        assert {"add", "search", "facts"} <= set(dir(memory))
        with pytest.raises(AttributeError, match="follow"):
            _ = memory.follow
        with pytest.raises(NotFound):
            memory.fact("fa_never", scope=user)
        memory.close()
    memory.close()
