"""The Dockerfile, read, and its steps run without Docker: in a folder that stands for the image's root.

Only the instructions that our Dockerfile uses are known, and any other is an error. Of a base image only its Python is
there, as a fresh virtual environment of the same version.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import string
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Paths of the image that its steps and settings name; `/healthz` is none.
_PLACES = re.compile(r"(?<![\w./])/(?=(?:opt|src|dist|data|tmp)\b)")
_MACHINE = "/usr/local/bin:/usr/bin:/bin"


class NotRun(RuntimeError):
    """A step that cannot be run by hand here."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its word, and the rest of its line."""

    word: str
    text: str

    def json(self) -> list[str]:
        """Return the command of an instruction in its JSON form."""
        return json.loads(self.text[self.text.index("[") :])


def read_steps(text: str) -> tuple[Step, ...]:
    """Return the instructions of a Dockerfile, each on one line."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n", "", lines)
    parts = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return tuple(Step(word, " ".join(text.split())) for word, text in parts)


def sent(names: Path) -> frozenset[str]:
    """Return the names at the top of the project that .dockerignore, which refuses all others, lets through."""
    lines = names.read_text(encoding="utf-8").split()
    if "*" not in lines:
        raise NotRun(f"{names.name} does not begin with *, and nothing else is known here.")
    return frozenset(line.removeprefix("!") for line in lines if line.startswith("!"))


@dataclass(slots=True)
class Image:
    """What the steps have made so far; `folder` holds the root, former stages, and what stands for the base image."""

    folder: Path
    context: Path
    python: str
    user: int | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])
    workdir: str = "/"
    stage: str = ""
    commands: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def root(self) -> Path:
        """The folder that stands for `/`."""
        return self.folder / "root"

    def placed(self, text: str) -> str:
        """Return a text with the image's paths under the root."""
        return _PLACES.sub(f"{self.root}/", text)

    def follow(self, step: Step) -> None:
        """Run one step; raises NotRun."""
        match step.word:
            case "FROM":
                self._begin(step.text)
            case "ENV":
                self._set(step.text)
            case "WORKDIR":
                self.workdir = step.text
                self._in_root(step.text).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(step.text)
            case "RUN":
                self._run(step.text)
            case "USER":
                self.user = int(step.text.partition(":")[0])
            case "ENTRYPOINT" | "CMD" | "HEALTHCHECK":
                self.commands[step.word] = step.json()
            case word:
                raise NotRun(f"{word} is not known here: teach it to scripts/dockerfile.py.")

    def _begin(self, text: str) -> None:
        name, _, stage = text.partition(" AS ")
        version = subprocess.run(
            [self.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if not name.startswith(f"python:{version}-"):
            raise NotRun(f"{name} is not Python {version}, which is the one here.")
        if self.root.exists():
            # A stage begins with nothing of the former one, at the same paths.
            (self.folder / "stages").mkdir(exist_ok=True)
            self.root.rename(self.folder / "stages" / self.stage)
        base = self.folder / "base"
        if not base.exists():
            _done([self.python, "-m", "venv", str(base)], {"PATH": _MACHINE})
        (self.root / "tmp").mkdir(parents=True)
        (self.root / "tmp").chmod(0o1777)
        self.stage, self.workdir = stage, "/"
        self.environment = {"PATH": f"{base / 'bin'}:{_MACHINE}"}

    def _set(self, text: str) -> None:
        known = dict(self.environment)
        for pair in shlex.split(text):
            name, _, value = pair.partition("=")
            self.environment[name] = string.Template(self.placed(value)).substitute(known)

    def _copy(self, text: str) -> None:
        words = text.split()
        source = self.context
        if words[0].startswith("--from="):
            source = self.folder / "stages" / words.pop(0).removeprefix("--from=")
        *names, target = words
        for name in names:
            found = source / name.lstrip("/")
            if not found.exists():
                raise NotRun(f"COPY: {name} is not there.")
            into = self._in_root(target)
            if found.is_dir():
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(found, into / found.name)

    def _run(self, text: str) -> None:
        if self.user is not None:
            raise NotRun("RUN after USER is not known here.")
        if os.geteuid():
            # Only root may give a folder to somebody else.
            text = re.sub(r"--(owner|group)=\d+ ", "", text)
        # Where packages come from is the machine's affair: pip's own settings, and its cache.
        machine = {k: v for k, v in os.environ.items() if k == "HOME" or k.startswith("PIP_")}
        _done(["/bin/sh", "-c", self.placed(text)], {**machine, **self.environment}, self._in_root("."))

    def _in_root(self, path: str) -> Path:
        return self.root / self.workdir.lstrip("/") / path if not path.startswith("/") else self.root / path.lstrip("/")


def _done(command: Sequence[str], environment: dict[str, str], folder: Path | None = None) -> None:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}")
