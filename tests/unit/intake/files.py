"""Files as the tests read them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graphmem.intake.intake import Judged, open_intake
from graphmem.intake.items import Format, Found, Options
from graphmem.intake.load import look_at
from graphmem.intake.report import Report
from graphmem.intake.seen import Seen
from graphmem.intake.times import named_zone


def items(path: Path, *, form: Format | None = None, zone: str = "UTC", **options: Any) -> list[Judged]:
    """All that a file holds."""
    with Seen() as seen:
        return list(open_intake(path, Options(zone=named_zone(zone), **options), form).judged(seen))


def report(path: Path, **options: Any) -> Report:
    """How a file stands."""
    return look_at([open_intake(path, Options(**options))], None)[0]


def texts(found: Iterable[Judged]) -> list[str]:
    """The texts of what is a message."""
    return [item.message.text for item in found if isinstance(item, Found)]
