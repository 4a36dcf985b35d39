"""The questions of the extraction: the latest exchange, the rolling summary, the last messages, the known names.

Source: Mem0 (arXiv 2504.19413) section 2.1 gives the model these three contexts; the known names are added here. Mem0g
(section 2.2) asks for entities first and then for the relations between them; here that is one question by default.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from graphmem.models import Entity, Episode
from graphmem.ontology import Ontology
from graphmem.ports import ChatRequest
from graphmem.prompts import render
from graphmem.write.replies import EntitiesReply, EntityReply, ExtractionReply, RelationsReply

EXTRACT, ENTITIES, RELATIONS = "extract", "entities", "relations"
KNOWN_SHOWN = 40
_SET_IN = "\n      "


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """What the model is shown of a conversation: the exchange, the last messages, the known names, the summary."""

    exchange: Sequence[Episode]
    earlier: Sequence[Episode] = ()
    known: Sequence[Entity] = ()
    summary: str = ""

    def rendered(self) -> dict[str, str]:
        """Return the values of the prompts' placeholders, the exchange under the ids M1, M2 ..."""
        return {
            "summary": html.escape(self.summary, quote=False) or "nothing yet",
            "known": html.escape("; ".join(e.described for e in self.known[:KNOWN_SHOWN]), quote=False) or "none yet",
            "earlier": "\n".join(message_line("-", e) for e in self.earlier) or "none",
            "exchange": "\n".join(message_line(f"M{i}", e) for i, e in enumerate(self.exchange, start=1)),
        }


def extraction_request(contexts: Contexts, ontology: Ontology) -> ChatRequest:
    """Return the request for entities, triples and rules of an exchange."""
    return _request(EXTRACT, ExtractionReply, contexts, {**_types(ontology), **_predicates(ontology)})


def entities_request(contexts: Contexts, ontology: Ontology) -> ChatRequest:
    """Return the first of two requests: the entities of an exchange."""
    return _request(ENTITIES, EntitiesReply, contexts, _types(ontology))


def relations_request(contexts: Contexts, entities: Sequence[EntityReply], ontology: Ontology) -> ChatRequest:
    """Return the second of two requests: the triples between the entities of the first."""
    named = "\n".join(f"- {html.escape(', '.join((e.name, *e.aliases)), quote=False)} ({e.type})" for e in entities)
    return _request(RELATIONS, RelationsReply, contexts, {"entities": named or "- none", **_predicates(ontology)})


def _request(kind: str, schema: type[BaseModel], contexts: Contexts, more: Mapping[str, str]) -> ChatRequest:
    prompt = render(kind, {**contexts.rendered(), **more})
    ids = [e.message_id for e in contexts.exchange]
    return ChatRequest(
        kind=kind,
        prompt_version=prompt.version,
        system=prompt.system,
        user=prompt.user,
        schema=schema,
        message_ids=tuple(ids),
        names={f"message:{name}": f"M{i}" for i, name in enumerate(ids, start=1)},
    )


def _types(ontology: Ontology) -> dict[str, str]:
    return {"types": ", ".join(ontology.types)}


def _predicates(ontology: Ontology) -> dict[str, str]:
    """Return the predicates, a line for each kind of object."""
    lines: dict[str, list[str]] = defaultdict(list)
    for predicate in ontology.predicates.values():
        kinds = predicate.objects[0] if len(predicate.objects) == 1 else "any entity"
        star = "*" if predicate.kind.value == "event" and predicate.literal is None else ""
        lines[predicate.literal.value if predicate.literal else kinds].append(f"{predicate.name}{star}")
    return {"predicates": "\n".join(f"- {kind}: {', '.join(names)}" for kind, names in lines.items())}


def message_line(mark: str, episode: Episode) -> str:
    """Return a message as the prompts show it.

    It is escaped, so that none can close the fence that marks it as data, and its lines are set in, so that none looks
    like another message.
    """
    said = _SET_IN.join(html.escape(f"{episode.speaker}: {episode.text}", quote=False).splitlines())
    return f"{mark} [{episode.at:%Y-%m-%d %a %H:%M}] ({episode.role.value}) {said}"
