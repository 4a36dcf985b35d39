"""What the command line prints of results."""

from __future__ import annotations

import io

from rich.console import Console

from graphmem.cli.show import show_cleaning
from graphmem.write.clean import Cleaning, Finding, FindingKind


def test_what_cleaning_leaves_is_said_with_what_to_do() -> None:
    out = io.StringIO()
    same_day = Finding(kind=FindingKind.CONTRADICTION, ids=("fa_1", "fa_2"), what="Turin and Oslo, at the same time")
    stray = Finding(kind=FindingKind.NO_SOURCE, ids=("fa_3",), what="Ada likes tea", action="believe it no more")

    show_cleaning(Console(file=out, width=200), Cleaning(findings=(same_day, stray)))

    assert "left to you: 1 (contradiction)" in out.getvalue()
    assert "`correct` or `forget` a fact by its id" in out.getvalue()
