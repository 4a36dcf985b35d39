"""Who may do what: keys, tokens, rights, tenants."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from graphmem import Memory, Settings
from graphmem.api import access
from graphmem.api.problems import Refused
from graphmem.errors import ScopeMissing
from graphmem.keys import Key, NewKey
from graphmem.settings import Service, read_settings
from tests.api.conftest import Served, environment_of, running

TURIN = {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}
ASKED = {"user": "ada", "query": "Where does Ada live?"}


def test_without_a_key_that_holds_nothing_is_answered(served: Served) -> None:
    wrong = {
        "none": None,
        "unknown": "Bearer gm_0123456789ab_x",
        "ended": f"Bearer {served.keys['acme', 'ended']}",
        "nearly": f"Bearer {served.keys['acme', 'admin']}x",
        "another way": f"Basic {served.keys['acme', 'admin']}",
        "long": f"Bearer {'x' * 10_000}",
        "forged": f"Bearer {jwt.encode({'sub': 'x', 'tenant': 'acme', 'scope': 'admin'}, 'k' * 32, 'HS256')}",
        "unsigned": f"Bearer {jwt.encode({'sub': 'x', 'tenant': 'acme', 'scope': 'admin'}, None, 'none')}",
    }
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
        for name, header in wrong.items():
            answer = client.post("/v1/search", json=ASKED, headers={"Authorization": header} if header else {})

            assert answer.status_code == 401, name
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["type"] == "/problems/unauthenticated"


@pytest.mark.parametrize(
    ("right", "reads", "writes", "erases"),
    [("reader", 200, 403, 403), ("writer", 200, 202, 403), ("admin", 200, 202, 200)],
)
def test_each_right_does_what_it_says(served: Served, right: str, reads: int, writes: int, erases: int) -> None:
    user = f"ada-{uuid.uuid4().hex[:8]}"
    with served.client("acme", right) as client:
        kept = client.post("/v1/messages", json={"user": user, "messages": [TURIN]})
        found = client.post("/v1/search", json={**ASKED, "user": user})
        erased = client.delete(f"/v1/users/{user}")

    assert (found.status_code, kept.status_code, erased.status_code) == (reads, writes, erases)


def test_tenants_with_users_of_one_name_see_nothing_of_each_other(served: Served) -> None:
    user = f"ada-{uuid.uuid4().hex[:8]}"
    with served.client("acme") as acme, served.client("beta") as beta:
        acme.post("/v1/messages", params={"wait": 30}, json={"user": user, "messages": [TURIN]}).raise_for_status()
        mine = acme.get("/v1/facts", params={"user": user}).json()["facts"]
        theirs = beta.get("/v1/facts", params={"user": user}).json()["facts"]
        said = beta.get(f"/v1/facts/{mine[0]['id']}", params={"user": user})
        never = beta.get("/v1/facts/fa_never", params={"user": user})

        assert [f["text"] for f in mine] == ["Ada lives in Turin"]
        assert theirs == []
        assert said.status_code == never.status_code == 404
        assert said.json()["detail"].replace(mine[0]["id"], "fa_never") == never.json()["detail"]
        assert user in [u["user"] for u in acme.get("/v1/users", params={"limit": 1000}).json()["users"]]
        assert user not in [u["user"] for u in beta.get("/v1/users", params={"limit": 1000}).json()["users"]]


def test_a_key_may_be_exchanged_without_locking_anyone_out_and_a_revoked_one_ends(served: Served) -> None:
    async def exchanged() -> tuple[str, str, str]:
        async with Memory.open(read_settings(served.environment)) as memory:
            old = await memory.create_key(tenant="acme", rights=("read",))
            new = await memory.rotate_key(old.key.id)
            gone = await memory.create_key(tenant="acme", rights=("read",))
            await memory.revoke_key(gone.key.id)
            assert old.secret not in str(await memory.keys(tenant="acme"))
            return old.secret, new.secret, gone.secret

    answers: list[int] = []
    for secret in asyncio.run(exchanged()):
        headers = {"Authorization": f"Bearer {secret}"}
        answers.append(
            httpx.post(f"{served.url}/v1/search", json=ASKED, headers=headers, trust_env=False, timeout=60).status_code
        )

    assert answers == [200, 200, 401]


async def test_a_refused_key_is_looked_up_once_in_some_seconds_and_a_new_one_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looked_up, threads = 0.0, list[str](), set[threading.Thread]()
    key_of, verify = Memory.key_of, PasswordHasher.verify

    async def noted(self: Memory, secret: str) -> Key | None:
        looked_up.append(secret)
        return await key_of(self, secret)

    def seen(self: PasswordHasher, hashed: str, secret: str) -> bool:
        threads.add(threading.current_thread())
        return verify(self, hashed, secret)

    monkeypatch.setattr(Memory, "key_of", noted)
    monkeypatch.setattr(PasswordHasher, "verify", seen)
    monkeypatch.setattr(access, "MOST_KNOWN", 4)
    async with Memory.open(Settings(home=tmp_path)) as memory:
        gate = access.Gate(memory, Service(), None, clock=lambda: now)

        async def refuse(*presented: str) -> None:
            for secret in presented:
                with pytest.raises(Refused):
                    await gate.principal(secret)

        old = await memory.create_key(tenant="acme")
        await gate.principal(old.secret)
        await refuse("gm_1_x", "gm_1_x", "gm_1_y", "gm_1_x")
        new = await memory.rotate_key(old.key.id, overlap=timedelta(0))
        assert (await gate.principal(new.secret)).id == new.key.id
        now += access.KNOWN_SECONDS
        await refuse("gm_1_x", old.secret, old.secret)
        await gate.principal(new.secret)
        await refuse(*(f"gm_1_{number}" for number in range(4)))
        await gate.principal(new.secret)

    assert looked_up[:7] == [old.secret, "gm_1_x", "gm_1_y", new.secret, "gm_1_x", old.secret, new.secret]
    assert looked_up[7:] == [f"gm_1_{number}" for number in range(4)]
    assert threads
    assert threading.main_thread() not in threads


async def test_a_new_key_lives_as_long_as_the_one_that_it_replaces(served: Served) -> None:
    async with Memory.open(read_settings(served.environment)) as memory:
        short = await memory.create_key(tenant="acme", expires_in=timedelta(days=90))
        long = await memory.create_key(tenant="acme")
        lives = [(await memory.rotate_key(old.key.id)).key for old in (short, long)]

        assert lives[0].expires_at == lives[0].created_at + timedelta(days=90)
        assert lives[1].expires_at is None
        with pytest.raises(ScopeMissing):
            await memory.create_key(tenant="")


async def test_a_key_that_is_exchanged_again_keeps_its_end_and_hands_on_its_whole_life(served: Served) -> None:
    async with Memory.open(read_settings(served.environment)) as memory:

        async def ends(key: NewKey) -> datetime | None:
            return next(k.ends_at for k in await memory.keys(tenant="acme") if k.id == key.key.id)

        for life in (None, timedelta(days=90)):
            old = await memory.create_key(tenant="acme", expires_in=life)
            first = await memory.rotate_key(old.key.id, overlap=timedelta(hours=2))
            end = await ends(old)
            second = await memory.rotate_key(old.key.id)
            assert await ends(old) == end
            third = await memory.rotate_key(first.key.id)
            lives = [k.key.expires_at and k.key.expires_at - k.key.created_at for k in (first, second, third)]

            assert lives == [life] * 3
            assert await ends(old) == end
            assert all([await memory.key_of(key.secret) for key in (old, first, second, third)])
            await memory.rotate_key(old.key.id, overlap=timedelta(0))
            assert [await memory.key_of(key.secret) is None for key in (old, first, second)] == [True, False, False]


def test_a_feed_ends_with_its_key(served: Served) -> None:
    async def made() -> NewKey:
        async with Memory.open(read_settings(served.environment)) as memory:
            return await memory.create_key(tenant="acme", rights=("read",))

    async def revoke(key: str) -> None:
        async with Memory.open(read_settings(served.environment)) as memory:
            await memory.revoke_key(key)

    new = asyncio.run(made())
    headers = {"Authorization": f"Bearer {new.secret}"}
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=40) as client:
        start = time.monotonic()
        with client.stream("GET", "/v1/changes/feed", params={"user": "ada", "seconds": 60}) as feed:
            asyncio.run(revoke(new.key.id))
            feed.read()
        took = time.monotonic() - start

    assert feed.status_code == 200
    assert took < 30


def test_no_key_is_in_the_log(served: Served, model_url: str) -> None:
    with served.client() as client:
        kept = {"user": "someone-in-particular", "messages": [TURIN]}
        client.post("/v1/messages", params={"wait": 30}, json=kept).raise_for_status()
        client.post("/v1/search", json={**ASKED, "user": "someone-in-particular"}).raise_for_status()
    log = served.log.read_text()

    assert served.keys["acme", "admin"] not in log
    assert served.keys["acme", "admin"].split("_", 2)[2] not in log
    assert "someone-in-particular" not in log
    assert model_url not in log
    lines = [json.loads(line) for line in log[: log.rindex("\n")].splitlines()]
    assert any(
        line.get("route") == "/v1/search" and line["status"] == 200 and line["tenant"] == "acme" for line in lines
    )
    assert all(line["request_id"] for line in lines if line["logger"] == "graphmem.access")


@pytest.fixture(scope="module")
def by_token(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """A service that takes tokens, and the private keys for them by their ids."""
    folder = tmp_path_factory.mktemp("tokens")
    private = {"rsa": rsa.generate_private_key(65537, 2048), "ec": ec.generate_private_key(ec.SECP256R1())}
    public = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(private["rsa"].public_key(), as_dict=True), "kid": "rsa", "alg": "RS256"},
        {**jwt.algorithms.ECAlgorithm.to_jwk(private["ec"].public_key(), as_dict=True), "kid": "ec"},
    ]
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": public}))
    environment = environment_of(
        folder / "home", model_url, GRAPHMEM_JWKS=str(jwks), GRAPHMEM_JWT_AUDIENCE="graphmem", GRAPHMEM_JWT_ISSUER="us"
    )
    with running(environment, folder / "log", "--host", "127.0.0.1") as url:
        yield url, private


def claims(**other: Any) -> dict[str, Any]:
    own = {"sub": "app", "tenant": "acme", "scope": "read", "aud": "graphmem", "iss": "us", "exp": time.time() + 60}
    return {k: v for k, v in {**own, **other}.items() if v is not None}


@pytest.mark.parametrize(
    ("kid", "algorithm", "changed", "status"),
    [
        ("rsa", "RS256", {}, 200),
        ("ec", "ES256", {}, 200),
        ("rsa", "RS256", {"scope": "write openid"}, 200),
        ("rsa", "RS256", {"scope": "openid"}, 403),
        ("rsa", "RS512", {}, 401),
        ("rsa", "RS256", {"exp": 1_000_000_000}, 401),
        ("rsa", "RS256", {"exp": None}, 401),
        ("rsa", "RS256", {"nbf": 32_000_000_000}, 401),
        ("rsa", "RS256", {"aud": "others"}, 401),
        ("rsa", "RS256", {"aud": None}, 401),
        ("rsa", "RS256", {"iss": "others"}, 401),
        ("rsa", "RS256", {"tenant": None}, 401),
        ("rsa", "RS256", {"tenant": " "}, 401),
        ("rsa", "RS256", {"tenant": ["acme"]}, 401),
    ],
)
def test_a_token_is_taken_only_as_it_should_be(
    by_token: tuple[str, dict[str, Any]], kid: str, algorithm: str, changed: dict[str, Any], status: int
) -> None:
    url, private = by_token
    token = jwt.encode(claims(**changed), private[kid], algorithm, headers={"kid": kid})

    answer = httpx.post(
        f"{url}/v1/search", json=ASKED, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
    )

    assert answer.status_code == status, answer.text


def test_a_token_signed_with_the_public_key_as_a_secret_is_none(by_token: tuple[str, dict[str, Any]]) -> None:
    url, private = by_token
    number = private["rsa"].public_key().public_numbers().n
    token = jwt.encode(claims(), str(number), "HS256", headers={"kid": "rsa"})

    answer = httpx.post(
        f"{url}/v1/search", json=ASKED, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
    )

    assert answer.status_code == 401


@pytest.fixture(scope="module")
def keyless(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service without keys."""
    folder = tmp_path_factory.mktemp("keyless")
    with running(environment_of(folder / "home", model_url), folder / "log") as url:
        yield url


