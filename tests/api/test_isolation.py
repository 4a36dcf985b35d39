"""Tenants with users of the same names call every route, with ids and cursors of each other, and learn no secret."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from graphmem import Memory
from graphmem.settings import read_settings
from tests.api.conftest import Served
from tests.counts import FULL

TENANTS, CALLS = (50, 10_000) if FULL else (6, 250)
USERS = ("ada", "ben")


@dataclass(kw_only=True)
class Tenant:
    """A tenant: its key, its secret, and the ids of what it keeps."""

    name: str
    secret: str
    client: httpx.Client
    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    cursor: str = ""

    def get(self, path: str, user: str, **asked: Any) -> Any:
        return self.client.get(path, params={"user": user, **asked}).raise_for_status().json()


def planted(name: str, client: httpx.Client) -> Tenant:
    """Let users of a tenant have messages and facts that hold its secret."""
    tenant = Tenant(name=name, secret=f"zq{name}xj", client=client)
    for user in USERS:
        said = {"text": f"The word of {user} is {tenant.secret}.", "speaker": user, "at": "2024-01-10T12:00:00Z"}
        told = client.post("/v1/messages", params={"wait": 30}, json={"user": user, "messages": [said]})
        assert told.json()["state"] == "done"
        for predicate, value in (("LIVES_IN", f"{tenant.secret}ville"), ("WORKS_AT", f"{tenant.secret} works")):
            fact = {"user": user, "subject": user.title(), "predicate": predicate, "value": value}
            client.post("/v1/facts", json=fact).raise_for_status()
        page = tenant.get("/v1/facts", user, limit=1)
        tenant.cursor = page["next"]
        found = {
            "facts": tenant.get("/v1/facts", user)["facts"],
            "entities": tenant.get("/v1/entities", user)["entities"],
            "changes": tenant.get("/v1/changes", user),
        }
        for kind, items in found.items():
            tenant.ids.setdefault(kind, []).extend(item["id"] for item in items)
        tenant.ids.setdefault("messages", []).append(told.json()["episode_ids"][0])
    return tenant


Call = Callable[[httpx.Client, str, "Tenant", random.Random], httpx.Response]


def calls() -> list[Call]:
    """Return calls of every route, each with what is another tenant's where the route takes such a thing."""

    def one(of: str, other: Tenant, chance: random.Random) -> str:
        return chance.choice(other.ids[of])

    def search(c: httpx.Client, user: str, o: Tenant, _: random.Random) -> httpx.Response:
        return c.post("/v1/search", json={"user": [user, "ben"], "query": f"What is the word {o.secret}?", "limit": 50})

    def cypher(c: httpx.Client, user: str, o: Tenant, chance: random.Random) -> httpx.Response:
        queries = [
            "MATCH (n) RETURN n LIMIT 100",
            f"MATCH (f:Fact {{id: '{one('facts', o, chance)}'}})-[r]-(x) RETURN f, r, x",
            f"MATCH (n) WHERE n.scope STARTS WITH '{o.name}/' RETURN n.text AS text",
            "MATCH (a)-[*1..3]-(b) RETURN a.name AS a, b.text AS b LIMIT 100",
            "MATCH (k:ApiKey) RETURN k.hash AS hash, k.tenant AS tenant",
        ]
        return c.post("/v1/cypher", json={"user": user, "query": chance.choice(queries)})

    def path(c: httpx.Client, user: str, o: Tenant, chance: random.Random) -> httpx.Response:
        ends = {"from": one("entities", o, chance), "to": one("entities", o, chance)}
        return c.get("/v1/paths", params={"user": user, **ends})

    def by_get(kind: str, template: str, **asked: Any) -> Call:
        return lambda c, user, o, chance: c.get(template.format(one(kind, o, chance)), params={"user": user, **asked})

    def by_post(kind: str, template: str) -> Call:
        return lambda c, user, o, chance: c.post(
            template.format(one(kind, o, chance)),
            json={"user": user, **({"other_id": one(kind, o, chance)} if kind == "entities" else {})},
        )

    return [
        search,
        cypher,
        path,
        lambda c, user, o, _: c.post("/v1/context", json={"user": user, "query": f"Who lives in {o.secret}ville?"}),
        lambda c, user, o, _: c.get("/v1/facts", params={"user": user, "after": o.cursor}),
        lambda c, user, o, x: c.get("/v1/facts", params={"user": user, "source": one("messages", o, x)}),
        lambda c, user, o, x: c.get("/v1/changes", params={"user": user, "about": one("facts", o, x)}),
        lambda c, user, *_: c.get("/v1/changes/feed", params={"user": user, "seconds": 0.05}),
        lambda c, user, *_: c.get("/v1/entities", params={"user": user}),
        lambda c, *_: c.get("/v1/users", params={"limit": 1000}),
        lambda c, user, *_: c.get(f"/v1/users/{user}/export"),
        lambda c, user, o, _: c.get(f"/v1/users/{o.name}%2F{user}/export"),
        lambda c, user, o, _: c.get("/v1/facts", params={"user": f"../{o.name}/{user}"}),
        lambda c, user, *_: c.get("/v1/sessions/main/messages", params={"user": user}),
        lambda c, user, *_: c.get("/v1/analytics/facts_by_predicate", params={"user": user}),
        lambda c, user, o, x: c.get("/v1/analytics/sources_of_fact", params={"user": user, "fact": one("facts", o, x)}),
        lambda c, user, *_: c.get("/v1/merges", params={"user": user}),
        lambda c, user, *_: c.get("/v1/usage", params={"user": user}),
        lambda c, user, *_: c.get("/v1/status", params={"user": user}),
        lambda c, user, *_: c.get("/v1/verify", params={"user": user}),
        lambda c, _, o, __: c.get("/v1/queue", params={"after": f"{o.name}/"}),
        lambda c, *_: c.get("/v1/queue/backlog"),
        lambda c, user, o, _: c.get("/v1/names", params={"user": user, "name": f"{o.secret}ville"}),
        lambda c, user, o, _: c.post("/v1/messages/find", json={"user": user, "episode_ids": o.ids["messages"]}),
        lambda c, user, o, _: c.post("/v1/messages/standing", json={"user": user, "episode_ids": o.ids["messages"]}),
        lambda c, user, o, _: c.post("/v1/clean", json={"user": user, "messages": o.ids["messages"]}),
        lambda c, user, o, _: c.post(
            "/v1/notes",
            json={"user": user, "notes": [{"about": "Ada", "text": "hello", "message_ids": o.ids["messages"]}]},
        ),
        lambda c, user, *_: c.post("/v1/queue/resume", json={"user": user}),
        lambda c, user, *_: c.post("/v1/queue/drop", json={"user": user}),
        lambda c, user, o, x: c.patch(f"/v1/facts/{one('facts', o, x)}", json={"user": user, "value": "elsewhere"}),
        lambda c, user, o, x: c.patch(
            f"/v1/entities/{one('entities', o, x)}", json={"user": user, "name": "someone else"}
        ),
        lambda c, user, o, x: c.delete(f"/v1/facts/{one('facts', o, x)}", params={"user": user}),
        lambda c, user, o, x: c.delete(f"/v1/messages/{one('messages', o, x)}", params={"user": user}),
        by_get("facts", "/v1/facts/{}"),
        by_get("entities", "/v1/entities/{}"),
        by_get("entities", "/v1/entities/{}/neighbourhood", hops=3),
        by_get("messages", "/v1/messages/{}"),
        by_post("changes", "/v1/changes/{}/undo"),
        by_post("entities", "/v1/entities/{}/merge"),
        by_post("entities", "/v1/entities/{}/distinct"),
    ]


