"""The packages that only the benchmark needs, imported when something of them is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from graphmem.errors import InvalidInput


def needed(module: str, purpose: str) -> Any:
    """Import a module of the extra `bench`; raises InvalidInput naming it where it lacks."""
    try:
        return import_module(module)
    except ImportError as exc:
        package = module.partition(".")[0]
        raise InvalidInput(f"{purpose} needs the package {package}: pip install 'graphmem[bench]' ({exc}).") from exc
