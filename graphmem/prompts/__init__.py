"""The prompts, one Markdown file a kind, with a version in the first line and {{placeholders}} in the text.

A placeholder that no value is given for stands for a file of `parts/`, which several prompts share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from graphmem.errors import SettingsError

_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A prompt ready to send."""

    version: str
    system: str
    user: str


@cache
def _read(name: str) -> tuple[str, str, str]:
    folder = resources.files("graphmem") / "prompts"
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    parts = {p.name.removesuffix(".md"): p.read_text(encoding="utf-8").strip() for p in (folder / "parts").iterdir()}
    text = _PLACEHOLDER.sub(lambda match: parts.get(match[1], match[0]), text)
    head, _, rest = text.partition("\n\n# system\n\n")
    system, _, user = rest.partition("\n\n# user\n\n")
    return head.removeprefix("version:").strip(), system.strip(), user.strip()


def render(name: str, values: Mapping[str, str]) -> Rendered:
    """Fill a prompt's placeholders, each exactly once known; raises SettingsError for a missing or unused value."""
    version, system, user = _read(name)
    wanted = set(_PLACEHOLDER.findall(system + user))
    if wanted != set(values):
        raise SettingsError(f"prompt {name} has the placeholders {sorted(wanted)}, but was given {sorted(values)}.")

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: values[match[1]], text)

    return Rendered(version=version, system=fill(system), user=fill(user))
