"""Edits by hand, without a model: decisions, history and undo like any other, with the editor as the source."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from graphmem import rows
from graphmem.dates import after, parse_date
from graphmem.errors import InvalidInput, NotFound, UndoRefused
from graphmem.models import (
    Entity,
    Episode,
    EpisodeState,
    Fact,
    Interval,
    Literal,
    Mention,
    Message,
    Modality,
    Precision,
    Role,
    Scope,
    Triple,
    fold,
)
from graphmem.ontology import LiteralKind, Ontology
from graphmem.operations import Change, ChangeEntity, Cost, InvalidateKind, Operation, Revise, ReviseKind
from graphmem.ports import Clock, Embedder, Reader, Store, Transaction
from graphmem.serial import utc_text
from graphmem.write.apply import Effects, apply_changes
from graphmem.write.consequences import with_doubts
from graphmem.write.episodes import store_episodes
from graphmem.write.ledger import Ledger, Reading
from graphmem.write.link import candidates
from graphmem.write.merge import merge
from graphmem.write.replies import DecisionReply, ResolutionReply
from graphmem.write.resolve import Shown
from graphmem.write.retext import retext
from graphmem.write.settle import closes, overlap
from graphmem.write.undo import built_on, facts_of, inverse, standing

EDITS = "edits"
_ALL = 1_000_000

_Build: TypeAlias = Callable[[Transaction, datetime], Awaitable[tuple[tuple[Operation, ...], str, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement as an editor makes it: names, and the value as a name or a literal."""

    subject: str
    predicate: str
    value: str | Literal
    interval: Interval
    modality: Modality = Modality.SAID


