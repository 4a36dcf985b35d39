"""What models cost: US dollars for a million tokens, from a file that users keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graphmem.errors import SettingsError

_MILLION = 1_000_000
_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_Dollars = Annotated[float, Field(ge=0)]


class Price(BaseModel):
    """US dollars for a million tokens of a prompt, of its part that the server had cached, and of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: _Dollars
    cached: _Dollars
    output: _Dollars

    def of(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """Return what a call costs in US dollars; `tokens_in` counts the cached ones too."""
        fresh = tokens_in - tokens_cached
        return (fresh * self.input + tokens_cached * self.cached + tokens_out * self.output) / _MILLION


_FILE = TypeAdapter(dict[str, Price])


def load_prices(path: Path | None = None) -> Mapping[str, Price]:
    """Return prices by a model's name from a JSON file, the program's own by default; raises SettingsError."""
    try:
        text = (
            (resources.files("graphmem") / "prices.json").read_text(encoding="utf-8")
            if path is None
            else path.read_text(encoding="utf-8")
        )
        return _FILE.validate_json(text)
    except (OSError, ValidationError) as exc:
        raise SettingsError(
            f"GRAPHMEM_PRICES={str(path)!r} is no price file ({exc}); write "
            '{"model": {"input": 0.15, "cached": 0.075, "output": 0.6}}.'
        ) from exc


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return a model's price, that of the name without its date where the dated one has none; None if unknown."""
    return prices.get(model) or prices.get(_DATE.sub("", model))
