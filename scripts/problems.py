"""Write docs/problems.md from the kinds of problems that the service knows: ``python -m scripts.problems``."""

from __future__ import annotations

from pathlib import Path

from graphmem.api.problems import KINDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "problems.md"
HEAD = """# Problems

The service answers each error with a problem document (RFC 9457): `type` names one of these, `detail` says what was
wrong in this case. The service itself explains them too, at the address in `type`, such as `/problems/not-found`.
"""


def written() -> str:
    """Return the page."""
    parts = [f"## {kind.name}\n\n{kind.status}. {kind.help}\n" for kind in KINDS]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
