"""Who and what is talked about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphmem.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Somebody or something with a name; `canonical_id` differs from `id` once it was merged into another."""

    id: str
    scope: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    canonical_id: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases, each once, folded."""
        return tuple(dict.fromkeys(fold(n) for n in (self.name, *self.aliases)))

    @property
    def described(self) -> str:
        """The name with type and aliases, as prompts show it."""
        also = f", also {', '.join(self.aliases)}" if self.aliases else ""
        return f"{self.name} ({self.type}{also})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An entity as a text names it."""

    name: str
    type: str
    aliases: tuple[str, ...] = ()


class Sameness(StrEnum):
    """Whether two entities of like names are one: to be reviewed, decided to be one, or never to be asked again."""

    PENDING = "pending"
    SAME = "same"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPair:
    """Two entities whose names are so alike that they may be one; `entity` came later."""

    entity: Entity
    other: Entity
    state: Sameness = Sameness.PENDING

    @property
    def label(self) -> str:
        """The name under which recordings know it."""
        return f"{self.entity.name} | {self.other.name}"
