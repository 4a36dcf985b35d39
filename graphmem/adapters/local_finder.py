"""Plain statements found without a language model: a small set of English patterns, and spaCy's entities if installed.

The patterns are few and strict, and what they find is of low confidence: it closes nothing, and a model that reads the
same messages later takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from graphmem.errors import SettingsError
from graphmem.models import Episode, Interval, Literal, Mention, Role, Triple
from graphmem.ontology import LiteralKind, Ontology
from graphmem.ports import FoundText

if TYPE_CHECKING:
    from spacy.language import Language  # pyright: ignore[reportMissingImports]

CONFIDENCE = 0.3
_NAME = r"(?P<value>[A-Z][\w'-]*(?: (?:of |de |van |von |the )?[A-Z][\w'-]*){0,3})"
_PET = r"(?:dog|cat|puppy|kitten|horse|parrot|rabbit|hamster|turtle|tortoise)"
_RELATIVES = (
    (r"wife|husband|spouse", "MARRIED_TO"),
    (r"partner|girlfriend|boyfriend", "PARTNER_OF"),
    (r"brother|sister", "SIBLING_OF"),
    (r"son|daughter", "PARENT_OF"),
    (r"mother|father|mom|mum|dad", "CHILD_OF"),
    (r"boss|manager", "REPORTS_TO"),
    (r"best friend|friend", "FRIEND_OF"),
    (r"colleague|coworker", "COLLEAGUE_OF"),
)
_PATTERNS = tuple(
    (re.compile(pattern), predicate)
    for pattern, predicate in (
        (rf"\bI live in {_NAME}", "LIVES_IN"),
        (rf"\bI(?:'m| am) (?:originally )?from {_NAME}", "FROM"),
        (rf"\bI work (?:at|for) {_NAME}", "WORKS_AT"),
        (r"\bI work as an? (?P<value>[a-z][a-z ]{2,40}?)(?=[.,;!]| (?:at|for|in)\b|$)", "HAS_ROLE"),
        (rf"\bI study at {_NAME}", "STUDIES_AT"),
        (rf"\bI studied at {_NAME}", "STUDIED_AT"),
        (r"\bI(?:'m| am) (?P<value>\d{1,3}) years old\b", "AGE"),
        (rf"\b(?:I|[Ww]e) have an? {_PET}(?:,| named| called)+ {_NAME}", "HAS_PET"),
        (rf"\b[Mm]y {_PET}(?:'s name)? is (?:named |called )?{_NAME}", "HAS_PET"),
        (r"\bI(?:'m| am) allergic to (?P<value>[a-z]+)\b", "ALLERGIC_TO"),
        *((rf"\b[Mm]y (?:{who})(?:'s name)? is {_NAME}", predicate) for who, predicate in _RELATIVES),
    )
)
# What is asked, denied, wished, over or reported is not plainly said.
_NOT_PLAIN = re.compile(
    r"\?|\b(?:not|never|no longer|if|wish|would|could|might|maybe|used to|said|says|pretend|imagine)\b|n't\b", re.I
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_TYPES = {
    "PERSON": "Person",
    "PER": "Person",
    "GPE": "Place",
    "LOC": "Place",
    "FAC": "Place",
    "ORG": "Organization",
    "EVENT": "Event",
    "WORK_OF_ART": "Work",
    "PRODUCT": "Thing",
}


@dataclass(frozen=True)
class LocalFinder:
    """Finds statements by patterns; entities too, where a spaCy model is named (a package or a folder)."""

    ontology: Ontology
    spacy_model: str | None = None

    def find(self, exchange: Sequence[Episode]) -> FoundText:
        """Return what people in an exchange name and plainly say; raises SettingsError for a spaCy model that lacks."""
        people = [e for e in exchange if e.role is Role.USER]
        triples = tuple(t for e in people for t in self._triples(e))
        values = (
            Mention(name=t.object, type=self.ontology.predicate(t.predicate).objects[0])
            for t in triples
            if isinstance(t.object, str)
        )
        return FoundText(mentions=(*values, *(m for e in people for m in self._mentions(e))), triples=triples)

    def _triples(self, episode: Episode) -> Iterator[Triple]:
        for sentence in _SENTENCE.findall(episode.text):
            if _NOT_PLAIN.search(sentence):
                continue
            for pattern, predicate in _PATTERNS:
                if predicate in self.ontology.predicates and (found := pattern.search(sentence)) is not None:
                    yield Triple(
                        subject=episode.speaker,
                        predicate=predicate,
                        object=self._object(predicate, found["value"].strip()),
                        episode_id=episode.id,
                        quote=found[0].strip(),
                        interval=Interval(start=episode.at, stated=False),
                        confidence=CONFIDENCE,
                    )

    def _object(self, predicate: str, value: str) -> str | Literal:
        kind = self.ontology.predicate(predicate).literal
        if kind is None:
            return value
        return Literal(text=value, number=float(value) if kind is LiteralKind.NUMBER else None)

    def _mentions(self, episode: Episode) -> Iterator[Mention]:
        if self.spacy_model is not None:
            for entity in self._spacy(episode.text).ents:
                if entity.label_ in _TYPES:
                    yield Mention(name=entity.text, type=self.ontology.type(_TYPES[entity.label_]))

    @cached_property
    def _spacy(self) -> Language:
        name = str(self.spacy_model)
        try:
            import spacy  # noqa: PLC0415  (an extra, and slow to import)

            return spacy.load(name)
        except (ImportError, OSError) as exc:
            raise SettingsError(
                f"GRAPHMEM_SPACY_MODEL={name!r} cannot be loaded ({exc}). Install graphmem[spacy] and that model, or "
                "name the folder that it lies in."
            ) from exc
