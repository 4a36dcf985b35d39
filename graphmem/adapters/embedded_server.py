"""A client's hold on the embedded store: find its server in the directory, or start it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from graphmem.errors import StoreExhausted, StoreForeign, StoreNewer, StoreUnavailable, StoreUnsupported

FORMAT = 1
START_SECONDS = 60.0
STARTS = 3
PORT_TAKEN = "Unable to listen"
"""What the server says where another program has taken a port that was just free; others are tried then."""
CACHE = "cache"
"""The folder of what can be found out or computed anew, which may be there before the store."""
FULL_BELOW = 1 << 20
_CHILD = Path(__file__).with_name("embedded_child.py")
_LOGGING = """handlers=java.util.logging.FileHandler
.level=WARNING
java.util.logging.FileHandler.pattern={log}
java.util.logging.FileHandler.limit=5000000
java.util.logging.FileHandler.count=2
java.util.logging.FileHandler.append=true
java.util.logging.FileHandler.formatter=java.util.logging.SimpleFormatter
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server answers, and as whom to ask; `http` is the embedded store's second port."""

    uri: str
    user: str
    password: str
    database: str | None
    http: int | None = None


def http_client(address: Address, seconds: float) -> httpx.AsyncClient:
    """Return a client of the embedded store's second port."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{address.http}",
        auth=(address.user, address.password),
        timeout=seconds,
        trust_env=False,
        # Nothing is encrypted on this machine's own port, and reading certificates in takes 16 ms.
        verify=False,  # noqa: S501
    )


class EmbeddedServer:
    """Holds the directory's shared lock for as long as it lives, so that the server stays."""

    def __init__(self, directory: Path) -> None:
        _check_platform()
        self.directory = directory
        _claim(directory)
        self._hold = os.open(directory / "clients.lock", os.O_RDWR | os.O_CREAT, 0o600)
        # Waits for a server that is just leaving: it keeps this lock until it is gone.
        fcntl.flock(self._hold, fcntl.LOCK_SH)

    def ensure(self) -> Address:
        """Return the address of a living server, starting one if there is none; raises StoreUnavailable."""
        with self._locked("start.lock"):
            if not self._alive():
                self._start()
            how = json.loads((self.directory / "server.json").read_text(encoding="utf-8"))
        return Address(
            uri=f"bolt://127.0.0.1:{how['bolt']}",
            user="root",
            password=how["password"],
            database="graphmem",
            http=how["http"],
        )

    def release(self) -> None:
        """Let go: once nobody holds the directory, its server leaves."""
        if self._hold >= 0:
            os.close(self._hold)
            self._hold = -1

    def full(self) -> bool:
        """Tell whether the directory's disk has less room than a page or two of the store."""
        return shutil.disk_usage(self.directory).free < FULL_BELOW

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other client brings the schema up to date, and keep them waiting."""
        return self._locked("schema.lock")

    @contextmanager
    def _locked(self, name: str) -> Generator[None]:
        handle = os.open(self.directory / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _alive(self) -> bool:
        """Tell by the lock that a server holds for life, since the kernel frees it even after a kill -9."""
        handle = os.open(self.directory / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(handle)

    def _start(self, tries: int = STARTS) -> None:
        (self.directory / "server.json").unlink(missing_ok=True)
        log = self.directory / "server.log"
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            child = subprocess.Popen(  # noqa: S603
                # As a file and not as a module: the server has no use for the rest of the package.
                [sys.executable, "-P", str(_CHILD), str(self.directory.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd=self.directory,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.directory / "server.json").exists():
            if child.poll() is not None:
                if self.full():
                    raise StoreExhausted(f"the disk of {self.directory} is full: make room there, and open it again.")
                told = log.read_bytes()[before:].decode("utf-8", errors="replace")
                if tries > 1 and PORT_TAKEN in told:
                    self._start(tries - 1)
                    return
                raise StoreUnavailable(
                    f"the embedded store in {self.directory} did not start. Its log ends:\n{told[-1500:]}"
                )
            if time.monotonic() > deadline:
                child.kill()
                raise StoreUnavailable(
                    f"the embedded store in {self.directory} did not answer within {START_SECONDS:.0f} s; see {log}."
                )
            time.sleep(0.02)
        # Not ours to wait for: it outlives this process if another one uses it.
        child.returncode = 0


def kill_server(directory: Path) -> None:
    """Kill a directory's server, and wait until it is gone: for a directory that is to be thrown away."""
    if not (directory / "server.lock").exists():
        return
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((directory / "server.json").read_text(encoding="utf-8"))["pid"], signal.SIGKILL)
    with (directory / "server.lock").open("rb") as alive:
        fcntl.flock(alive, fcntl.LOCK_SH)


def _claim(directory: Path) -> None:
    """Make the directory ours, or refuse one that is not."""
    marker = directory / "graphmem.json"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not marker.exists():
            others = [
                p.name
                for p in directory.iterdir()
                if p.name not in {"clients.lock", "start.lock", "schema.lock", CACHE}
            ]
            if others and not any(name.startswith("graphmem.json") for name in others):
                raise StoreForeign(
                    f"{directory} holds other things ({', '.join(sorted(others)[:3])}). Name an empty or new "
                    "directory in GRAPHMEM_HOME."
                )
            draft = directory / f"graphmem.json.{os.getpid()}"
            draft.write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
            draft.replace(marker)
            (directory / "log").mkdir(exist_ok=True)
            text = _LOGGING.format(log=directory.resolve() / "log" / "arcadedb.log")
            (directory / "logging.properties").write_text(text, encoding="utf-8")
        found = json.loads(marker.read_text(encoding="utf-8")).get("format", 0)
    except OSError as exc:
        raise StoreUnavailable(f"cannot use {directory}: {exc}. Name another directory in GRAPHMEM_HOME.") from exc
    except ValueError as exc:
        raise StoreForeign(f"{marker} is not graphmem's. Name another directory in GRAPHMEM_HOME.") from exc
    if found > FORMAT:
        raise StoreNewer(f"{directory} was written by a newer graphmem (format {found}). Upgrade graphmem.")


def _check_platform() -> None:
    library, version = platform.libc_ver()
    if sys.platform == "win32" or (
        sys.platform == "linux" and (library != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 34))
    ):
        raise StoreUnsupported(
            f"the embedded store needs Linux with glibc 2.34 or newer, or macOS; this is {sys.platform} with "
            f"{library or 'another C library'} {version}. Use a Neo4j server: set NEO4J_URI."
        )
