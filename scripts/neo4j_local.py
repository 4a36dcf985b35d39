"""Boot a real Neo4j on free loopback ports, without Docker: its jars come through Maven, once.

By hand: ``python -m scripts.neo4j_local [--version V] [--home DIR]`` prints NEO4J_URI and the address of Neo4j
Browser, which comes up with graphmem's style and guide, and runs until Ctrl-C; ``--prepare`` only brings the jars of a
version, and ``--versions`` prints which there are.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts import browser_files

DEFAULT_VERSION = "5.26.30"
BROWSER = ("org.neo4j.client", "neo4j-browser", "5.24.0")
"""Neo4j Browser, which each version serves under /browser/."""
START_SECONDS = 90
_MAGIC = b"\x60\x60\xb0\x17" + bytes((0, 4, 4, 5)) + bytes(12)
_OPENS = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


class Missing(RuntimeError):
    """Something that this machine must have and has not."""


@dataclass(frozen=True, slots=True)
class Release:
    """What one version needs: its main class and the Java versions that it runs on."""

    main: str
    java: tuple[int, ...]


RELEASES = {
    "5.26.30": Release("org.neo4j.server.CommunityEntryPoint", (17, 21)),
    "2026.08.1": Release("org.neo4j.server.Neo4jCommunity", (21, 25)),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    bolt_uri: str
    http_port: int
    home: Path
    pid: int

    @property
    def browser(self) -> str:
        """Where its Neo4j Browser answers."""
        return f"http://127.0.0.1:{self.http_port}/browser/"


def prepare(version: str = DEFAULT_VERSION) -> Path:
    """Return the folder of a version's jars, bringing them with Maven if they are not there; raises Missing."""
    _release(version)
    lib = _cache() / version
    if (lib / "{1}-{2}.jar".format(*BROWSER)).exists():
        return lib
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing(
            "Maven is missing: install it (Debian: apt-get install maven) so that Neo4j's jars can be brought."
        )
    lib.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lib.parent) as folder:
        (Path(folder) / "pom.xml").write_text(_pom(version), encoding="utf-8")
        command = [maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib", "-DincludeScope=runtime"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"Maven could not bring Neo4j {version}:\n{(done.stdout + done.stderr)[-2000:]}")
        lib.mkdir(exist_ok=True)
        # Browser's comes last, as it tells that all are there; a folder that an older program filled is completed.
        for jar in sorted((Path(folder) / "lib").iterdir(), key=lambda jar: jar.name.startswith(BROWSER[1])):
            if not (lib / jar.name).exists():
                jar.rename(lib / jar.name)
    return lib


@contextmanager
def running(
    version: str = DEFAULT_VERSION,
    home: Path | None = None,
    *,
    heap: str = "768m",
    page_cache: str = "64m",
    port: int | None = None,
    password: str | None = None,
    options: Mapping[str, str] | None = None,
    jvm: Sequence[str] = (),
) -> Generator[Server]:
    """Run a server until the block ends; its data stay only where `home` is given.

    `port` is a Bolt port to use again, `password` switches authentication on and is the user neo4j's first one, and
    `options` are lines of neo4j.conf; `jvm` are options of Java's own.
    """
    lib = prepare(version)
    java = java_of(version)
    folder = home or Path(tempfile.mkdtemp(prefix="graphmem-neo4j-"))
    bolt, http = _free_ports()
    bolt = port or bolt
    wanted = {**_configuration(bolt, http, page_cache, closed=password is not None), **(options or {})}
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in wanted.items())
    (folder / "conf" / "neo4j.conf").write_text(lines, encoding="utf-8")
    if password is not None and not (folder / "data").exists():
        _set_password(password, java, lib, folder)
    log = folder / "console.log"
    with log.open("ab") as out:
        child = subprocess.Popen(
            _command(java, lib, folder, version, [f"-Xmx{heap}", *jvm]),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_us,
        )
    try:
        _wait(child, bolt, http, log, tls=wanted.get("server.bolt.tls_level") == "REQUIRED")
        yield Server(bolt_uri=f"bolt://127.0.0.1:{bolt}", http_port=http, home=folder, pid=child.pid)
    finally:
        _stop(child, at_once=home is None)
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


def _stop(child: subprocess.Popen[bytes], *, at_once: bool) -> None:
    """End a server; at once where nobody will open its data again, which saves the seconds that it takes to write."""
    if at_once:
        child.kill()
    else:
        child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def java_of(version: str) -> str:
    """Return a java that a version runs on; raises Missing."""
    return find_java(_release(version).java)


