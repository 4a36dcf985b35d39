"""kill -9 of the service, its worker or its store while messages come in: what was acknowledged is kept, read once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from graphmem import Memory
from graphmem.models import EpisodeState
from graphmem.settings import read_settings
from tests.api.conftest import environment_of
from tests.counts import FULL

ROUNDS = 100 if FULL else 3
SECONDS = (0.5, 2.5)
STORES = ("embedded", "neo4j") if FULL else ("embedded",)
CAT = {"text": "I have a cat, Miso.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z"}


@dataclass
class Service:
    """A service that is killed and started again; `url` is where it is, empty while it is not.

    On a server of its own the store has a worker beside the service, which is killed in the store's place.
    """

    environment: dict[str, str]
    log: Path
    url: str = ""
    process: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None

    @property
    def embedded(self) -> bool:
        return "NEO4J_URI" not in self.environment

    def start(self) -> None:
        self.process = self._started("serve", "--port", "0", *(() if self.embedded else ("--no-worker",)))
        if not self.embedded and self.worker is None:
            self.worker = self._started("worker")
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.startswith("http://"), self.log.read_text()
        self.url = line.split()[0]

    def _started(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("a") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "graphmem", *command], env=self.environment, stdout=subprocess.PIPE, stderr=out
            )

    def end(self, number: int) -> int:
        """Send a signal to it, wait for its end, and return how it ended."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.url = ""
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process.stdout.close()
        return code

    def kill_other(self) -> None:
        """Kill the store, or the worker, which is started again."""
        if self.worker is not None:
            self.end_worker(signal.SIGKILL)
            self.worker = self._started("worker")
            return
        found = json.loads((Path(self.environment["GRAPHMEM_HOME"]) / "server.json").read_text())
        os.kill(found["pid"], signal.SIGKILL)

    def end_worker(self, number: int) -> None:
        if self.worker is not None:
            self.worker.send_signal(number)
            self.worker.wait(60)
            assert self.worker.stdout is not None
            self.worker.stdout.close()
            self.worker = None


@dataclass
class Teller:
    """Sends a message of one user after the other, each until it is acknowledged, whatever happens to the service."""

    service: Service
    kept: dict[str, str] = field(default_factory=dict[str, str])
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for user in self._users():
            with httpx.Client(trust_env=False, timeout=20) as client:
                while user not in self.kept and not self.over.is_set():
                    try:
                        told = client.post(
                            f"{self.service.url}/v1/messages",
                            json={"user": user, "messages": [CAT]},
                            headers={"Idempotency-Key": user},
                        )
                    except (httpx.TransportError, httpx.UnsupportedProtocol):
                        time.sleep(0.05)
                        continue
                    if told.status_code == 202:
                        self.kept[user] = told.json()["episode_ids"][0]

    def _users(self) -> Iterator[str]:
        number = 0
        while not self.over.is_set():
            number += 1
            yield f"u{number}"
            time.sleep(0.02)


async def checked(environment: dict[str, str], kept: dict[str, str]) -> None:
    """Wait until all is read; each message is there, and said once."""
    async with Memory.open(replace(read_settings(environment), tenant="default")) as memory:
        until = time.monotonic() + 90
        while (await memory.backlog()).waiting and time.monotonic() < until:
            await asyncio.sleep(0.2)
        for user, episode in kept.items():
            assert (await memory.message(episode, scope=user)).state is EpisodeState.DONE, user
            assert [f.text for f in await memory.facts(scope=user)] == ["Ada has the pet Miso"], user
            assert len(await memory.messages(scope=user, session="main")) == 1
            assert await memory.verify(scope=user) == ()


@pytest.mark.parametrize("store", STORES)
def test_what_is_acknowledged_survives_every_kill(
    store: str, model_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(5)
    more = {} if store == "embedded" else {"NEO4J_URI": request.getfixturevalue("neo4j_uri")}
    service = Service({**environment_of(tmp_path / "home", model_url), **more}, tmp_path / "log")
    teller = Teller(service)
    service.start()
    telling = threading.Thread(target=teller.run)
    telling.start()
    try:
        for number in range(ROUNDS):
            time.sleep(chance.uniform(*SECONDS))
            if number % 3 == 1:
                service.kill_other()
                time.sleep(chance.uniform(*SECONDS))
            service.end(signal.SIGKILL)
            service.start()
        time.sleep(1)
    finally:
        teller.over.set()
        telling.join(60)
        start = time.monotonic()
        code = service.end(signal.SIGTERM)

    assert code == -signal.SIGTERM
    assert time.monotonic() - start < 50, "what is being answered and read is finished first, within 25 and 20 seconds"
    assert len(teller.kept) > ROUNDS
    service.start()
    try:
        asyncio.run(checked(service.environment, teller.kept))
    finally:
        service.end(signal.SIGTERM)
        service.end_worker(signal.SIGTERM)
