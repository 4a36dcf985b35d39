"""Relation generator: the labelled, dated triples of an exchange, from the model's reply."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem.dates import WRITE, after, parse_date
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
from graphmem.write.replies import NAME_CHARACTERS, RelationsReply, RuleReply, TripleReply

_NUMBER = re.compile(r"-?\d(?:[\d,_]|[ ](?=\d{3}\b))*(?:\.\d+)?")
_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """The triples and rules of a reply as values, the part of it that they come from, and why the rest was dropped."""

    triples: tuple[Triple, ...]
    rules: tuple[StatedRule, ...]
    kept: RelationsReply
    dropped: tuple[str, ...] = ()


def generate_relations(reply: RelationsReply, exchange: Sequence[Episode], ontology: Ontology) -> Relations:
    """Check what a reply states: message shown, words quoted as said, dates readable, object fitting.

    What fails is dropped, with the reason; where nothing is left ReplyRefused is raised. A predicate outside the
    ontology becomes RELATED_TO.

    Source: Mem0g (arXiv 2504.19413) section 2.2, relationship generator.
    """
    shown = {f"M{i}": e for i, e in enumerate(exchange, start=1)}
    triples: list[tuple[TripleReply, Triple]] = []
    rules: list[tuple[RuleReply, StatedRule]] = []
    dropped: list[str] = []
    for number, stated in enumerate(_once(reply.triples), start=1):
        try:
            triples.append((stated, _triple(_Read(number, stated), shown, ontology)))
        except ReplyRefused as exc:
            dropped.append(str(exc))
    for number, stated in enumerate(reply.rules, start=1):
        try:
            rules.append((stated, _rule(stated, number, shown, ontology)))
        except ReplyRefused as exc:
            dropped.append(str(exc))
    if dropped and not triples and not rules:
        raise ReplyRefused(" ".join(dropped[:_TOLD]))
    kept = RelationsReply(triples=[t for t, _ in triples], rules=[r for r, _ in rules])
    return Relations(
        triples=tuple(t for _, t in triples), rules=tuple(r for _, r in rules), kept=kept, dropped=tuple(dropped)
    )


def _once(stated: Sequence[TripleReply]) -> list[TripleReply]:
    """Return each triple once, since models repeat themselves."""
    return list({t.model_dump_json(): t for t in stated}.values())


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
        return ReplyRefused(f"{self.kind} {self.number} ({r.subject} {r.predicate} {r.object}): {why}.")


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
        object=_object(read, predicate),
        episode_id=episode.id,
        quote=reply.quote,
        interval=_interval(read, episode.at),
        polarity=reply.polarity,
        modality=reply.modality,
        confidence=reply.confidence,
        rests_on=tuple(Ground(subject=g.subject, predicate=g.predicate) for g in reply.rests_on),
    )


def _object(read: _Read, predicate: Predicate) -> str | Literal | None:
    text, forgets = read.reply.object, read.reply.polarity is Polarity.FORGET
    if text is None:
        if forgets:
            return None
        raise read.refused("`object` says nothing")
    if predicate.literal is None:
        if len(text) > NAME_CHARACTERS:
            raise read.refused(f"{predicate.name} needs an entity, not a text of {len(text)} letters")
        return text
    number, unit = _number(text) if predicate.literal is LiteralKind.NUMBER else (None, None)
    if predicate.literal is LiteralKind.NUMBER and number is None and not forgets:
        raise read.refused(f"{predicate.name} needs a number in digits")
    date = _date(read, text)[0] if predicate.literal is LiteralKind.DATE else None
    return Literal(text=text, number=number, unit=unit, date=date)


def _number(text: str) -> tuple[float | None, str | None]:
    """Return the first number of a text, None beyond all measure, and what is after it, or before it as in "$400"."""
    found = _NUMBER.search(text)
    if found is None:
        return None, None
    unit = text[found.end() :].strip() or text[: found.start()].strip()
    number = float(found[0].replace(",", "").replace("_", "").replace(" ", ""))
    return (number if math.isfinite(number) else None), unit or None


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
        raise read.refused(f"{text!r} is no date ({exc}); write {WRITE}") from exc
