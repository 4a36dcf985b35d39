"""How near an answer's words are to the right answer's: F1 as LoCoMo counts it, and BLEU-1, both by nltk's parts."""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import cache
from typing import Any

from graphmem.bench.extra import needed

MULTI_HOP, OPEN_DOMAIN = 1, 3
_ARTICLES = re.compile(r"\b(a|an|the|and)\b")
_PURPOSE = "scoring answers"


def f1(answer: str, gold: str, category: int = 0) -> float:
    """Return the harmonic mean of precision and recall of stemmed words, 0 to 1 (LoCoMo's `task_eval`).

    A multi-hop answer is a list: each item of the right one takes the nearest of the answer's, and the mean counts. Of
    an open-domain one only what stands before a semicolon counts.
    """
    if category == MULTI_HOP:
        given = [part for part in answer.split(",") if part.strip()] or [answer]
        items = [max(_overlap(part, wanted) for part in given) for wanted in gold.split(",")]
        return sum(items) / len(items)
    return _overlap(answer, gold.split(";", maxsplit=1)[0] if category == OPEN_DOMAIN else gold)


def bleu1(answer: str, gold: str) -> float:
    """Return the share of the answer's words that are in the right one, less for a shorter answer, 0 to 1.

    Papineni et al., 2002, for single words, a word counting as often as it is in the right answer.
    """
    words, wanted = _words(answer), _words(gold)
    if not words or not wanted:
        return float(words == wanted)
    score = needed("nltk.translate.bleu_score", _PURPOSE).sentence_bleu([wanted], words, weights=(1.0,))
    return float(score)


def _overlap(answer: str, gold: str) -> float:
    given, wanted = (Counter(_stem(w) for w in _words(text)) for text in (answer, gold))
    same = (given & wanted).total()
    if not same:
        return float(given == wanted)
    precision, recall = same / given.total(), same / wanted.total()
    return 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", bare).split()


@cache
def _stemmer() -> Any:
    return needed("nltk.stem", _PURPOSE).PorterStemmer()


@cache
def _stem(word: str) -> str:
    return _stemmer().stem(word)
