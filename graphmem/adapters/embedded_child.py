"""The embedded store's own process: one ArcadeDB server that belongs to one directory.

Run as a file, with the directory as its argument, by whichever client finds no server there. It holds ``server.lock``
while it lives, writes ``server.json`` once Bolt answers, and leaves as soon as no client holds ``clients.lock``.
"""

import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from arcadedb_embedded.server import ArcadeDBServer

DATABASE = "graphmem"
GRACE_SECONDS = 2.0
POLL_SECONDS = 0.25
LEAST_HEAP_MB, MOST_HEAP_MB = 512, 4096


def main(directory: Path) -> None:
    """Serve `directory` over Bolt and HTTP on random loopback ports until nobody uses it."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    clients = os.open(directory / "clients.lock", os.O_RDWR | os.O_CREAT, 0o600)
    alive = os.open(directory / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)

    password = secrets.token_urlsafe(24)
    bolt, http = _free_ports(2)
    # The users file keeps the password of the last start; ours is new every time.
    (directory / "store" / "config" / "server-users.jsonl").unlink(missing_ok=True)
    os.chdir(directory)
    server = ArcadeDBServer(
        root_path=str(directory / "store"),
        root_password=password,
        config={
            "mode": "production",
            "host": "127.0.0.1",
            "http_port": http,
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_port": bolt,
            "server_defaultDatabases": f"{DATABASE}[root]",
        },
        jvm_kwargs={"heap_size": _heap_size(), "jvm_args": _jvm_arguments(directory)},
    )
    server.start()
    _announce(directory, {"bolt": bolt, "http": http, "password": password, "pid": os.getpid()})

    idle_since: float | None = None
    while not stop.wait(POLL_SECONDS):
        if not _unused(clients):
            idle_since = None
            continue
        idle_since = idle_since or time.monotonic()
        if time.monotonic() - idle_since >= GRACE_SECONDS and _unused(clients, keep=True):
            break
    (directory / "server.json").unlink(missing_ok=True)
    server.stop()
    # Undertow's and Lucene's threads are not all daemons.
    os._exit(0)


def _heap_size() -> str:
    """Return a quarter of the memory, as Java takes by itself, but within bounds; it takes as much as it comes to need.

    With 20,000 facts in 512 MB it throws things away in every search, which takes as long as the search.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(memory // 4 >> 20, LEAST_HEAP_MB), MOST_HEAP_MB)}m"


def _jvm_arguments(directory: Path) -> str:
    settings = {
        "arcadedb.txWalFlush": "2",
        "arcadedb.command.timeout": os.environ.get("GRAPHMEM_EMBEDDED_TIMEOUT_MS", "120000"),
        "arcadedb.opencypher.loadCsv.allowFileUrls": "false",
        "arcadedb.opencypher.loadCsv.allowRemoteUrls": "false",
        "java.util.logging.config.file": str(directory / "logging.properties"),
    }
    return " ".join(["-Xss2m", "-XX:+UseSerialGC", *(f"-D{key}={value}" for key, value in settings.items())])


def _unused(clients: int, keep: bool = False) -> bool:
    """Say whether no client holds the shared lock; with `keep`, hold it so that the next client waits for our end."""
    try:
        fcntl.flock(clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not keep:
        fcntl.flock(clients, fcntl.LOCK_UN)
    return True


def _announce(directory: Path, how: dict[str, int | str]) -> None:
    draft = directory / "server.json.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(how))
    draft.replace(directory / "server.json")


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


if __name__ == "__main__":
    main(Path(sys.argv[1]))
