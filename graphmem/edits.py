"""The facade's edits by hand: assert, correct, forget, change entities, undo."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from graphmem.base import Base, ScopeLike
from graphmem.errors import InvalidInput
from graphmem.models import Fact, Interval, Scope
from graphmem.operations import Change
from graphmem.text import fold
from graphmem.write.clean import Cleaning, find
from graphmem.write.delete import Receipt
from graphmem.write.erase import Erased, erase
from graphmem.write.stated import Stated, literal_of, stated_interval
from graphmem.write.validate import NAME_LENGTH

EDITOR = "editor"
Day: TypeAlias = str | datetime | None


class Edits(Base):
    """What a person changes without a model; each returns the decisions that it led to."""

    async def assert_fact(
        self,
        subject: str,
        predicate: str,
        value: str,
        *,
        scope: ScopeLike,
        valid_from: Day = None,
        valid_to: Day = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Believe a statement because a person says so; a value that it contradicts is closed when it begins.

        `value` is a name, or a literal where the predicate takes one; without `valid_from` it holds from now on, a day,
        month or year as `valid_to` is the last one that it held. Without an end, the same that had ended holds still
        where nothing contradicts it, and a value that is only known since later gives way.
        Raises InvalidInput for a predicate outside the ontology, an unreadable date or number, an entity with itself.
        """
        ontology = self._parts.ontology
        if predicate not in ontology.predicates:
            raise InvalidInput(f"{predicate!r} is no predicate of the ontology; {', '.join(ontology.predicates)} are.")
        _check_names(subject=subject, value=value, editor=editor)
        interval = stated_interval(valid_from, valid_to, Interval(start=self._parts.clock.now()))
        stated = Stated(
            subject=subject, predicate=predicate, value=literal_of(value, predicate, ontology), interval=interval
        )
        return await self._parts.editor.assert_fact(stated, self._scope(scope), editor)

    async def correct(
        self,
        fact_id: str,
        *,
        scope: ScopeLike,
        value: str | None = None,
        valid_from: Day = None,
        valid_to: Day = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Put right what was believed by mistake: another value, or other dates; raises NotFound, InvalidInput.

        A day, month or year as `valid_to` is the last one that it held, "open" takes its end away, where nothing else
        holds then. What had ended because the fact began ends where it is to begin.
        """
        whose = self._scope(scope)
        fact = await self._believed(fact_id, whose)
        interval = stated_interval(valid_from, valid_to, fact.interval)
        if value is None or await self._says(fact, value, whose):
            if interval == fact.interval:
                raise InvalidInput("nothing to correct: give another value, valid_from or valid_to.")
            return await self._parts.editor.correct_dates(fact, interval, whose, editor)
        _check_names(value=value, editor=editor)
        meant = literal_of(value, fact.predicate, self._parts.ontology)
        return await self._parts.editor.correct_value(replace(fact, interval=interval), meant, whose, editor)

    async def forget(self, fact_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Believe a fact no more, and show it no more; undoable. Raises NotFound.

        What it had closed stays closed; `undo` of the change that closed it opens that again.
        """
        whose = self._scope(scope)
        return await self._parts.editor.forget(await self._believed(fact_id, whose), whose, editor)

    async def change_entity(
        self,
        entity_id: str,
        *,
        scope: ScopeLike,
        name: str | None = None,
        type: str | None = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Give an entity another name or type; the old name stays known. Raises NotFound, InvalidInput."""
        whose = self._scope(scope)
        entity = await self.entity(entity_id, scope=whose)
        if type is not None and type not in self._parts.ontology.types:
            raise InvalidInput(f"{type!r} is no entity type; {', '.join(self._parts.ontology.types)} are.")
        _check_names(**({"name": name} if name is not None else {}), editor=editor)
        return await self._parts.editor.change_entity(entity, name, type, whose, editor)

    async def merge_entities(
        self, winner_id: str, loser_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Make two entities one, under the name of the first; undoable. Raises NotFound, InvalidInput."""
        whose = self._scope(scope)
        winner, loser = [await self.entity(i, scope=whose) for i in (winner_id, loser_id)]
        return await self._parts.editor.merge_entities(winner, loser, whose, editor)

    async def split_entity(self, entity_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Make an entity itself again, with the facts that named it. Raises NotFound, InvalidInput."""
        whose = self._scope(scope)
        return await self._parts.editor.split_entity(await self.entity(entity_id, scope=whose), whose, editor)

    async def never_the_same(
        self, one_id: str, other_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Note that two entities are two, so that they wait for review no more. Raises NotFound, InvalidInput."""
        whose = self._scope(scope)
        one, other = [await self.entity(i, scope=whose) for i in (one_id, other_id)]
        return await self._parts.editor.never_the_same(one, other, whose, editor)

    async def undo(
        self, change_id: str, *, scope: ScopeLike, cascade: bool = False, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Take a decision back, which is itself a decision on the record.

        Raises UndoRefused naming later decisions that build on it; with `cascade` they are taken back with it.
        """
        return await self._parts.editor.undo(change_id, self._scope(scope), editor, cascade=cascade)

    async def delete(self, episode_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> Receipt:
        """Delete a message with what only it supported, open again what only it had closed; it cannot be undone.

        Returns the receipt. Of one that still waits to be read nothing gets into the graph later. Raises NotFound.
        """
        return await self._parts.editor.delete(episode_id, self._scope(scope), editor)

    async def clean(
        self,
        *,
        scope: ScopeLike,
        dry_run: bool = True,
        messages: Collection[str] | None = None,
        editor: str = EDITOR,
    ) -> Cleaning:
        """Report what looks wrong in a scope; with `dry_run=False` mend what can be, each by an undoable decision.

        With `messages`, the ids of kept ones, the report is about what just these brought in.
        """
        whose = self._scope(scope)
        if dry_run:
            return Cleaning(findings=await find(whose, self._parts.ontology, self._parts.store, messages))
        if messages is not None:
            raise InvalidInput("what is mended is the whole scope; leave out messages, or only report.")
        return await self._parts.editor.clean(whose, editor)

    async def erase(self, *, scope: ScopeLike) -> Erased:
        """Delete all that a scope holds, and return the receipt; it cannot be undone."""
        return await erase(self._scope(scope), self._parts.store, self._parts.embedder, self._parts.clock)

    async def _says(self, fact: Fact, value: str, scope: Scope) -> bool:
        """Tell whether a fact has a value already, under whatever name."""
        if fact.object_id is None:
            return value == fact.value
        return fold(value) in (await self.entity(fact.object_id, scope=scope)).names

    async def _believed(self, fact_id: str, scope: Scope) -> Fact:
        fact = await self.fact(fact_id, scope=scope)
        if fact.expired_at is not None:
            raise InvalidInput(f"{fact.text} is not believed any more; see its history.")
        return fact


def _check_names(**given: str) -> None:
    for name, text in given.items():
        if not text.strip() or len(text) > NAME_LENGTH:
            raise InvalidInput(f"{name} must have 1 to {NAME_LENGTH} characters.")
        if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
            raise InvalidInput(f"{name} has control characters or lone surrogates: {text!a}.")
