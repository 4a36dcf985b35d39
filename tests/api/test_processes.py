"""A service in several processes on one port."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import environment_of, running

CONNECTIONS = 40
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all processes share one socket")
async def test_connections_are_dealt_out_among_processes_and_the_port_is_shared_with_no_other_service(
    model_url: str, tmp_path: Path
) -> None:
    environment = environment_of(tmp_path / "home", model_url)
    with running(environment, tmp_path / "log", "--processes", "2") as address:
        port = urlsplit(address).port
        assert port is not None
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)))
        for _, writer in opened:
            writer.write(REQUEST)
        answers = [await reader.readline() for reader, _ in opened]
        held = _held_by_process(port)
        for _, writer in opened:
            writer.close()
        command = [sys.executable, "-m", "graphmem", "serve", "--port", str(port), "--processes", "2"]
        other = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    assert {answer.split()[1] for answer in answers} == {b"200"}
    assert held.total() >= CONNECTIONS
    assert len(held) == 2
    # Dealt out by chance: fewer than 5 of 40 for one of them is less likely than one in a million.
    assert min(held.values()) >= 5, "else one process does all the work"
    assert other.returncode == 1
    assert f"port {port} is taken" in other.stderr


def _held_by_process(port: int) -> Counter[str]:
    """Return how many connections to a port each process holds at its own end."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    established = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"}
    held: Counter[str] = Counter()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
        except OSError:
            continue
        if found is not None and found[1] in established:
            held[link.parts[2]] += 1
    return held
