"""The service keeps to its own OpenAPI document, whatever is sent; GRAPHMEM_FULL_COUNTS sends more."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis import checks as general
from schemathesis.specs.openapi import checks

from graphmem import Memory, Settings
from graphmem.api.app import create_app
from graphmem.serial import load_changes, plain
from graphmem.settings import read_settings
from tests.api.conftest import Served
from tests.counts import FULL

EXAMPLES = 200 if FULL else 4
CHECKS: list[Any] = [
    general.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SAID = ["I live in Turin.", "My boss is Ingrid.", "Her brother is Lars.", "I work at Lumen.", "I have a cat, Miso."]
METHODS = {"get", "post", "patch", "delete"}
DOCUMENT: dict[str, Any] = create_app(Settings(home=Path("unused"))).openapi()
PATHS: dict[str, Any] = DOCUMENT["paths"]
OPERATIONS = sorted(
    operation["operationId"] for path in PATHS.values() for method, operation in path.items() if method in METHODS
)
# What the route is asked for, and what stands between: keys, limits, the store.
ANYWHERE = {"401", "403", "408", "413", "421", "422", "429", "500", "503", "504"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A service with a tenant of its own, where one user has messages and facts."""

    schema: Any
    headers: dict[str, str]
    user: str
    ids: dict[str, list[str]]


async def _key(served: Served, tenant: str) -> str:
    async with Memory.open(read_settings(served.environment)) as memory:
        return (await memory.create_key(tenant=tenant, rights=("admin",))).secret


@pytest.fixture(scope="module")
def ground(served: Served) -> Iterator[Ground]:
    headers = {"Authorization": f"Bearer {asyncio.run(_key(served, f'fuzz-{uuid.uuid4().hex[:8]}'))}"}
    said = [{"text": text, "speaker": "Ada", "at": "2024-01-10T12:00:00Z", "session": "s"} for text in SAID]
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=60) as client:

        def ids(path: str) -> list[dict[str, Any]]:
            found: Any = client.get(path, params={"user": "ada"}).json()
            return found if isinstance(found, list) else found[path.rpartition("/")[2]]

        client.post("/v1/messages?wait=30", json={"user": "ada", "messages": said}).raise_for_status()
        known = {
            part: [item["id"] for item in ids(path)]
            for part, path in {
                "facts": "/v1/facts",
                "entities": "/v1/entities",
                "changes": "/v1/changes",
                "messages": "/v1/sessions/s/messages",
            }.items()
        }
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        schema.config.update(base_url=served.url)
        yield Ground(schema=schema, headers=headers, user="ada", ids={**known, "sessions": ["s"]})


def _aimed(case: Any, ground: Ground, which: int) -> None:
    """Let a case ask for what is there."""
    given = ground.ids.get(case.operation.path.split("/")[2], []) if "/v1/" in case.operation.path else []
    for name in {"id", "session"} & set(case.path_parameters or {}):
        case.path_parameters[name] = given[which % len(given)]
    entities = ground.ids["entities"]
    for name in {"from", "to"} & set(case.query or {}):
        case.query[name] = entities[(which + len(name)) % len(entities)]
    if "user" in (case.query or {}):
        case.query["user"] = ground.user
    if isinstance(case.body, dict) and "user" in case.body:
        case.body["user"] = ground.user
    if isinstance(case.body, dict) and "other_id" in case.body:
        case.body["other_id"] = entities[(which + 1) % len(entities)]


@pytest.mark.parametrize("path", PATHS)
def test_what_any_route_may_answer_is_documented_of_each(path: str) -> None:
    answered: set[str] = {"421", "500"}
    if path.startswith("/v1/"):
        answered = ANYWHERE
    elif path == "/metrics":
        answered = {"421", "500", "503", "504"}
    for method, operation in PATHS[path].items():
        takes_a_body = {"400", "415"} if method in {"post", "patch"} else set[str]()
        assert answered | takes_a_body <= operation["responses"].keys(), (method, path)


@pytest.mark.parametrize("path", PATHS)
def test_every_parameter_and_every_good_answer_has_an_example_of_its_schema(path: str) -> None:
    shown: list[tuple[Any, dict[str, Any]]] = []
    for operation in PATHS[path].values():
        for parameter in operation.get("parameters", []):
            given = parameter["schema"].get("examples") or [parameter["example"]]
            shown += [(value, parameter["schema"]) for value in given]
        good = [found for status, found in operation["responses"].items() if status.startswith("2")]
        assert good
        shown += [(content["example"], content["schema"]) for found in good for content in found["content"].values()]

    for value, schema in shown:
        whole = {**schema, "components": DOCUMENT["components"]}
        assert list(jsonschema_rs.validator_for(whole).iter_errors(value)) == []


def test_an_example_of_a_decision_is_read_back() -> None:
    answered = PATHS["/v1/changes"]["get"]["responses"]["200"]["content"]["application/json"]["example"]

    assert plain(load_changes(answered)) == answered


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_a_documented_one(ground: Ground, operation: str) -> None:
    found = ground.schema.find_operation_by_id(operation)
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases: Any = st.one_of(*[found.as_strategy(generation_mode=mode) for mode in modes])

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=cases, aimed=st.booleans(), which=st.integers(0, 5))
    def sent(case: Any, aimed: bool, which: int) -> None:
        if aimed:
            _aimed(case, ground, which)
        if operation == "follow_changes":
            # It ends only then.
            case.query = {**(case.query or {}), "seconds": 0.01}
        elif "wait" in (case.query or {}):
            case.query["wait"] = 0.01
        case.headers.update(ground.headers)
        case.call_and_validate(checks=CHECKS, timeout=60)

    sent()
