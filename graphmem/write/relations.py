"""Relation generator: the labelled, dated triples of an exchange, from the model's reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem.dates import after, parse_date
from graphmem.errors import ReplyRefused
from graphmem.models import (
    Condition,
    Episode,
    Ground,
    Interval,
    Literal,
    Modality,
    Polarity,
    Precision,
    Role,
    StatedRule,
    Triple,
)
from graphmem.ontology import RELATED_TO, LiteralKind, Ontology, Predicate
from graphmem.text import fold
from graphmem.write.replies import ExtractionReply, RuleReply, TripleReply


def generate_relations(reply: ExtractionReply, exchange: Sequence[Episode], ontology: Ontology) -> tuple[Triple, ...]:
    """Return the reply's triples, checked: message shown, words quoted as said, dates readable, object fitting.

    Raises ReplyRefused, naming the triple. A predicate outside the ontology becomes RELATED_TO.

    Source: Mem0g (arXiv 2504.19413) section 2.2, relationship generator.
    """
    shown = _shown(exchange)
    return tuple(_triple(_Read(number, t), shown, ontology) for number, t in enumerate(reply.triples, start=1))


def generate_rules(reply: ExtractionReply, exchange: Sequence[Episode], ontology: Ontology) -> tuple[StatedRule, ...]:
    """Return the consequences that are stated ahead, checked like triples; raises ReplyRefused."""
    shown = _shown(exchange)
    return tuple(_rule(r, number, shown, ontology) for number, r in enumerate(reply.rules, start=1))


def _shown(exchange: Sequence[Episode]) -> dict[str, Episode]:
    return {f"M{i}": e for i, e in enumerate(exchange, start=1)}


def _rule(reply: RuleReply, number: int, shown: Mapping[str, Episode], ontology: Ontology) -> StatedRule:
    then = TripleReply(
        message=reply.message,
        quote=reply.quote,
        **reply.then.model_dump(exclude={"polarity"}),
        polarity=Polarity(reply.then.polarity),
        modality=Modality.SAID,
        valid_from=None,
        valid_to=None,
        confidence=1,
    )
    when = reply.when
    return StatedRule(
        when=Condition(event=when.event, subject=when.subject, predicate=when.predicate, object=when.object),
        then=_triple(_Read(number, then, "rule"), shown, ontology),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    reply: TripleReply
    kind: str = "triple"

    def refused(self, why: str) -> ReplyRefused:
        r = self.reply
        return ReplyRefused(f"{self.kind} {self.number} ({r.subject} {r.predicate} {r.object or r.value}): {why}.")


def _triple(read: _Read, shown: Mapping[str, Episode], ontology: Ontology) -> Triple:
    reply = read.reply
    episode = shown.get(reply.message)
    if episode is None:
        raise read.refused(f"message {reply.message!r} is not one of {', '.join(shown)}")
    if episode.role is not Role.USER:
        raise read.refused(f"message {reply.message} is the {episode.role.value}'s, which is no source")
    if fold(reply.quote) not in fold(episode.text):
        raise read.refused(f"the quote {reply.quote!r} is not in {reply.message}")
    known = reply.predicate in ontology.predicates
    predicate = ontology.predicate(reply.predicate)
    return Triple(
        subject=reply.subject,
        predicate=predicate.name if known else RELATED_TO,
        raw_predicate="" if known else reply.predicate,
        object=_object(read, predicate, known),
        episode_id=episode.id,
        quote=reply.quote,
        interval=_interval(read, episode.at),
        polarity=reply.polarity,
        modality=reply.modality,
        confidence=reply.confidence,
        rests_on=tuple(Ground(subject=g.subject, predicate=g.predicate) for g in reply.rests_on),
    )


def _object(read: _Read, predicate: Predicate, known: bool) -> str | Literal | None:
    reply = read.reply
    if reply.polarity is Polarity.FORGET and reply.object is None and reply.value is None:
        return None
    if predicate.literal is None:
        if reply.object is not None:
            return reply.object
        if known:
            raise read.refused(f"{predicate.name} needs an entity in `object`")
    text = reply.value or reply.object
    if text is None:
        raise read.refused("neither `object` nor `value` says what")
    forgets = reply.polarity is Polarity.FORGET
    if predicate.literal is LiteralKind.NUMBER and reply.number is None and not forgets:
        raise read.refused(f"{predicate.name} needs a `number`")
    date = _date(read, text)[0] if predicate.literal is LiteralKind.DATE else None
    return Literal(text=text, number=reply.number, unit=reply.unit, date=date)


def _interval(read: _Read, said: datetime) -> Interval:
    reply = read.reply
    end: datetime | None = None
    if reply.valid_to is not None:
        last, precision = _date(read, reply.valid_to)
        end = after(last, precision)
        if reply.valid_from is None:
            # Only the end was stated: the start is the last moment that is sure.
            return Interval(start=min(said, last), end=end, precision=precision, stated=False)
    if reply.valid_from is None:
        return Interval(start=said, precision=Precision.INSTANT, stated=False)
    start, precision = _date(read, reply.valid_from)
    if end is not None and end <= start:
        raise read.refused(f"it ends ({reply.valid_to}) before it starts ({reply.valid_from})")
    return Interval(start=start, end=end, precision=precision, stated=True)


def _date(read: _Read, text: str) -> tuple[datetime, Precision]:
    try:
        return parse_date(text)
    except ValueError as exc:
        raise read.refused(f"{text!r} is no date ({exc}); write YYYY, YYYY-MM or YYYY-MM-DD") from exc
