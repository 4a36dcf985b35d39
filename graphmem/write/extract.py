"""The one question of the extraction: the latest exchange, the rolling summary, the last messages, the known names.

Source: Mem0 (arXiv 2504.19413) section 2.1 gives the model these three contexts; the known names are added here.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from graphmem.models import Entity, Episode
from graphmem.ontology import Ontology
from graphmem.ports import ChatRequest
from graphmem.prompts import render
from graphmem.write.replies import ExtractionReply

KIND = "extract"
KNOWN_SHOWN = 40


def extraction_request(
    exchange: Sequence[Episode],
    earlier: Sequence[Episode],
    known: Sequence[Entity],
    summary: str,
    ontology: Ontology,
) -> ChatRequest:
    """Return the request for entities and triples of an exchange, its messages under the ids M1, M2 ..."""
    short = {e.message_id: f"M{i}" for i, e in enumerate(exchange, start=1)}
    prompt = render(
        "extract",
        {
            "types": ", ".join(ontology.types),
            "predicates": _predicates(ontology),
            "summary": summary or "nothing yet",
            "known": "; ".join(e.described for e in known[:KNOWN_SHOWN]) or "none yet",
            "earlier": "\n".join(_line("-", e) for e in earlier) or "none",
            "exchange": "\n".join(_line(short[e.message_id], e) for e in exchange),
        },
    )
    return ChatRequest(
        kind=KIND,
        prompt_version=prompt.version,
        system=prompt.system,
        user=prompt.user,
        schema=ExtractionReply,
        message_ids=tuple(e.message_id for e in exchange),
        names={f"message:{name}": i for name, i in short.items()},
    )


def _predicates(ontology: Ontology) -> str:
    return "\n".join(
        f'- {p.name}: "{p.phrase}" {p.literal.value if p.literal else "/".join(p.objects)}, '
        f"{p.kind.value}{', one at a time' if p.exclusive else ''}"
        for p in ontology.predicates.values()
    )


def _line(mark: str, episode: Episode) -> str:
    # Escaped, so that no message can close the fence that marks it as data.
    said = html.escape(f"{episode.speaker}: {episode.text}", quote=False)
    return f"{mark} [{episode.at:%Y-%m-%d %a %H:%M}] ({episode.role.value}) {said}"