def find_java(wanted: tuple[int, ...]) -> str:
    """Return a java of one of these versions; raises Missing.

    It is looked for in JAVA_HOME*, on the PATH, in the usual folders, and last inside the embedded store's package.
    """
    homes = [Path(value) / "bin" / "java" for key, value in sorted(os.environ.items()) if key.startswith("JAVA_HOME")]
    on_path = shutil.which("java")
    usual = sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    carried = [Path(p) / "jre" / "bin" / "java" for p in (_package_folder("arcadedb_embedded"),) if p]
    for candidate in [*homes, *([Path(on_path)] if on_path else []), *usual, *carried]:
        if candidate.exists() and _java_version(candidate) in wanted:
            return str(candidate)
    raise Missing(f"no Java {' or '.join(map(str, wanted))} was found: install a JDK, or set JAVA_HOME to one.")


def _package_folder(name: str) -> str | None:
    found = importlib.util.find_spec(name)
    return next(iter(found.submodule_search_locations), None) if found and found.submodule_search_locations else None


def _java_version(java: Path) -> int:
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', shown)
    return int(found[1]) if found else 0


def _release(version: str) -> Release:
    if version not in RELEASES:
        raise Missing(f"Neo4j {version} is not known here; known are {', '.join(RELEASES)}.")
    return RELEASES[version]


def _cache() -> Path:
    named = os.environ.get("GRAPHMEM_NEO4J_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "graphmem" / "neo4j"


def _pom(version: str) -> str:
    needed = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{number}</version></dependency>"
        for group, artifact, number in (
            ("org.neo4j", "neo4j", version),
            ("org.neo4j.app", "neo4j-server", version),
            BROWSER,
        )
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>graphmem</groupId>'
        f"<artifactId>neo4j-local</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{needed}</dependencies></project>"
    )


def _configuration(bolt: int, http: int, page_cache: str, *, closed: bool) -> dict[str, str]:
    return {
        "server.bolt.listen_address": f"127.0.0.1:{bolt}",
        # What a server tells clients that ask for routes.
        "server.bolt.advertised_address": f"127.0.0.1:{bolt}",
        "server.http.listen_address": f"127.0.0.1:{http}",
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": str(closed).lower(),
        "server.memory.pagecache.size": page_cache,
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
    }


def _set_password(password: str, java: str, lib: Path, home: Path) -> None:
    done = subprocess.run(
        [java, "-cp", f"{lib}/*", "org.neo4j.cli.AdminTool", "dbms", "set-initial-password", password],
        env={**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the first password was not set:\n{(done.stdout + done.stderr)[-2000:]}")


def _command(java: str, lib: Path, home: Path, version: str, jvm: Sequence[str]) -> list[str]:
    return [
        java,
        *jvm,
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENS),
        "--add-modules=jdk.incubator.vector",
        "-cp",
        f"{lib}/*",
        _release(version).main,
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
        "--console-mode",
    ]


def _die_with_us() -> None:
    """On Linux, let the server end with this process, even when that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait(child: subprocess.Popen[bytes], bolt: int, http: int, log: Path, *, tls: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (_answers(bolt, tls=tls) and _listens(http)):
        if child.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"Neo4j did not start; its log ends:\n{tail}")
        time.sleep(0.2)


def _answers(port: int, *, tls: bool) -> bool:
    try:
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
            if tls:
                # Only whether it is up: certificates are for its clients to check.
                trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
                connection = stack.enter_context(trusting.wrap_socket(connection))
            connection.sendall(_MAGIC)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def main() -> None:
    """Run a server by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default=DEFAULT_VERSION, choices=sorted(RELEASES))
    parser.add_argument("--home", type=Path, help="keep the data in this folder; else they go with the server")
    parser.add_argument("--heap", default="768m", help="the JVM's memory (default: %(default)s)")
    parser.add_argument("--page-cache", default="64m", help="memory for the graph's files (default: %(default)s)")
    parser.add_argument("--prepare", action="store_true", help="only bring the jars")
    parser.add_argument("--versions", action="store_true", help="only print which versions are known")
    given = parser.parse_args()
    if given.versions:
        print("\n".join(RELEASES))
        return
    try:
        if given.prepare:
            print(prepare(given.version))
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        with (
            browser_files.serving() as files,
            running(
                given.version,
                given.home,
                heap=given.heap,
                page_cache=given.page_cache,
                options={"browser.post_connect_cmd": f"style {files}/style.grass; guide {files}/guide.html"},
            ) as server,
        ):
            print(f"NEO4J_URI={server.bolt_uri}")
            print(f"Neo4j Browser: {server.browser}?dbms={server.bolt_uri}&preselectAuthMethod=NO_AUTH")
            print("Ctrl-C stops it.", flush=True)
            stop.wait()
    except Missing as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
