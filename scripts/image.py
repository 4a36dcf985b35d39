"""Build the image and run its containers' commands where there is no Docker: ``python -m scripts.image``.

The steps are read from the Dockerfile, the commands and variables from compose.yaml. It tells what was run, and at the
end what was not.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from scripts import neo4j_local
from scripts.dockerfile import Image, NotRun, Step, read_steps, sent

ROOT = Path(__file__).resolve().parents[1]
PORT = "8000"
HEALTHY_SECONDS = 90
TALK = (
    {"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T18:00:00Z", "id": "m1"},
    {"text": "We moved to Oslo last week!", "speaker": "Ada", "at": "2024-06-20T20:15:00Z", "id": "m2"},
)
NOT_RUN = """not run, since only a Docker engine can:
  the base image itself, with its Debian and its own release of Python; layers and their cache
  docker compose up: its network, volumes, limits of memory and processes, restarts, the order of starting
  Neo4j's image and its health check; Neo4j here is the same release from its jars, without a password
  read_only, cap_drop, no-new-privileges and init; here it was only looked where files were written"""


def build(folder: Path) -> Image:
    """Run the Dockerfile's steps, telling each; what .dockerignore refuses is not there for them."""
    context = folder / "context"
    context.mkdir()
    for name in sorted(sent(ROOT / ".dockerignore")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, context / name)
    steps = read_steps((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    image = Image(folder=folder, context=context, python=interpreter(steps))
    version = subprocess.run([image.python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{engine()}\nin place of the base image: a fresh virtual environment of {version}\n")
    for step in steps:
        start = time.monotonic()
        image.follow(step)
        told = textwrap.shorten(f"{step.word} {step.text}", 110, placeholder=" ...")
        print(f"{time.monotonic() - start:5.1f} s  {told}", flush=True)
    size = sum(p.lstat().st_size for p in image.root.rglob("*") if not p.is_symlink()) // 1_000_000
    print(f"\nthe last stage holds {', '.join(sorted(p.name for p in image.root.iterdir()))}: {size} MB on its base")
    return image


def engine() -> str:
    """Say whether a Docker engine answers here."""
    docker = shutil.which("docker")
    answers = docker and not subprocess.run([docker, "info"], capture_output=True, check=False).returncode
    return (
        "a Docker engine answers: docker build . makes the image itself" if answers else "no Docker engine answers here"
    )


class Containers:
    """Runs commands as the image's user, in its environment and nothing else of this machine's."""

    def __init__(self, image: Image, port: str, variables: Mapping[str, str]) -> None:
        self.image = image
        self.port = port
        self.variables = {**image.environment, **variables, "TMPDIR": str(image.root / "tmp")}

    def command(self, words: Sequence[str]) -> list[str]:
        """Return a command on the image's entrypoint, on our port."""
        return [*self.image.commands["ENTRYPOINT"], *(w.replace(PORT, self.port) for w in words)]

    def start(self, words: Sequence[str], **variables: str) -> subprocess.Popen[str]:
        """Start a command as the image's user, if we may become another."""
        user = None if os.geteuid() else self.image.user
        return subprocess.Popen(
            words,
            env={**self.variables, **variables},
            cwd=self.image.placed(self.image.workdir),
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, **variables: str) -> str:
        """Run one of graphmem's commands to its end, and return what it printed; a failure ends the script."""
        child = self.start(self.command(words), **variables)
        out = child.communicate()[0]
        if child.returncode:
            sys.exit(f"{shlex.join(words)} left with {child.returncode}:\n{out}")
        return out.strip()

    def pending(self) -> int:
        """Return how many messages wait."""
        return json.loads(self.run("status", "--scope", "ada", "--json"))["pending"]

    def healthy(self) -> bool:
        """Run the health check once."""
        check = [w.replace(PORT, self.port) for w in self.image.commands["HEALTHCHECK"]]
        child = self.start(check)
        child.communicate()
        return child.returncode == 0

    @contextmanager
    def served(self, words: Sequence[str]) -> Generator[None]:
        """Run the API until the block ends, waiting until it is healthy; tells how long, and how it left."""
        start = time.monotonic()
        child = self.start(self.command(words))
        try:
            while not self.healthy():
                if child.poll() is not None or time.monotonic() - start > HEALTHY_SECONDS:
                    child.kill()
                    sys.exit(f"{shlex.join(words)} did not get healthy:\n{child.communicate()[0]}")
                time.sleep(0.2)
            print(f"  graphmem {shlex.join(words)}: healthy after {time.monotonic() - start:.1f} s", flush=True)
            yield
        finally:
            child.terminate()
            child.communicate()
        print(f"  SIGTERM: left with {child.returncode}; then the health check says {self.healthy()}", flush=True)

    def asked(self, query: str) -> str:
        """Ask the API a question over HTTP."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/search",
            data=json.dumps({"user": "ada", "query": query}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)["text"]


def try_out(image: Image, api: Sequence[str], worker: Sequence[str], variables: Mapping[str, str]) -> None:
    """Run what the api and worker containers run, on one store, and tell what came of it."""
    here = Containers(image, str(_free_port()), variables)
    for name in ("data", "tmp"):
        subprocess.run(["find", image.root / name, "-mindepth", "1", "-delete"], check=True)
    before = files(image.root)
    talk = image.folder / "talk.jsonl"
    talk.write_text("\n".join(map(json.dumps, TALK)), encoding="utf-8")
    with here.served(api):
        here.run("add", "--no-wait", "--scope", "ada", str(talk))
        waiting = here.pending()
        here.run(*worker, GRAPHMEM_SCOPE="ada")
        still = here.pending()
        print(f"  GRAPHMEM_SCOPE=ada graphmem {shlex.join(worker)}: {waiting} messages were pending, now {still}")
        answer = here.asked("Where does Ada live?")
        if waiting != len(TALK) or still or TALK[1]["text"] not in answer:
            sys.exit(f"the messages were not processed, or not found: {waiting}, {still}, {answer}")
        print("  POST /v1/search: finds them", flush=True)
    _let_the_store_leave(image.root / "data" / "graphmem")
    changed = {"/" + "/".join(Path(p).parts[:2]) for p, _ in files(image.root) - before}
    if any(p.startswith("/opt") for p in changed):
        sys.exit(f"the program was written to: {changed}")
    print(f"  written to: {', '.join(sorted(changed)) or 'nothing'}", flush=True)


def files(root: Path) -> frozenset[tuple[str, int]]:
    """Return what lies under the root, each file with its time."""
    return frozenset((str(p.relative_to(root)), 0 if p.is_dir() else p.lstat().st_mtime_ns) for p in root.rglob("*"))


def compose() -> Mapping[str, Any]:
    """Return the services of compose.yaml."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def variables_of(service: Mapping[str, Any], uri: str) -> dict[str, str]:
    """Return a service's variables, those that have a value, for a server that asks no password."""
    given = {k: str(v) for k, v in service["environment"].items() if v is not None}
    return {**given, "NEO4J_URI": uri, "NEO4J_PASSWORD": "none is asked"}


def interpreter(steps: Sequence[Step]) -> str:
    """Return a Python of the base image's version that the image's user may run; raises NotRun."""
    texts = {s.word: s.text for s in steps}
    version = texts["FROM"].removeprefix("python:").partition("-")[0]
    user = None if os.geteuid() else int(texts["USER"].partition(":")[0])
    for folder in os.get_exec_path():
        found = Path(folder) / f"python{version}"
        command = [str(found), "-c", "import ensurepip"]
        try:
            done = subprocess.run(command, user=user, group=user, cwd="/", capture_output=True, check=False)
        except (FileNotFoundError, PermissionError):
            continue
        if done.returncode == 0:
            return str(found)
    raise NotRun(f"no Python {version} with ensurepip is on PATH that user {user or os.geteuid()} may run.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def _let_the_store_leave(home: Path) -> None:
    while (home / "server.json").exists():
        time.sleep(0.1)
    time.sleep(1)


def main() -> None:
    """Build, run, and tell."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="graphmem-image-") as name:
        folder = Path(name)
        # The image's user must get to what it may use.
        folder.chmod(0o755)
        try:
            image = build(folder)
        except NotRun as exc:
            sys.exit(str(exc))
        who = f"as user {image.user}" if not os.geteuid() else "as the user who started this, not being root"
        print(f"\nthe image by itself, {who}: the embedded store in /data")
        services = compose()
        worker = services["worker"]["command"]
        try_out(image, image.commands["CMD"], worker, {})
        version = services["neo4j"]["image"].removeprefix("neo4j:").removesuffix("-community")
        print(f"\nas in compose.yaml, {who}: Neo4j {version}")
        try:
            with neo4j_local.running(version) as server:
                variables = variables_of(services["api"], server.bolt_uri)
                try_out(image, services["api"]["command"], worker, variables)
        except neo4j_local.Missing as exc:
            print(f"  not run: {exc}")
    print(f"\n{NOT_RUN}")


if __name__ == "__main__":
    main()
