"""Linking: which known entity a mention means, and which are new."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from graphmem import lucene, rows
from graphmem.models import (
    Entity,
    EntityPair,
    Fact,
    Ground,
    Literal,
    Mention,
    Rule,
    Scope,
    Source,
    StatedRule,
    Statement,
    Triple,
)
from graphmem.ontology import Kind, Ontology
from graphmem.operations import AddEntity, NameEntity
from graphmem.ports import Reader
from graphmem.text import fold
from graphmem.write.likeness import like
from graphmem.write.retext import text_of

CANDIDATES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Entities by folded name, what linking does to the graph, and new entities that may be known ones."""

    by_name: Mapping[str, Entity]
    by_id: Mapping[str, Entity]
    operations: tuple[AddEntity | NameEntity, ...]
    pairs: tuple[EntityPair, ...] = ()

    def entity(self, name: str) -> Entity:
        """Return the entity that a name of the exchange means."""
        return self.by_name[fold(name)]

    def meant(self, entity: Entity) -> Entity:
        """Return the entity that one was merged into, itself where it was not."""
        return self.by_id.get(entity.canonical_id, entity)


async def link(mentions: Sequence[Mention], scope: Scope, reader: Reader) -> Links:
    """Find each mention among the scope's entities by name or alias, of the same type; new ones get an id."""
    known = await candidates((n for m in mentions for n in (m.name, *m.aliases)), scope, reader, mistyped=True)
    by_name: dict[str, Entity] = {}
    operations: list[AddEntity | NameEntity] = []
    pairs: list[EntityPair] = []
    for mention in mentions:
        entity = meant(mention, known)
        if entity is None:
            entity = Entity(
                id=f"en_{uuid.uuid4().hex[:24]}",
                scope=scope.key,
                name=mention.name,
                type=mention.type,
                aliases=_others(mention.name, mention.aliases),
            )
            entity = replace(entity, canonical_id=entity.id)
            operations.append(AddEntity(entity=entity))
            pairs += [EntityPair(entity=entity, other=k) for k in known if k.canonical_id == k.id and like(entity, k)]
            known.append(entity)
        for alias in (mention.name, *mention.aliases):
            if fold(alias) not in entity.names:
                operations.append(NameEntity(entity_id=entity.id, alias=alias, before=entity.aliases))
                named = replace(entity, aliases=(*entity.aliases, alias))
                known[known.index(entity)] = named
                entity = named
        by_name[fold(mention.name)] = entity
        for alias in mention.aliases:
            by_name.setdefault(fold(alias), entity)
    by_id = {e.id: e for e in known}
    return Links(by_name=by_name, by_id=by_id, operations=tuple(operations), pairs=tuple(pairs))


async def candidates(names: Iterable[str], scope: Scope, reader: Reader, *, mistyped: bool = False) -> list[Entity]:
    """Return the scope's entities that bear one of the names or share a word with one, merged ones as what they are.

    With `mistyped` also those that differ by a letter.
    """
    folded = list(dict.fromkeys(fold(n) for n in names))
    named = {"scopes": [scope.key], "name_keys": [name_key(scope, name) for name in folded]}
    asked: list[tuple[str, dict[str, Any]]] = [("entities_named", named)]
    words = list(dict.fromkeys(word for name in folded for word in lucene.words(name)))
    at_once = lucene.MOST_FUZZY if mistyped else lucene.MOST_WORDS
    for start in range(0, len(words), at_once):
        some = words[start : start + at_once]
        text = lucene.scoped([scope], some, mistyped=some if mistyped else ())
        asked.append(("entities_saying", {"scopes": [scope.key], "text": text, "limit": CANDIDATES}))
    found = await reader.read_all(asked)
    entities = {e.id: e for e in (rows.entity(row["entity"]) for part in found for row in part)}
    others = sorted({e.canonical_id for e in entities.values()} - set(entities))
    if others:
        more = await reader.read("entities_by_ids", scopes=[scope.key], ids=others)
        entities |= {e.id: e for e in (rows.entity(row["entity"]) for row in more)}
    return list(entities.values())


