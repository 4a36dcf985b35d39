"""In which form a server gives JSON of a schema, and what was found out about it, kept beside the graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

Form: TypeAlias = Literal["json_schema", "tool", "json_object"]
FORMS: tuple[Form, ...] = get_args(Form)


def key_of(base_url: str | None, model: str) -> str:
    """Return under which name a model of a server is remembered."""
    return f"{(base_url or 'OpenAI').rstrip('/')} {model}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """Forms by server and model, in a small file; one that is gone or broken is found out anew."""

    path: Path

    def get(self, key: str) -> Form | None:
        """Return the form that a server and model were found to answer in."""
        known = self._read().get(key)
        return known if known in FORMS else None

    def set(self, key: str, form: Form) -> None:
        """Remember a form."""
        known = {**self._read(), key: form}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(known, indent=1), encoding="utf-8")
        draft.replace(self.path)

    def _read(self) -> Mapping[str, str]:
        try:
            known: object = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, str]", known) if isinstance(known, dict) else {}
