"""What the commands of benchmarks share: a store of their own, or a named one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from graphmem.settings import Settings, read_settings

StoreOption = Annotated[str | None, typer.Option("--store", help="a Bolt address; else an embedded store of its own")]


def alone(folder: Path, store: str | None, tenant: str = "default") -> Settings:
    """Return settings without a model, for a store of the benchmark's own or the named one."""
    return replace(
        read_settings(),
        home=folder,
        neo4j_uri=store or None,
        replay=None,
        openai_api_key=None,
        openai_base_url=None,
        tenant=tenant,
    )
