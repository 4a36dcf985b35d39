"""What the chat model is asked to answer, as pydantic schemas: the edge where its words come in."""

from __future__ import annotations

from html import unescape
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from graphmem.models import Modality, Polarity
from graphmem.operations import InvalidateKind

# Messages are shown with &, < and > escaped, and models copy what they see.
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(unescape)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(unescape)]
Date = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntityReply(_Reply):
    """One entity as the model names it."""

    name: Name
    type: Name
    aliases: list[Name] = Field(max_length=20)


class TripleReply(_Reply):
    """One labelled triple as the model states it."""

    message: Name
    quote: Text
    subject: Name
    predicate: Name
    object: Name | None
    value: Text | None
    number: float | None
    unit: str | None
    valid_from: Date | None
    valid_to: Date | None
    polarity: Polarity
    modality: Modality
    confidence: Annotated[float, Field(ge=0, le=1)]


class ExtractionReply(_Reply):
    """Entities and triples of one exchange."""

    entities: list[EntityReply] = Field(max_length=200)
    triples: list[TripleReply] = Field(max_length=200)


class DecisionReply(_Reply):
    """One decision about one triple, the reason first."""

    reason: Text
    triple: Name
    action: Literal["add", "merge", "invalidate", "skip"]
    fact: Name | None
    at: Date | None
    kind: InvalidateKind | None


class ResolutionReply(_Reply):
    """A decision for every triple that met something."""

    decisions: list[DecisionReply] = Field(max_length=400)