def name_key(scope: Scope, name: str) -> str:
    """Return the indexed form of an entity's first name."""
    return f"{scope.digest} {fold(name)}"[:1000]


def meant(mention: Mention, known: Sequence[Entity]) -> Entity | None:
    """Return the known entity that a mention means, None where it is a new one."""
    name, names = fold(mention.name), {fold(n) for n in (mention.name, *mention.aliases)}
    # Another name alone, "the parade", may be that of two.
    matches = [
        e
        for e in known
        if (name in e.names or fold(e.name) in names) and ("Thing" in (e.type, mention.type) or e.type == mention.type)
    ]
    return min(
        matches,
        key=lambda e: (e.type != mention.type, fold(e.name) not in names, name not in e.names),
        default=None,
    )


def _others(name: str, aliases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for a in aliases if fold(a) != fold(name)))


def statements(
    triples: Sequence[Triple], links: Links, scope: Scope, now: datetime, ontology: Ontology
) -> tuple[Statement, ...]:
    """Return each triple as the fact that it would be, between entities instead of names."""
    return tuple(
        Statement(
            fact=_fact(triple, links, scope, now, ontology),
            polarity=triple.polarity,
            rests_on=tuple(
                Ground(subject=links.meant(links.entity(g.subject)).id, predicate=g.predicate) for g in triple.rests_on
            ),
        )
        for triple in triples
    )


def rules(
    stated: Sequence[StatedRule], links: Links, scope: Scope, now: datetime, ontology: Ontology
) -> tuple[Rule, ...]:
    """Return each stated rule between entities instead of names."""
    return tuple(_rule(s, links, scope, now, ontology) for s in stated)


def _rule(stated: StatedRule, links: Links, scope: Scope, now: datetime, ontology: Ontology) -> Rule:
    when, fact = stated.when, _fact(stated.then, links, scope, now, ontology)
    predicate = ontology.predicate(when.predicate)
    known = when.predicate in ontology.predicates
    named = when.object is not None and predicate.literal is None
    value = links.meant(links.entity(when.object)).id if named and when.object else fold(when.object or "")
    return Rule(
        id=f"ru_{uuid.uuid4().hex[:24]}",
        scope=scope.key,
        text=f'"{stated.then.quote}"',
        event=when.event,
        subject_id=links.meant(links.entity(when.subject)).id,
        predicate=predicate.name,
        raw_predicate="" if known else when.predicate,
        normal=value,
        fact=fact,
        polarity=stated.then.polarity,
        source=fact.sources[0],
        said_at=stated.then.interval.start,
    )


def _fact(triple: Triple, links: Links, scope: Scope, now: datetime, ontology: Ontology) -> Fact:
    subject = links.entity(triple.subject)
    literal = triple.object if isinstance(triple.object, Literal) else None
    named = triple.object if isinstance(triple.object, str) else ""
    target = links.entity(named) if named else None
    value = literal.text if literal else (target.name if target else "")
    fact = Fact(
        id=f"fa_{uuid.uuid4().hex[:24]}",
        scope=scope.key,
        subject_id=subject.canonical_id,
        subject=links.meant(subject).name,
        subject_named=subject.id,
        predicate=triple.predicate,
        raw_predicate=triple.raw_predicate,
        object_id=target.canonical_id if target else None,
        object=links.meant(target).name if target else "",
        object_named=target.id if target else None,
        literal=literal,
        text="",
        interval=triple.interval,
        event=ontology.predicate(triple.predicate).kind is Kind.EVENT,
        created_at=now,
        modality=triple.modality,
        confidence=triple.confidence,
        sources=(
            Source(
                episode_id=triple.episode_id,
                quote=triple.quote,
                subject_surface=triple.subject,
                object_surface=named or value,
            ),
        ),
    )
    return replace(fact, text=text_of(fact, ontology))
