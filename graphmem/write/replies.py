"""What the chat model is asked to answer, as pydantic schemas: the edge where its words come in."""

from __future__ import annotations

from html import unescape
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from graphmem.models import Modality, Polarity, RuleEvent
from graphmem.operations import InvalidateKind

NAME_CHARACTERS = 300

# Messages are shown with &, < and > escaped, and models copy what they see.
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS), AfterValidator(unescape)
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(unescape)]
Date = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntityReply(_Reply):
    """One entity as the model names it."""

    name: Name
    type: Name
    aliases: list[Name] = Field(max_length=20)


class GroundReply(_Reply):
    """What a triple rests on: what holds of a subject by a predicate."""

    subject: Name
    predicate: Name


class TripleReply(_Reply):
    """One labelled triple as the model states it; the object is a name, or a text, number or date in words."""

    message: Name
    quote: Text
    subject: Name
    predicate: Name
    object: Text | None
    valid_from: Date | None
    valid_to: Date | None
    polarity: Polarity
    modality: Modality
    confidence: Annotated[float, Field(ge=0, le=1)]
    rests_on: list[GroundReply] = Field(default_factory=list[GroundReply], max_length=10)


class ConditionReply(_Reply):
    """What a stated rule waits for."""

    event: RuleEvent
    subject: Name
    predicate: Name
    object: Name | None


class ConsequenceReply(_Reply):
    """What a stated rule leads to."""

    subject: Name
    predicate: Name
    object: Text | None
    polarity: Literal["stated", "denied"]


class RuleReply(_Reply):
    """One consequence that somebody states ahead."""

    message: Name
    quote: Text
    when: ConditionReply
    then: ConsequenceReply


class EntitiesReply(_Reply):
    """Entities of one exchange, the first of two passes."""

    entities: list[EntityReply] = Field(max_length=200)


class RelationsReply(_Reply):
    """Triples and rules of one exchange, the second of two passes."""

    triples: list[TripleReply] = Field(max_length=1000)
    rules: list[RuleReply] = Field(default_factory=list[RuleReply], max_length=50)


class ExtractionReply(RelationsReply, EntitiesReply):
    """Entities, triples and rules of one exchange, in one pass."""


class SummaryReply(_Reply):
    """What was said so far, in short."""

    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=6000)]


class DecisionReply(_Reply):
    """One decision about one triple, the reason first."""

    reason: Text
    triple: Name
    action: Literal["add", "merge", "invalidate", "skip"]
    fact: Name | None
    at: Date | None
    kind: InvalidateKind | None
    rests_on: list[Name] = Field(default_factory=list[Name], max_length=20)


class PairReply(_Reply):
    """One decision about a pair of entities, the reason first."""

    reason: Text
    pair: Name
    action: Literal["add", "merge", "invalidate", "skip"]


class ResolutionReply(_Reply):
    """A decision for every triple that met something, and for every pair of entities."""

    decisions: list[DecisionReply] = Field(max_length=400)
    entities: list[PairReply] = Field(default_factory=list[PairReply], max_length=200)
