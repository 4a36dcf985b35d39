"""Entity extractor: the typed mentions of an exchange, from the model's reply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.models import Episode, Mention, Role
from graphmem.ontology import Ontology
from graphmem.text import fold
from graphmem.write.replies import EntityReply, RelationsReply


def extract_entities(
    listed: Sequence[EntityReply], stated: RelationsReply, exchange: Sequence[Episode], ontology: Ontology
) -> tuple[Mention, ...]:
    """Return every entity that a reply lists or states something of, each once, with the speakers first.

    What a triple names without its being listed is typed by the predicate's first object type.

    Source: Mem0g (arXiv 2504.19413) section 2.2, entity extractor.
    """
    found: dict[str, Mention] = {}
    for mention in (*speakers(exchange), *_listed(listed, ontology), *_unlisted(listed, stated, ontology)):
        key = next((fold(n) for n in (mention.name, *mention.aliases) if fold(n) in found), fold(mention.name))
        known = found.get(key)
        found[key] = mention if known is None else _joined(known, mention)
    return tuple(found.values())


def speakers(exchange: Sequence[Episode]) -> tuple[Mention, ...]:
    """Return the people who speak in an exchange."""
    names = dict.fromkeys(e.speaker for e in exchange if e.role is Role.USER)
    return tuple(Mention(name=name, type="Person") for name in names)


def _listed(listed: Sequence[EntityReply], ontology: Ontology) -> list[Mention]:
    return [Mention(name=e.name, type=ontology.type(e.type), aliases=tuple(dict.fromkeys(e.aliases))) for e in listed]


def _unlisted(listed: Sequence[EntityReply], stated: RelationsReply, ontology: Ontology) -> list[Mention]:
    known = {fold(n) for e in listed for n in (e.name, *e.aliases)}
    mentions: list[Mention] = []
    for subject, predicate_name, value in _named(stated):
        predicate = ontology.predicate(predicate_name)
        if fold(subject) not in known:
            mentions.append(Mention(name=subject, type="Thing"))
        if value is not None and predicate.literal is None and fold(value) not in known:
            mentions.append(Mention(name=value, type=predicate.objects[0]))
    return mentions


def _named(reply: RelationsReply) -> Iterator[tuple[str, str, str | None]]:
    """Yield subject, predicate and object of all that a reply states."""
    for triple in reply.triples:
        yield triple.subject, triple.predicate, triple.object
        yield from ((ground.subject, ground.predicate, None) for ground in triple.rests_on)
    for rule in reply.rules:
        yield from ((part.subject, part.predicate, part.object) for part in (rule.when, rule.then))


def _joined(known: Mention, other: Mention) -> Mention:
    names = [n for n in (other.name, *known.aliases, *other.aliases) if fold(n) != fold(known.name)]
    aliases = {fold(n): n for n in reversed(names)}
    return Mention(
        name=known.name,
        type=known.type if known.type != "Thing" else other.type,
        aliases=tuple(reversed(aliases.values())),
    )
