"""What some models want before each text, by the model's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_E5 = re.compile(r"(?:^|[/_.:-])e5(?![0-9a-z])(?!.*instruct)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """What goes before a question, and before a text that is to be found."""

    query: str = ""
    passage: str = ""


E5 = Prefixes(query="query: ", passage="passage: ")


def prefixes_of(model: str) -> Prefixes:
    """Return a model's prefixes: the E5 family has them (arXiv 2212.03533); bge does without, as its makers allow."""
    return E5 if _E5.search(model.lower()) else Prefixes()
