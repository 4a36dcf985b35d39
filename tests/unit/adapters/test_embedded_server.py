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
from graphmem.adapters import embedded_server
from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.errors import StoreForeign, StoreNewer, StoreUnavailable, StoreUnsupported
from tests.browse import cypher

ROOT = Path(__file__).parents[3]


class Writer:
    """A writing process; what was acknowledged to it stands in a file."""

    def __init__(self, folder: Path, name: str, count: int) -> None:
        self.heard_in = folder / f"{name}.txt"
        command = [sys.executable, "-m", "tests.writer", str(folder / "home"), name, str(count)]
        with self.heard_in.open("w") as out, (folder / f"{name}.err").open("w") as err:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err)
        self.errors = folder / f"{name}.err"

    @property
    def heard(self) -> list[str]:
        # A line that the kill cut off was not said.
        return [line for line in self.heard_in.read_text().splitlines(keepends=True) if line.endswith("\n")]


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
    one, two, three = (Writer(tmp_path, name, 40) for name in ("one", "two", "three"))
    wait_until(lambda: len(two.heard) >= 5)
    two.process.kill()
    first = server_pid(home)
    wait_until(lambda: len(one.heard) >= 5)
    os.kill(first, signal.SIGKILL)

    for writer in (one, two, three):
        writer.process.wait(120)
        assert writer is two or writer.process.returncode == 0, writer.errors.read_text()
    heard = {line.strip() for writer in (one, two, three) for line in writer.heard}
    kept = {
        row["id"]
        for row in cypher(Settings(home=home), "MATCH (e:Episode {scope: 'test/ada'}) RETURN e.message_id AS id")
    }
    last = server_pid(home)

    assert last != first
    assert len(heard) >= 85
    assert heard <= kept
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


@pytest.mark.parametrize("libc", [("glibc", "2.28"), ("", "")])
def test_a_machine_without_the_right_c_library_is_told_what_to_do(
    tmp_path: Path, libc: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: libc)

    with pytest.raises(StoreUnsupported, match=r"glibc 2\.34.*NEO4J_URI"):
        EmbeddedServer(tmp_path / "home")


def test_a_server_whose_port_was_taken_meanwhile_tries_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        "import os, runpy, sys, pathlib\n"
        f"tried = pathlib.Path({str(tmp_path / 'tried')!r})\n"
        "if not tried.exists():\n"
        "    tried.touch()\n"
        f"    sys.exit({embedded_server.PORT_TAKEN!r})\n"
        f"runpy.run_path({str(embedded_server.__file__).replace('_server', '_child')!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(embedded_server, "_CHILD", child)
    server = EmbeddedServer(tmp_path / "home")

    assert server.ensure().uri.startswith("bolt://127.0.0.1:")
    assert (tmp_path / "tried").exists()
    server.release()
