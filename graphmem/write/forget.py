"""Requests to forget: what a speaker asks to forget is shown by no read again, nor are the words of the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphmem import lucene, rows
from graphmem.models import (
    Conflict,
    ConflictKind,
    Entity,
    Episode,
    Fact,
    Polarity,
    Rule,
    RuleState,
    Scope,
    Statement,
)
from graphmem.ontology import NOTED, Ontology
from graphmem.operations import Forget, Hide, Skip
from graphmem.ports import Reader
from graphmem.serial import load_rule
from graphmem.text import fold, named_in, spaceless
from graphmem.write.keys import keys_of
from graphmem.write.retext import text_of
from graphmem.write.settle import Decision, Settled, Unsettled, same_place

REMOVED = "[removed]"
LEAST_LETTERS = 4
_MOST = 1000


def neutral(fact: Fact, ontology: Ontology) -> str:
    """Return how a forgotten fact reads: its subject and what was said of it, without the value."""
    if fact.predicate == NOTED:
        return f"{fact.subject}: {REMOVED}"
    return text_of(replace(fact, object=REMOVED, literal=None), ontology)


async def find_forgotten(
    stated: Sequence[Statement], scope: Scope, ontology: Ontology, reader: Reader
) -> dict[int, list[Fact]]:
    """Return for each request to forget, by its place, the facts that it names, believed still or not."""
    asked = {i: s.fact for i, s in enumerate(stated) if s.polarity is Polarity.FORGET}
    if not asked:
        return {}
    items = [{"i": i, **_keys(f, ontology)} for i, f in asked.items()]
    hits = await reader.read("facts_to_forget", scope=scope.key, items=items)
    ids = sorted({hit["fact"] for hit in hits})
    found = await reader.read("facts_by_ids", scopes=[scope.key], ids=ids) if ids else []
    facts = {f.id: f for f in map(rows.fact, found)}
    return {i: [facts[h["fact"]] for h in hits if h["i"] == i and _means(asked[i], facts[h["fact"]])] for i in asked}


def _means(asked: Fact, fact: Fact) -> bool:
    """Tell whether a fact that was found from the other end is about the value that the request names."""
    turned = fact.object_id == asked.subject_id and fact.subject_id != asked.subject_id
    return not (turned and asked.object_id and fact.subject_id != asked.object_id)


def _keys(fact: Fact, ontology: Ontology) -> dict[str, str]:
    keys = keys_of(fact, ontology)
    inverse = {"object": fact.subject_id, "inverse": ontology.predicate(fact.predicate).inverse or ""}
    if fact.normal:
        return {"value_key": keys.value, "slot_key": "", **inverse}
    # A note is about anything: which ones are meant is for the model to say.
    return {"value_key": "", "slot_key": "" if fact.predicate == NOTED else keys.slot, **inverse}


def settle_request(
    statement: Statement, named: Sequence[Fact], near: Sequence[Conflict], speaker: str, subject: Entity, text: str
) -> Decision:
    """Decide about a request to forget; only who said a thing, or whom it is about, may ask."""
    about_them = fold(speaker) in subject.names
    allowed = [f for f in named if about_them or _said_by(f, speaker)]
    request = Hide(episode_ids=(statement.fact.sources[0].episode_id,))
    if allowed:
        forgotten = tuple(Forget(fact_id=f.id, text=text) for f in allowed)
        return Settled(statement=statement, operations=(*forgotten, request), reason="its speaker asked to forget it")
    alike = [c for c in near if c.kind is ConflictKind.NEAR and (about_them or _said_by(c.fact, speaker))]
    if alike:
        return Unsettled(statement=statement, conflicts=tuple(alike))
    skip = Skip(text=text)
    if named and not about_them:
        reason = "only who said it, or whom it is about, can ask to forget it"
        return Settled(statement=statement, operations=(skip,), reason=reason)
    return Settled(statement=statement, operations=(skip, request), reason="asked to forget what is not known")


def _said_by(fact: Fact, speaker: str) -> bool:
    return bool(fact.sources) and all(fold(s.speaker) == fold(speaker) for s in fact.sources)


def asked_back(one: Statement, requests: Sequence[Statement]) -> bool:
    """Tell whether a later message of the same exchange asks to forget a statement."""
    new = one.fact
    return any(same_place(new, r.fact) and r.fact.normal in {"", new.normal} for r in requests)


def dropped(statement: Statement, text: str) -> Settled:
    """Return the decision about a statement that a later message of the same exchange asks to forget."""
    hidden = Hide(episode_ids=(statement.fact.sources[0].episode_id,))
    return Settled(
        statement=statement, operations=(Skip(text=text), hidden), reason="its speaker asked at once to forget it"
    )


async def with_hidden(settled: Sequence[Settled], scope: Scope, reader: Reader) -> tuple[Settled, ...]:
    """Return the decisions, requests to forget with all earlier messages that hold what is to be forgotten."""
    hides = [any(isinstance(op, Hide) for op in d.operations) for d in settled]
    return tuple([await _hiding(d, scope, reader) if h else d for d, h in zip(settled, hides, strict=True)])


async def _hiding(decision: Settled, scope: Scope, reader: Reader) -> Settled:
    ids = [op.fact_id for op in decision.operations if isinstance(op, Forget)]
    found = await reader.read("facts_by_ids", scopes=[scope.key], ids=ids) if ids else []
    facts = [rows.fact(row) for row in found]
    own = decision.statement.fact
    episodes = {s.episode_id for f in [*facts, own] for s in f.sources}
    names = await value_names([*facts, own], scope, reader)
    episodes |= {r.source.episode_id for r in await _promised(own, scope, reader)}
    episodes |= {e.id for e in await _naming(names, own.sources[0].episode_id, set(ids), scope, reader)}
    kept = tuple(op for op in decision.operations if not isinstance(op, Hide))
    return replace(decision, operations=(*kept, Hide(episode_ids=tuple(sorted(episodes)))))


async def _promised(asked: Fact, scope: Scope, reader: Reader) -> list[Rule]:
    """Return the rules that would lead to what is asked to be forgotten."""
    stored = await reader.read("rules_of_scopes", scopes=[scope.key], state=RuleState.WAITING.value)
    rules = [load_rule(row["rule"]) for row in stored]
    return [
        r
        for r in rules
        if (r.fact.subject_id, r.fact.predicate) == (asked.subject_id, asked.predicate)
        and asked.normal in {"", r.fact.normal}
    ]


async def value_names(facts: Sequence[Fact], scope: Scope, reader: Reader) -> set[str]:
    """Return all forms under which the values of facts appear in texts."""
    names = {n for f in facts for n in (f.value, *(s.object_surface for s in f.sources))}
    for canonical in sorted({f.object_id for f in facts if f.object_id}):
        for row in await reader.read("entities_merged", scope=scope.key, canonical=canonical):
            entity = rows.entity(row["entity"])
            names |= {entity.name, *entity.aliases}
    return {n for n in names if n.strip()}


async def _naming(names: set[str], request: str, forgotten: set[str], scope: Scope, reader: Reader) -> list[Episode]:
    """Return the messages up to the request that name the value, but for those that other believed facts rest on."""
    telling = [n for n in names if _telling(n)]
    text = lucene.scoped([scope], (w for n in telling for w in lucene.words(n)))
    if text is None:
        return []
    hits = await reader.read("episodes_saying", scopes=[scope.key], text=text, limit=_MOST)
    found = await reader.read("episodes_by_ids", scopes=[scope.key], ids=[request, *(h["id"] for h in hits)])
    episodes = {e.id: e for e in (rows.episode(row["episode"]) for row in found)}
    until = episodes[request].seq
    naming = [e for e in episodes.values() if e.seq <= until and named_in(e.text, telling)]
    stated = await reader.read("facts_of_episodes", scope=scope.key, ids=[e.id for e in naming])
    theirs = {row["episode_id"] for row in stated if row["fact_id"] not in forgotten and named_in(row["text"], telling)}
    return [e for e in naming if e.id not in theirs]


def _telling(name: str) -> bool:
    """Tell whether a name is enough of a word to be looked for in other messages: Rio is, tea and 34 are not."""
    if name.replace(".", "").isdigit():
        return False
    least = 2 if spaceless(name) else LEAST_LETTERS - 1 if name[0].isupper() else LEAST_LETTERS
    return len(name) >= least
