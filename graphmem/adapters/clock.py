"""The system's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)