class Editor:
    """Changes what is believed because a person says so."""

    def __init__(self, *, store: Store, embedder: Embedder, clock: Clock, ontology: Ontology, ledger: Ledger) -> None:
        self._store = store
        self._embedder = embedder
        self._clock = clock
        self._ontology = ontology
        self._ledger = ledger

    async def assert_fact(self, stated: Stated, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Believe a statement; what it contradicts is closed when it begins."""
        return await self._ledger.commit(await self._reading(stated, scope, editor), scope)

    async def correct_value(self, fact: Fact, value: str | Literal, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Put another value in a fact's place; the old one was never so."""
        subject = await self._entity(fact.subject_id, scope, self._store)
        stated = Stated(
            subject=subject.name, predicate=fact.predicate, value=value, interval=fact.interval, modality=fact.modality
        )
        reading = await self._reading(stated, scope, editor)
        return await self._ledger.commit(replace(reading, corrects=fact.id), scope)

    async def correct_dates(self, fact: Fact, interval: Interval, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Give a fact other dates; raises InvalidInput where another value holds then."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            known = (await self._facts([fact.id], scope, tx))[fact.id]
            redated = replace(known.state, interval=interval)
            await self._check_place(known.in_state(redated), scope, tx)
            operation = Revise(
                fact_id=known.id, text=known.text, before=known.state, after=redated, kind=ReviseKind.REDATED
            )
            return (operation,), "dates corrected by hand", ()

        return await self._edit(build, scope, editor)

    async def forget(self, fact: Fact, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Believe a fact no more; it can be undone."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            known = (await self._facts([fact.id], scope, tx))[fact.id]
            after = replace(known.state, expired_at=now)
            operation = Revise(
                fact_id=known.id, text=known.text, before=known.state, after=after, kind=ReviseKind.WITHDRAWN
            )
            return (operation,), "forgotten by hand", ()

        return await self._edit(build, scope, editor)

    async def change_entity(
        self, entity: Entity, name: str | None, kind: str | None, scope: Scope, editor: str
    ) -> tuple[Change, ...]:
        """Give an entity another name or type; its old name stays as an alias."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            known = await self._entity(entity.id, scope, tx)
            new = name or known.name
            aliases = dict.fromkeys((*known.aliases, known.name))
            after = replace(
                known,
                name=new,
                type=kind or known.type,
                aliases=tuple(a for a in aliases if fold(a) != fold(new)),
            )
            return (ChangeEntity(before=known, after=after),), "entity changed by hand", ()

        return await self._edit(build, scope, editor)

    async def merge_entities(self, winner: Entity, loser: Entity, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Make two entities one; raises InvalidInput where they are one already."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            into, gone = [await self._entity(e.id, scope, tx) for e in (winner, loser)]
            if into.canonical_id == gone.canonical_id:
                raise InvalidInput(f"{into.name} and {gone.name} are one entity already.")
            found = await tx.read("entities_merged", scope=scope.key, canonical=gone.canonical_id)
            members = [rows.entity(row["entity"]) for row in found]
            ends = [into.canonical_id, gone.canonical_id]
            touching = await tx.read("facts_touching", scopes=[scope.key], entities=ends, limit=_ALL)
            facts = await self._facts([row["id"] for row in touching], scope, tx)
            operations = merge(members, into, list(facts.values()), self._ontology, now)
            return operations, f"{gone.name} is {into.name}", ()

        return await self._edit(build, scope, editor)

    async def split_entity(self, entity: Entity, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Make an entity itself again, with the facts that named it; raises InvalidInput where it was not merged."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            known = await self._entity(entity.id, scope, tx)
            if known.canonical_id == known.id:
                raise InvalidInput(f"{known.name} is not merged into another entity.")
            after = replace(known, canonical_id=known.id)
            return (ChangeEntity(before=known, after=after),), f"{known.name} is itself again", ()

        return await self._edit(build, scope, editor)

    async def undo(self, change_id: str, scope: Scope, editor: str, *, cascade: bool) -> tuple[Change, ...]:
        """Take a decision back; raises UndoRefused naming later ones that build on it, unless `cascade`."""

        async def build(tx: Transaction, now: datetime) -> tuple[tuple[Operation, ...], str, tuple[str, ...]]:
            found = await tx.read("changes", scopes=[scope.key], after=0, limit=_ALL)
            changes = [rows.change(row["change"]) for row in found]
            wanted = next((c for c in changes if c.id == change_id), None)
            if wanted is None:
                raise NotFound(f"there is no change {change_id!r} in this scope.")
            later = [c for c in standing(changes) if c.number > wanted.number]
            if any(change_id in c.undoes for c in changes) and wanted not in standing(changes):
                raise UndoRefused(f"{change_id} is undone already.")
            facts = await self._facts(facts_of([wanted, *later]), scope, tx)
            after_it = built_on(wanted, later, facts, self._ontology)
            if after_it and not cascade:
                named = "; ".join(f"{c.id} ({c.reason})" for c in after_it[:5])
                raise UndoRefused(
                    f"{len(after_it)} later changes build on {change_id}: {named}. Undo them first, or cascade=True."
                )
            taken = [wanted, *after_it]
            entities = {e.id: e for e in await self._all_entities(taken, scope, tx)}
            operations = inverse(taken, facts, entities, now)
            return operations, f"undone: {wanted.reason}", tuple(c.id for c in taken)

        return await self._edit(build, scope, editor)

    async def _edit(self, build: _Build, scope: Scope, editor: str) -> tuple[Change, ...]:
        now = self._clock.now()

        async def work(tx: Transaction) -> tuple[Change, ...]:
            locked = (await tx.write("lock_scope", scope=scope.key, scope_key=scope.digest, now=utc_text(now)))[0]
            operations, reason, undoes = await build(tx, now)
            change = Change(
                id=f"ch_{uuid.uuid4().hex[:24]}",
                scope=scope.key,
                at=now,
                operations=operations,
                reason=reason,
                cost=Cost(),
                episode_ids=(),
                number=locked["change_number"] + 1,
                editor=editor,
                undoes=undoes,
            )
            (change,) = await with_doubts((change,), scope, now, tx)
            effects = Effects(vectors={}, mentions=(), speakers=())
            await apply_changes((change,), effects, scope, self._ontology, now, tx)
            await tx.write("advance_scope", scope=scope.key, ledger=1, seq=0, changes=1)
            return (change,)

        changes = await self._store.transact(work)
        changed = [op for c in changes for op in c.operations if isinstance(op, ChangeEntity)]
        renamed = {e for op in changed for e in (op.before.canonical_id, op.after.canonical_id)}
        if renamed:
            await retext(sorted(renamed), scope, self._ontology, self._store, self._embedder)
        return changes

    async def _reading(self, stated: Stated, scope: Scope, editor: str) -> Reading:
        """Keep what an editor says as a message of its own, so that the fact has a source like any other."""
        predicate = self._ontology.predicate(stated.predicate)
        value = stated.value.text if isinstance(stated.value, Literal) else stated.value
        said = f"{stated.subject} {predicate.phrase} {value}"
        message = Message(text=said, at=self._clock.now(), role=Role.SYSTEM, speaker=editor, session=EDITS)
        kept = await store_episodes(
            [message],
            scope,
            store=self._store,
            embedder=self._embedder,
            clock=self._clock,
            state=EpisodeState.DONE,
        )
        found = await self._store.read("episodes_by_ids", scopes=[scope.key], ids=list(kept.ids))
        episode = rows.episode(found[0]["episode"])
        known = await candidates([stated.subject], scope, self._store)
        kind = next((e.type for e in known if fold(stated.subject) in e.names), "Person")
        mentions = [Mention(name=stated.subject, type=kind)]
        if not isinstance(stated.value, Literal):
            mentions.append(Mention(name=stated.value, type=predicate.objects[0] if predicate.objects else "Thing"))
        return Reading(
            exchange=(episode,),
            mentions=tuple(mentions),
            triples=(_triple(stated, episode),),
            cost=Cost(),
            extraction="edit",
            settles=False,
            ruling=_closing_all,
            editor=editor,
        )

    async def _check_place(self, fact: Fact, scope: Scope, reader: Reader) -> None:
        if not self._ontology.predicate(fact.predicate).exclusive or not closes(fact):
            return
        found = await reader.read(
            "facts_of_subject", scope=scope.key, subject=fact.subject_id, predicate=fact.predicate
        )
        others = await self._facts([row["id"] for row in found if row["id"] != fact.id], scope, reader)
        for other in others.values():
            same = other.raw_predicate == fact.raw_predicate
            if same and other.expired_at is None and closes(other) and overlap(other, fact):
                raise InvalidInput(f"{other.text} holds then ({other.id}); correct or forget that first.")

    async def _facts(self, ids: Sequence[str], scope: Scope, reader: Reader) -> dict[str, Fact]:
        found = await reader.read("facts_by_ids", scopes=[scope.key], ids=list(ids))
        return {f.id: f for f in map(rows.fact, found)}

    async def _entity(self, entity_id: str, scope: Scope, reader: Reader) -> Entity:
        found = await reader.read("entities_by_ids", scopes=[scope.key], ids=[entity_id])
        return rows.entity(found[0]["entity"])

    async def _all_entities(self, changes: Sequence[Change], scope: Scope, reader: Reader) -> list[Entity]:
        ids = {op.after.id for c in changes for op in c.operations if isinstance(op, ChangeEntity)}
        ids |= {getattr(op, "entity_id", "") for c in changes for op in c.operations} - {""}
        found = await reader.read("entities_by_ids", scopes=[scope.key], ids=sorted(ids)) if ids else []
        return [rows.entity(row["entity"]) for row in found]


def literal_of(text: str, predicate: str, ontology: Ontology) -> str | Literal:
    """Return a value as the predicate takes it: a name, or a literal; raises InvalidInput."""
    kind = ontology.predicate(predicate).literal
    if kind is None:
        return text
    if kind is LiteralKind.NUMBER:
        number, _, unit = text.partition(" ")
        try:
            return Literal(text=text, number=float(number), unit=unit or None)
        except ValueError as exc:
            raise InvalidInput(f"{predicate} takes a number, such as 34 or '400 euros', not {text!r}.") from exc
    if kind is LiteralKind.DATE:
        return Literal(text=text, date=stated_date(predicate, text)[0])
    return Literal(text=text)


def stated_date(name: str, given: str | datetime) -> tuple[datetime, Precision]:
    """Read a date as an editor gives it; raises InvalidInput."""
    try:
        return parse_date(given if isinstance(given, str) else given.isoformat())
    except ValueError as exc:
        raise InvalidInput(
            f"{name}: {given!r} is no date ({exc}); write 2024, 2024-05, 2024-05-31 or a full time."
        ) from exc


def stated_interval(start: str | datetime | None, end: str | datetime | None, otherwise: Interval) -> Interval:
    """Return the dates that an editor gives, the others as they were; raises InvalidInput."""
    first, precision = stated_date("valid_from", start) if start is not None else (otherwise.start, otherwise.precision)
    last = after(*stated_date("valid_to", end)) if end is not None else otherwise.end
    if last is not None and last <= first:
        raise InvalidInput(f"it would end ({last:%Y-%m-%d}) before it starts ({first:%Y-%m-%d}).")
    return Interval(start=first, end=last, precision=precision, stated=start is not None or otherwise.stated)


def _triple(stated: Stated, episode: Episode) -> Triple:
    return Triple(
        subject=stated.subject,
        predicate=stated.predicate,
        object=stated.value,
        episode_id=episode.id,
        quote=episode.text,
        interval=stated.interval,
        modality=stated.modality,
    )


def _closing_all(shown: Shown) -> ResolutionReply:
    """Rule that what an editor says ends what it meets: a change where that began earlier, else a mistake."""
    decisions: list[DecisionReply] = []
    for short, unsettled in shown.triples.items():
        for name, fact in shown.facts.items():
            if fact.id in {f.id for f in unsettled.facts}:
                earlier = fact.interval.start < unsettled.statement.fact.interval.start
                decisions.append(
                    DecisionReply(
                        reason="said by hand",
                        triple=short,
                        action="invalidate",
                        fact=name,
                        at=None,
                        kind=InvalidateKind.CHANGE if earlier else InvalidateKind.CORRECTION,
                    )
                )
    return ResolutionReply(decisions=decisions)
