"""The facade: what users of graphmem call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import cast

from graphmem import rows
from graphmem.adapters.bolt_store import BoltStore
from graphmem.analytics import Analytics
from graphmem.base import ScopeLike
from graphmem.checks import MOST_RESULTS, check_choice, check_encodable, check_filters, check_range, checked_clocks
from graphmem.edits import Edits
from graphmem.errors import InvalidInput, NotFound
from graphmem.house.backup import BackedUp, backup
from graphmem.keys import Keys
from graphmem.lists import Lists
from graphmem.models import (
    AsOf,
    EntityPair,
    Filters,
    Message,
    Note,
    Rule,
    RuleState,
    Sameness,
    Scope,
)
from graphmem.operations import Change
from graphmem.ports import ChatModel, Clock, Embedder, Reranker
from graphmem.queue import Queue
from graphmem.read.context import TEMPLATES, Template
from graphmem.read.found import SearchResult
from graphmem.read.neighbourhood import Neighbourhood, walk
from graphmem.read.paths import Paths, find_paths
from graphmem.read.rerank import MODES, Mode
from graphmem.read.strategies import MIX, STRATEGIES, Strategy
from graphmem.serial import load_rule
from graphmem.settings import Settings, read_settings
from graphmem.wiring import build
from graphmem.work import Work
from graphmem.write.episodes import Admit, Kept, identified
from graphmem.write.pipeline import Outcome, Progress
from graphmem.write.validate import check_messages
from graphmem.write.verify import Breach, breaches, read_standing

QUERY_CHARACTERS = 10_000
MOST_TOKENS = 100_000
MOST_HOPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of messages: their episodes' ids, and, once processed, the decisions that they led to.

    `note` says why facts are not drawn from all of them, as without a chat model. `change_number` is that of the last
    decision before they came.
    """

    episode_ids: tuple[str, ...]
    new: int
    known: int
    changes: tuple[Change, ...] = ()
    parked: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str | None = None
    change_number: int = 0


