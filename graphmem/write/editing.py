"""Edits by hand, without a model: decisions, history and undo like any other, with the editor as the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem import rows
from graphmem.errors import InvalidInput, NotFound, StoreConflict
from graphmem.models import (
    EDITS,
    Entity,
    Episode,
    EpisodeState,
    Fact,
    Interval,
    Literal,
    Mention,
    Message,
    Role,
    Sameness,
    Scope,
    Triple,
)
from graphmem.operations import Change, ChangeEntity, Cost, InvalidateKind, Revise, ReviseKind
from graphmem.ports import Reader, Transaction
from graphmem.text import fold
from graphmem.write.clean import Cleaning, clean
from graphmem.write.delete import Receipt, delete_episode
from graphmem.write.ends import moved_ends, others_of_place
from graphmem.write.episodes import read_episodes, store_episodes
from graphmem.write.ledger import Ledger
from graphmem.write.link import candidates, meant
from graphmem.write.merge import comparing, merging, splitting, withdrawal
from graphmem.write.record import Reading
from graphmem.write.replies import DecisionReply, ResolutionReply
from graphmem.write.resolve import Shown
from graphmem.write.settle import closes
from graphmem.write.single import Draft, Tools, decide
from graphmem.write.stated import Stated
from graphmem.write.undo import fact_by_id, undoing


class Editor:
    """Changes what is believed because a person says so."""

    def __init__(self, tools: Tools, ledger: Ledger, *, reads: bool) -> None:
        self._tools = tools
        self._store = tools.store
        self._ontology = tools.ontology
        self._ledger = ledger
        self._reads = reads

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
        """Give a fact other dates; what had ended because it began ends where it begins now.

        Raises InvalidInput where another value holds then.
        """

        async def build(tx: Transaction, now: datetime) -> Draft:
            known = await fact_by_id(fact.id, scope, tx)
            redated = replace(known.state, interval=interval)
            others = await others_of_place(known, scope, tx)
            moved = await moved_ends(known, interval, others, scope, self._ontology, tx)
            ends = {op.fact_id: op.after for op in moved}
            self._check_place(known.in_state(redated), [f.in_state(ends.get(f.id, f.state)) for f in others])
            operation = Revise(
                fact_id=known.id, text=known.text, before=known.state, after=redated, kind=ReviseKind.REDATED
            )
            return Draft(operations=(operation, *moved), reason="dates corrected by hand", editor=editor)

        return await decide(build, scope, self._tools)

    async def forget(self, fact: Fact, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Believe a fact no more; it can be undone."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            known = await fact_by_id(fact.id, scope, tx)
            return Draft(operations=(withdrawal(known, now),), reason="forgotten by hand", editor=editor)

        return await decide(build, scope, self._tools)

    async def change_entity(
        self, entity: Entity, name: str | None, kind: str | None, scope: Scope, editor: str
    ) -> tuple[Change, ...]:
        """Give an entity another name or type; its old name stays as an alias."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            known = await self._entity(entity.id, scope, tx)
            new = name or known.name
            aliases = dict.fromkeys((*known.aliases, known.name))
            after = replace(
                known,
                name=new,
                type=kind or known.type,
                aliases=tuple(a for a in aliases if fold(a) != fold(new)),
            )
            operation = ChangeEntity(before=known, after=after)
            return Draft(operations=(operation,), reason="entity changed by hand", editor=editor)

        return await decide(build, scope, self._tools)

    async def merge_entities(self, winner: Entity, loser: Entity, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Make two entities one; raises InvalidInput where they are one already."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            operations = await merging(winner.id, loser.id, scope, self._ontology, now, tx)
            return Draft(operations=operations, reason=f"{loser.name} is {winner.name}", editor=editor)

        return await decide(build, scope, self._tools)

    async def split_entity(self, entity: Entity, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Make an entity itself again, with the facts that named it; raises InvalidInput where it was not merged."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            operations = await splitting(entity.id, scope, tx)
            return Draft(operations=operations, reason=f"{entity.name} is itself again", editor=editor)

        return await decide(build, scope, self._tools)

    async def never_the_same(self, one: Entity, other: Entity, scope: Scope, editor: str) -> tuple[Change, ...]:
        """Note that two entities are two, so that they are never proposed for merging again."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            known = [await self._entity(e.id, scope, tx) for e in (one, other)]
            if known[0].canonical_id == known[1].canonical_id:
                raise InvalidInput(f"{one.name} and {other.name} are one entity; split them first.")
            operations = await comparing(known[0], known[1], Sameness.NEVER, scope, tx)
            return Draft(operations=operations, reason=f"{one.name} is not {other.name}", editor=editor)

        return await decide(build, scope, self._tools)

    async def undo(self, change_id: str, scope: Scope, editor: str, *, cascade: bool) -> tuple[Change, ...]:
        """Take a decision back; raises UndoRefused naming later ones that build on it, unless `cascade`."""

        async def build(tx: Transaction, now: datetime) -> Draft:
            return await undoing(change_id, scope, self._ontology, now, tx, editor=editor, cascade=cascade)

        return await decide(build, scope, self._tools)

    async def clean(self, scope: Scope, editor: str) -> Cleaning:
        """Mend what looks wrong and can be mended."""
        return await clean(scope, self._tools, editor)

    async def delete(self, episode_id: str, scope: Scope, editor: str) -> Receipt:
        """Delete a message for good; what has to be read again waits for the model, parked where there is none."""
        read_again = EpisodeState.PENDING if self._reads else EpisodeState.PARKED
        return await delete_episode(episode_id, scope, self._tools, read_again=read_again, editor=editor)

    async def _reading(self, stated: Stated, scope: Scope, editor: str) -> Reading:
        """Keep what an editor says as a message of its own, so that the fact has a source like any other."""
        predicate = self._ontology.predicate(stated.predicate)
        value = stated.value.text if isinstance(stated.value, Literal) else stated.value
        said = f"{stated.subject} {predicate.phrase} {value}"
        known = await candidates([stated.subject, value], scope, self._store)
        kind = next((e.type for e in known if fold(stated.subject) in e.names), "Person")
        mentions = [Mention(name=stated.subject, type=kind)]
        if not isinstance(stated.value, Literal):
            mentions.append(Mention(name=value, type=_type_of(value, predicate.objects, known)))
            _refuse_itself(mentions, known)
        message = Message(text=said, at=self._tools.clock.now(), role=Role.SYSTEM, speaker=editor, session=EDITS)
        kept = await store_episodes(
            [message],
            scope,
            store=self._store,
            embedder=self._tools.embedder,
            clock=self._tools.clock,
            state=EpisodeState.DONE,
        )
        found = await read_episodes(kept.ids, scope, self._store)
        if not found:
            raise StoreConflict(f"{scope.key} was erased while it was written to; do it again.")
        episode = found[0]
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

    def _check_place(self, fact: Fact, others: Sequence[Fact]) -> None:
        excludes = self._ontology.predicate(fact.predicate).exclusive and closes(fact)
        for other in others:
            same = other.normal == fact.normal and other.modality is fact.modality and not fact.event
            if other.overlaps(fact) and (same or (excludes and closes(other))):
                raise InvalidInput(f"{other.text} holds then ({other.id}); correct or forget that first.")

    async def _entity(self, entity_id: str, scope: Scope, reader: Reader) -> Entity:
        found = await reader.read("entities_by_ids", scopes=[scope.key], ids=[entity_id])
        if not found:
            raise NotFound(f"there is no entity {entity_id!r} in this scope.")
        return rows.entity(found[0]["entity"])


def _type_of(name: str, kinds: Sequence[str], known: Sequence[Entity]) -> str:
    """Return the type of a named value: the first that the predicate lists, `Thing` where any type may be meant."""
    named = any(fold(name) in e.names for e in known)
    return kinds[0] if len(kinds) == 1 or (kinds and not named and "Thing" not in kinds) else "Thing"


def _refuse_itself(mentions: Sequence[Mention], known: Sequence[Entity]) -> None:
    """Raise InvalidInput where a subject and its value are one entity."""
    one, other = (meant(m, known) for m in mentions)
    names = [m.name for m in mentions]
    if fold(names[0]) == fold(names[1]) or (one and other and one.canonical_id == other.canonical_id):
        raise InvalidInput(f"{' and '.join(names)} are one entity; a fact is between two, name another one.")


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
