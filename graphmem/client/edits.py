"""The client's edits by hand, which a person makes without a model."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from graphmem.base import ScopeLike
from graphmem.client.connection import Connected, adapter_of, day_of, id_of, part_of, query_of, user_of
from graphmem.edits import EDITOR, Day
from graphmem.models import Note
from graphmem.operations import Change
from graphmem.serial import load_changes, plain
from graphmem.write.clean import Cleaning, Finding
from graphmem.write.delete import Receipt
from graphmem.write.erase import Erased


class Edits(Connected):
    """What a person changes; the methods return the decisions that it led to, or a receipt."""

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
        """Believe a statement because a person says so."""
        said = {"subject": subject, "predicate": predicate, "value": value, "editor": editor}
        return await self._edit(
            "POST", "/v1/facts", scope, **said, valid_from=day_of(valid_from), valid_to=day_of(valid_to)
        )

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
        """Put right what was believed by mistake; "open" as `valid_to` takes its end away. Raises NotFound."""
        dates = {"valid_from": day_of(valid_from), "valid_to": day_of(valid_to)}
        return await self._edit("PATCH", f"/v1/facts/{part_of(fact_id)}", scope, value=value, **dates, editor=editor)

    async def forget(self, fact_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Believe a fact no more; raises NotFound, also when it is sent again."""
        asked = query_of(scope, editor=editor)
        return load_changes(json.loads(await self._send("DELETE", f"/v1/facts/{part_of(fact_id)}", params=asked)))

    async def change_entity(
        self,
        entity_id: str,
        *,
        scope: ScopeLike,
        name: str | None = None,
        type: str | None = None,
        editor: str = EDITOR,
    ) -> tuple[Change, ...]:
        """Give an entity another name or type; raises NotFound."""
        return await self._edit(
            "PATCH", f"/v1/entities/{part_of(entity_id)}", scope, name=name, type=type, editor=editor
        )

    async def merge_entities(
        self, winner_id: str, loser_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Make two entities one, under the name of the first; raises NotFound."""
        path = f"/v1/entities/{part_of(winner_id)}/merge"
        return await self._edit("POST", path, scope, other_id=id_of(loser_id), editor=editor)

    async def split_entity(self, entity_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> tuple[Change, ...]:
        """Make an entity itself again; raises NotFound."""
        return await self._edit("POST", f"/v1/entities/{part_of(entity_id)}/split", scope, editor=editor)

    async def never_the_same(
        self, one_id: str, other_id: str, *, scope: ScopeLike, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Note that two entities are two; raises NotFound."""
        path = f"/v1/entities/{part_of(one_id)}/distinct"
        return await self._edit("POST", path, scope, other_id=id_of(other_id), editor=editor)

    async def undo(
        self, change_id: str, *, scope: ScopeLike, cascade: bool = False, editor: str = EDITOR
    ) -> tuple[Change, ...]:
        """Take a decision back; raises NotFound, UndoRefused."""
        return await self._edit("POST", f"/v1/changes/{part_of(change_id)}/undo", scope, cascade=cascade, editor=editor)

    async def note(self, notes: Sequence[Note], *, scope: ScopeLike) -> tuple[Change, ...]:
        """Keep free statements as NOTED facts, with the messages that say them; raises NotFound for unknown ones."""
        user_of(scope)
        return await self._edit("POST", "/v1/notes", scope, notes=plain(notes)) if notes else ()

    async def clean(
        self,
        *,
        scope: ScopeLike,
        dry_run: bool = True,
        messages: Collection[str] | None = None,
        editor: str = EDITOR,
    ) -> Cleaning:
        """Report what looks wrong in a scope; with `dry_run=False` mend what can be, each by an undoable decision."""
        about = None if messages is None else sorted(messages)
        body = {"user": user_of(scope), "dry_run": dry_run, "messages": about, "editor": editor}
        if dry_run and about == []:
            return Cleaning(findings=())
        told = await self._slowly("POST", "/v1/clean", repeats=dry_run, json=body)
        findings = adapter_of(tuple[Finding, ...]).validate_python(told["findings"])
        return Cleaning(findings=findings, changes=load_changes(told["changes"]))

    async def delete(self, episode_id: str, *, scope: ScopeLike, editor: str = EDITOR) -> Receipt:
        """Delete a message for good; raises NotFound."""
        asked = query_of(scope, editor=editor)
        found = await self._send("DELETE", f"/v1/messages/{part_of(episode_id)}", params=asked)
        return adapter_of(Receipt).validate_json(found)

    async def erase(self, *, scope: ScopeLike) -> Erased:
        """Delete all that a scope holds, for good."""
        return adapter_of(Erased).validate_json(await self._send("DELETE", f"/v1/users/{part_of(user_of(scope))}"))
