"""The embedded store as several processes meet it: sharing, kills, and directories that are not ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graphmem import Settings
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.errors import StoreForeign, StoreNewer, StoreUnavailable
from tests.browse import cypher

ROOT = Path(__file__).parents[3]


def writer(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.writer", str(home), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def server_pid(home: Path) -> int:
    return int(json.loads((home / "server.json").read_text())["pid"])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that was killed and is not yet waited for does not live.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_kill_9_of_a_writer_and_of_the_server_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    home = tmp_path / "home"
    one, two, three = (writer(home, name, 40) for name in ("one", "two", "three"))
    assert one.stdout is not None
    assert two.stdout is not None
    heard = [two.stdout.readline().strip() for _ in range(5)]
    two.send_signal(signal.SIGKILL)
    first = server_pid(home)
    heard += [one.stdout.readline().strip() for _ in range(5)]
    os.kill(first, signal.SIGKILL)

    for process in (one, two, three):
        out, err = process.communicate(timeout=120)
        assert process is two or process.returncode == 0, err
        heard += out.split()
    kept = {
        row["id"]
        for row in cypher(Settings(home=home), "MATCH (e:Episode {scope: 'test/ada'}) RETURN e.message_id AS id")
    }
    last = server_pid(home)

    assert last != first
    assert len(heard) >= 85
    assert set(heard) <= kept
    wait_until(lambda: not alive(last))
    assert not (home / "server.json").exists()


def test_a_server_outlives_its_first_client_and_serves_the_second(tmp_path: Path) -> None:
    first = EmbeddedServer(tmp_path / "home")
    where = first.ensure()
    second = EmbeddedServer(tmp_path / "home")
    first.release()
    time.sleep(3)

    assert second.ensure() == where
    pid = server_pid(tmp_path / "home")
    second.release()
    wait_until(lambda: not alive(pid))


def test_the_password_is_for_the_owner_only(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "home")
    server.ensure()
    mode = (tmp_path / "home" / "server.json").stat().st_mode
    server.release()

    assert mode & 0o777 == 0o600


def test_a_directory_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(StoreForeign, match=r"thesis\.txt.*GRAPHMEM_HOME"):
        EmbeddedServer(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("marker", "kind"), [('{"format": 99}', StoreNewer), ("not json", StoreForeign)])
def test_a_directory_of_a_newer_or_broken_graphmem_is_refused(
    tmp_path: Path, marker: str, kind: type[Exception]
) -> None:
    (tmp_path / "graphmem.json").write_text(marker)

    with pytest.raises(kind):
        EmbeddedServer(tmp_path)


def test_a_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")

    with pytest.raises(StoreUnavailable, match="GRAPHMEM_HOME"):
        EmbeddedServer(tmp_path / "home")
