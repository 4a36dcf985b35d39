"""The corpora of queries, and a store for them: what is one's own, and a canary that nobody may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MINE, OTHER = "test/mine", "test/other"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Attack:
    """A query that must be refused or harmless."""

    name: str
    kind: str
    query: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Honest:
    """A query that must be answered."""

    name: str
    query: str
    ordered: bool
    rows: int
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


def attacks() -> list[Attack]:
    """Return the attacks, those that are templates filled in."""
    found: list[Attack] = []
    for item in yaml.safe_load((_FOLDER / "attacks.yaml").read_text(encoding="utf-8")):
        query = item["query"]
        for part in item.get("repeat", ()):
            query = query.replace(part["mark"], part["text"] * part["times"])
        found.append(Attack(item["name"], item["kind"], query, item.get("parameters") or {}))
    return found


def honest() -> list[Honest]:
    """Return the honest queries."""
    items = yaml.safe_load((_FOLDER / "honest.yaml").read_text(encoding="utf-8"))
    return [Honest(i["name"], i["query"], i["ordered"], i["rows"], i.get("parameters") or {}) for i in items]
