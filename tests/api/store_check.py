"""The service while its Neo4j is stopped and started; three boots, so that this is for ``make proof``."""

from __future__ import annotations

from pathlib import Path

import httpx

from scripts import neo4j_local
from tests.api.conftest import environment_of, running
from tests.api.test_away import TURIN, Moody, facts, keep, until
from tests.openai_server import openai_server
from tests.servers import OwnServer, free_port


def test_a_store_that_is_stopped_is_said_and_what_was_acknowledged_is_there_again(tmp_path: Path) -> None:
    neo4j_local.prepare()
    store = OwnServer(tmp_path / "store", {}, port=free_port())
    store.start()
    moody = Moody()
    try:
        with (
            openai_server(moody.answer) as url,
            running(
                environment_of(tmp_path / "home", url, NEO4J_URI=store.uri(), NEO4J_RETRY_TIMEOUT="1"), tmp_path / "log"
            ) as address,
            httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
        ):
            moody.mood = "down"
            keep(client, "ada")
            store.stop()
            refused = client.post("/v1/messages", json={"user": "ben", "messages": [TURIN]})
            ready = client.get("/readyz")
            store.start()
            moody.mood = "well"

            assert (refused.status_code, ready.status_code) == (503, 503)
            assert refused.headers["Retry-After"]
            assert refused.json()["type"].endswith("/store-unavailable")
            assert until(60, lambda: client.get("/readyz").status_code == 200)
            assert until(60, lambda: facts(client, "ada") == ["Ada lives in Turin"])
            assert facts(client, "ben") == []
            keep(client, "ben")
            assert until(30, lambda: facts(client, "ben") == ["Ada lives in Turin"])
    finally:
        store.kill()
