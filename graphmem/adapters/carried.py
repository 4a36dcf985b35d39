"""Weights that an installed package carries: found by the package's records and checked, the package never imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from graphmem.errors import GraphMemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One model's file in a package: `folder` and `file` within it, its digest, and what installs the package."""

    package: str
    folder: str
    file: str
    sha256: str
    install: str

    def find(self, error: type[GraphMemError]) -> Path:
        """Return the folder; raises `error` where the package lacks, or the file is not the one that is known."""
        try:
            folder = Path(str(metadata.distribution(self.package).locate_file(self.folder)))
            digest = _digest(folder / self.file)
        except (metadata.PackageNotFoundError, FileNotFoundError) as exc:
            raise error(
                f"these weights come with the package {self.package}, which is not installed whole: {self.install}."
            ) from exc
        if digest != self.sha256:
            raise error(f"{folder / self.file} is not the model that graphmem knows (sha256 {digest}).")
        return folder


@cache
def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
