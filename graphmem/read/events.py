"""Times that a question names by something that happened: "before the move", "since she met Ben"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence, Set
from datetime import datetime
from functools import lru_cache

from graphmem import lucene
from graphmem.dates import after
from graphmem.models import Fact, Modality
from graphmem.ontology import Ontology, Predicate
from graphmem.read.question import named_date, stems
from graphmem.read.times.windows import Window
from graphmem.text import fold

SAID = 0.6
"""How much of an event's words, 0 to 1, a fact or its quotes must say to be that event."""
_NAMED = re.compile(r"\b(before|after|since|until|during)\s+([^,;.!?]+)")


def event_window(text: str, facts: Iterable[Fact], known: datetime, ontology: Ontology) -> Window | None:
    """Return the stretch of time that a question names by an event among the facts; None where it names none.

    Where no fact says the event's words, it is the last fact that they may call: "the move" where somebody lives. What
    was not believed at the time `known`, or is to be forgotten, is no event.
    """
    named = _NAMED.search(fold(text))
    if named is None or named_date(named[2]) is not None:
        return None
    wanted = set(stems(" ".join(lucene.content_words(named[2]))))
    told = (f for f in facts if wanted and f.as_known(known) is not None)
    dated = [f for f in told if f.modality is Modality.SAID and (f.event or f.interval.stated)]
    share, event = max(((_share(wanted, f), f) for f in dated), key=lambda s: (s[0], s[1].id), default=(0.0, None))
    if event is None or share < SAID:
        event = _called(wanted, dated, set(stems(text)), ontology)
    return _window(named[1], event) if event is not None else None


def _share(wanted: Collection[str], fact: Fact) -> float:
    held = set(stems(" ".join([fact.text, *(s.quote for s in fact.sources)])))
    return sum(stem in held for stem in wanted) / len(wanted)


def _called(wanted: Set[str], facts: Sequence[Fact], asked: Set[str], ontology: Ontology) -> Fact | None:
    """Return the last fact that these words call, its own or its predicate's; of who is asked about before others."""
    meant = [f for f in facts if wanted <= {*stems(f.text), *_words(ontology.predicate(f.predicate))}]
    return max(meant, key=lambda f: (not asked.isdisjoint(stems(f.subject)), f.interval.start, f.id), default=None)


@lru_cache(maxsize=500)
def _words(predicate: Predicate) -> frozenset[str]:
    """Return the stems of the words by which people call what a predicate says."""
    said = predicate.paraphrases
    return frozenset(stems(" ".join(lucene.content_words(" ".join([*said.object, *said.subject])))))


def _window(when: str, event: Fact) -> Window:
    start, over = event.interval.start, after(event.interval.start, event.interval.precision)
    if when in {"before", "until"}:
        return Window(start=None, end=start)
    if when == "during":
        return Window(start=start, end=over if event.event else event.interval.end)
    return Window(start=start, end=None)