def test_without_any_key_only_this_machine_is_served(model_url: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", model_url)
    with running(environment, tmp_path / "log") as url:
        assert url.startswith("http://127.0.0.1:")
        open_answer = httpx.post(f"{url}/v1/search", json=ASKED, trust_env=False, timeout=60)
        wrong = httpx.post(
            f"{url}/v1/search", json=ASKED, headers={"Authorization": "Bearer x"}, trust_env=False, timeout=60
        )
    with (
        pytest.raises(AssertionError, match="there is no key yet"),
        running(environment, tmp_path / "log", "--host", "0.0.0.0"),
    ):
        pass

    assert (open_answer.status_code, wrong.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example@127.0.0.1", 421),
        ("localhost:", 421),
        ("", 421),
    ],
)
def test_without_any_key_a_name_of_others_is_not_answered(keyless: str, host: str, status: int) -> None:
    with httpx.Client(base_url=keyless, headers={"Host": host}, trust_env=False, timeout=60) as client:
        answers = [client.post("/v1/search", json=ASKED), client.get("/openapi.json"), client.get("/metrics")]

    assert [a.status_code for a in answers] == [status] * 3
    if status == 421:
        assert {a.json()["type"] for a in answers} == {"/problems/wrong-host"}


def test_with_keys_any_name_is_answered(served: Served) -> None:
    with served.client() as client:
        assert client.post("/v1/search", json=ASKED, headers={"Host": "memory.example.org"}).status_code == 200
