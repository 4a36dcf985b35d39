"""A triple as a chat model writes it down, for models that follow a script."""

from __future__ import annotations

from typing import Any


def plain_triple(
    message: str, quote: str, subject: str, predicate: str, value: str | None, **more: Any
) -> dict[str, Any]:
    """Return what the message with a short id says plainly, in the form of the extraction's reply; `more` wins."""
    return {
        "message": message,
        "quote": quote,
        "subject": subject,
        "predicate": predicate,
        "object": value,
        "valid_from": None,
        "valid_to": None,
        "polarity": "stated",
        "modality": "said",
        "confidence": 0.9,
        **more,
    }
