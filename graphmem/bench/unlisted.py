"""The package's ontology without the words of questions, to measure how words are read that nobody listed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import resources

from graphmem.bench.multihop_phrasings import HALVES, Phrasings, relations
from graphmem.ontology import Ontology, load_ontology
from graphmem.read.question import stems
from graphmem.text import STOP_WORDS

# Words that carry no meaning of their own.
_LIGHT = "one name someone both same other up out off down amid among behind above within not too all must"
_FREE = {stem for word in [*STOP_WORDS, *_LIGHT.split()] for stem in stems(word)}


def content(text: str) -> set[str]:
    """Return the stems of the words that carry meaning in a phrasing or a paraphrase."""
    plain = re.sub(r"\{x\}('s)?|[^A-Za-z']", " ", text)
    return {stem for stem in stems(plain) if stem not in _FREE}


def unlisted_ontology(phrasings: Phrasings) -> str:
    """Return the ontology as a file, without the paraphrases that share a word with these phrasings or the halves."""
    asked = {
        word
        for kind in {*HALVES, phrasings}
        for r in relations(kind)
        for phrase in (*r.nouns, *r.questions)
        for word in content(phrase)
    }
    plain = (resources.files("graphmem") / "ontology.toml").read_text(encoding="utf-8")
    return "\n".join([plain, *_sections(load_ontology(), asked)])


def _sections(ontology: Ontology, asked: set[str]) -> list[str]:
    lines: list[str] = []
    for name, predicate in ontology.predicates.items():
        said = predicate.paraphrases
        lines += [f"[paraphrases.{name}]", _list("object", said.object, asked)]
        if predicate.inverse != name:
            lines.append(_list("subject", said.subject, asked))
    return lines


def _list(end: str, phrases: Sequence[str], asked: set[str]) -> str:
    # Strings of JSON are strings of TOML.
    return f"{end} = {json.dumps([p for p in phrases if asked.isdisjoint(content(p))])}"