async def keys(served: Served, names: list[str]) -> dict[str, str]:
    async with Memory.open(read_settings(served.environment)) as memory:
        return {name: (await memory.create_key(tenant=name, rights=["admin"])).secret for name in names}


def test_no_value_of_another_tenant_comes_through_any_route(served: Served) -> None:
    chance = random.Random(11)
    names = [f"iso{n}q" for n in range(TENANTS)]
    tenants: list[Tenant] = []
    for name, secret in asyncio.run(keys(served, names)).items():
        headers = {"Authorization": f"Bearer {secret}"}
        client = httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=60)
        tenants.append(planted(name, client))
    # A question may say a secret, and is told again; what else an answer holds may not.
    routes, leaks, failures = calls(), list[str](), list[str]()
    before = [[(f["id"], f["text"]) for u in USERS for f in t.get("/v1/facts", u)["facts"]] for t in tenants]

    for number in range(CALLS):
        asker, other = chance.sample(tenants, 2)
        found = routes[number % len(routes)](asker.client, chance.choice(USERS), other, chance)
        told = found.text
        if found.headers["content-type"] == "application/json" and '"query"' in told:
            told = str({k: v for k, v in found.json().items() if k != "query"})
        if any(t.secret in told for t in tenants if t is not asker):
            leaks.append(f"{found.request.method} {found.request.url}: {found.text[:300]}")
        if found.status_code >= 500:
            failures.append(f"{found.request.method} {found.request.url}: {found.text[:300]}")

    after = [[(f["id"], f["text"]) for u in USERS for f in t.get("/v1/facts", u)["facts"]] for t in tenants]
    for tenant in tenants:
        tenant.client.close()
    assert leaks == []
    assert failures == []
    assert after == before
    assert all(secret in str(kept) for kept, secret in zip(before, [t.secret for t in tenants], strict=True))