class Memory(Lists, Edits, Work, Analytics, Queue, Keys):
    """A long-term memory; open it with `async with Memory.open() as memory`."""

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        model: ChatModel | None = None,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        clock: Clock | None = None,
    ) -> _Opening:
        """Open the memory that the settings name, the environment's by default; raises StoreError, SettingsError."""
        return _Opening(settings, model, embedder, reranker, clock)

    async def close(self) -> None:
        """Let go of the store."""
        await self._parts.close()

    async def add(
        self,
        messages: Message | Sequence[Message],
        *,
        scope: ScopeLike,
        wait: bool = True,
        progress: Progress | None = None,
        key: str | None = None,
        exact: bool = False,
        admit: Admit | None = None,
    ) -> Added:
        """Keep messages and draw facts from them; with `wait=False` return once they are kept.

        Raises InvalidInput before anything is stored. Up to 2,000 messages with 10 MB of text are kept all or none,
        more in such pieces. A message whose id is known is kept once; one without an id is known by its place among
        those that come with the same `key`, so that what failed halfway can be added again. With `exact`,
        MessageConflict is raised where an id or the key is kept with something else. `admit` hears how many are not
        kept yet, before any is, and refuses all of them by what it raises.
        """
        whose = self._scope(scope)
        said = [messages] if isinstance(messages, Message) else list(messages)
        said = said if key is None else identified(said, key)
        check_messages(said)
        kept = await self._parts.writer.keep(said, whose, key=key, exact=exact, admit=admit)
        unread = self._parts.writer.unread if kept.new else None
        outcome = await self._parts.writer.process(whose, progress) if wait else Outcome(note=unread)
        if wait and kept.new:
            outcome = await self._with_what_others_did(outcome, kept, whose)
        return Added(
            episode_ids=kept.ids,
            new=kept.new,
            known=kept.known,
            changes=outcome.changes,
            parked=outcome.parked,
            note=outcome.note,
            change_number=kept.change_number,
        )

    async def _with_what_others_did(self, outcome: Outcome, kept: Kept, scope: Scope) -> Outcome:
        """Return the outcome for just these messages, some of which another writer may have processed."""
        left = set(kept.ids) - {e for c in outcome.changes for e in c.episode_ids}
        if not left:
            return outcome
        others = await self.standing(sorted(left), scope=scope, after=kept.change_number)
        return replace(outcome, changes=(*outcome.changes, *others.changes), parked={**outcome.parked, **others.parked})

    async def note(self, notes: Sequence[Note], *, scope: ScopeLike) -> tuple[Change, ...]:
        """Keep free statements as NOTED facts, with the messages that say them; raises NotFound for unknown ones."""
        return await self._parts.writer.note(notes, self._scope(scope))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the embedder's tokenizer makes of a text."""
        return self._parts.embedder.count_tokens(text)

    def now(self) -> datetime:
        """Return the present by the memory's clock, aware, in UTC."""
        return self._parts.clock.now()

    async def search(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        as_of: AsOf | None = None,
        limit: int = 10,
        tokens: int = 1000,
        rerank: Mode | None = None,
        strategy: Strategy = MIX,
        filters: Filters | None = None,
        template: Template = "mixed",
    ) -> SearchResult:
        """Return the facts and messages that answer a question, with a context of at most `tokens` tokens.

        Current by default; `as_of` asks about another time, or about what was believed at another time. `rerank` lets
        a reranker, the settings' or the local one, read the best eight ("fast") or 40 ("quality") together with the
        question; None is "quality" where the settings name one, else "none". `strategy` is what a search begins from:
        "mix", or one of the paper's alone, "entity" (the facts around what is named) or "triplet" (facts by nearness).
        Nothing that does not pass `filters` is returned or quoted. The context has facts, messages (`quotes`) or both,
        by `template`; `citations` say what its lines rest on.
        """
        check_choice("template", template, TEMPLATES)
        check_range("limit", limit, 1, MOST_RESULTS)
        check_range("tokens", tokens, 1, MOST_TOKENS)
        if not query.strip() or len(query) > QUERY_CHARACTERS:
            raise InvalidInput(f"the question must have 1 to {QUERY_CHARACTERS:,} characters.")
        check_encodable("the question", query)
        check_choice("rerank", rerank, (None, *MODES))
        check_choice("strategy", strategy, STRATEGIES)
        check_filters(filters, self._parts.ontology)
        clocks = checked_clocks(as_of)
        return await self._parts.reader.search(
            query,
            self._scopes(scope),
            as_of=clocks,
            limit=limit,
            tokens=tokens,
            rerank=rerank,
            strategy=strategy,
            filters=filters,
            template=template,
        )

    async def context(
        self,
        query: str,
        *,
        scope: ScopeLike | Sequence[ScopeLike],
        as_of: AsOf | None = None,
        tokens: int = 1000,
        filters: Filters | None = None,
        template: Template = "mixed",
    ) -> str:
        """Return what is known about a question as text for a prompt, at most `tokens` tokens; see `search`."""
        found = await self.search(query, scope=scope, as_of=as_of, tokens=tokens, filters=filters, template=template)
        return found.text

    async def merges(self, *, scope: ScopeLike, state: Sameness | None = Sameness.PENDING) -> tuple[EntityPair, ...]:
        """Return the entities of like names that may be one, those that wait for review by default.

        Answer with `merge_entities` or `never_the_same`.
        """
        found = await self._parts.store.read(
            "entity_pairs", scopes=[self._scope(scope).key], state=state.value if state else None
        )
        pairs = [(rows.entity(r["entity"]), rows.entity(r["other"]), Sameness(r["state"])) for r in found]
        return tuple(EntityPair(entity=one, other=other, state=state) for one, other, state in pairs)

    async def rules(self, *, scope: ScopeLike) -> tuple[Rule, ...]:
        """Return the consequences that were stated ahead, oldest first, and what became of each."""
        found = await self._parts.store.read("rules_of_scopes", scopes=[self._scope(scope).key], state=None)
        return tuple(replace(load_rule(row["rule"]), state=RuleState(row["state"])) for row in found)

    async def neighbourhood(
        self, entity_id: str, *, scope: ScopeLike, hops: int = 1, as_of: AsOf | None = None
    ) -> Neighbourhood:
        """Return the entities and facts within some hops of an entity; raises NotFound."""
        check_range("hops", hops, 1, MOST_HOPS)
        start = await self.entity(entity_id, scope=scope)
        return await walk(
            start, hops, self._scope(scope), checked_clocks(as_of), self._parts.clock.now(), self._parts.store
        )

    async def paths(
        self, from_id: str, to_id: str, *, scope: ScopeLike, hops: int = 4, as_of: AsOf | None = None
    ) -> Paths:
        """Return the shortest chains of facts between two entities, over at most so many hops; raises NotFound."""
        check_range("hops", hops, 1, MOST_HOPS)
        whose, now = self._scope(scope), self._parts.clock.now()
        start, end = [await self.entity(i, scope=whose) for i in (from_id, to_id)]
        return await find_paths(start, end, hops, whose, checked_clocks(as_of), now, self._parts.store)

    async def history(
        self, about: str | None = None, *, scope: ScopeLike, limit: int = 1000, after: int = 0
    ) -> tuple[Change, ...]:
        """Return the decisions about a fact or an entity, by its id, or all, oldest first; raises NotFound.

        Of all, those whose number is greater than `after`.
        """
        whose = self._scope(scope)
        store, scopes = self._parts.store, [whose.key]
        if about is None:
            found = await store.read("changes", scopes=scopes, after=after, limit=limit)
        elif await self._facts([about], whose):
            found = await store.read("changes_of_fact", scopes=scopes, fact=about)
        elif await store.read("entities_by_ids", scopes=scopes, ids=[about]):
            found = await store.read("changes_of_entity", scopes=scopes, entity=about, limit=limit)
        else:
            raise NotFound(f"there is no fact or entity {about!r} in this scope.")
        return tuple(rows.change(row["change"]) for row in found)

    async def export(self, file: Path, *, scope: ScopeLike) -> BackedUp:
        """Write all that a scope holds to a new file, from which `graphmem restore` brings it back; raises NotFound."""
        store = cast("BoltStore", self._parts.store)
        return await backup(file, store, self._parts.clock, scopes=[self._scope(scope)])

    async def verify(self, *, scope: ScopeLike) -> tuple[Breach, ...]:
        """Check the ledger's promises on a scope, and name each breach; reads it whole."""
        standing = await read_standing(self._scope(scope), self._parts.store)
        return breaches(standing, self._parts.ontology, self._parts.clock.now())


class _Opening:
    """A memory about to be opened: await it, or enter it."""

    def __init__(
        self,
        settings: Settings | None,
        model: ChatModel | None,
        embedder: Embedder | None,
        reranker: Reranker | None,
        clock: Clock | None,
    ) -> None:
        self._settings = settings
        self._given = (model, embedder, reranker, clock)
        self._memory: Memory | None = None

    async def __aenter__(self) -> Memory:
        model, embedder, reranker, clock = self._given
        settings = self._settings or read_settings()
        parts = await build(settings, model=model, embedder=embedder, reranker=reranker, clock=clock)
        self._memory = Memory(parts)
        return self._memory

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._memory is not None:
            await self._memory.close()
