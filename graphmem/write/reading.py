"""Reading an exchange: what the model says, or, where none reads, who speaks and which known names fall."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphmem import rows
from graphmem.models import Entity, Episode, Mention, Scope
from graphmem.operations import Cost
from graphmem.ports import Finder
from graphmem.text import folded_words, named_among
from graphmem.write.asking import Asker
from graphmem.write.entities import extract_entities, speakers
from graphmem.write.episodes import read_episodes
from graphmem.write.extract import KNOWN_SHOWN, Contexts, entities_request, extraction_request, relations_request
from graphmem.write.link import candidates
from graphmem.write.record import Reading
from graphmem.write.relations import generate_relations
from graphmem.write.replies import EntitiesReply, EntityReply, ExtractionReply, RelationsReply
from graphmem.write.single import Tools
from graphmem.write.summary import read_summary

CONTEXT_MESSAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The entities that messages name, whole, and those whose names only share a word with them."""

    named: Sequence[Entity]
    sharing: Sequence[Entity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extractor:
    """Draws mentions and triples from exchanges: in one question to the model or in two, by patterns, or not at all."""

    tools: Tools
    two_pass: bool = False
    finder: Finder | None = None

    async def read(self, exchange: tuple[Episode, ...], scope: Scope, asker: Asker | None) -> Reading:
        """Return what an exchange says; raises ModelError and BudgetSpent."""
        if asker is None:
            return self._unread(exchange, (await self._known(exchange, scope)).named)
        known, earlier, summary = await asyncio.gather(
            self._known(exchange, scope),
            self._earlier(exchange[0], scope),
            read_summary(scope, self.tools.store),
        )
        # An exchange also means what the messages before it told of: "she", "that trip".
        told = await self._told(earlier, scope)
        meant = {e.id: e for e in (*known.named, *told, *known.sharing)}
        contexts = Contexts(exchange=exchange, earlier=earlier, known=list(meant.values()), summary=summary.text)
        return await (self._in_two if self.two_pass else self._in_one)(contexts, exchange, asker)

    async def _known(self, said: Sequence[Episode], scope: Scope) -> _Known:
        words = (w for e in said for w in (e.speaker, *e.text.split()))
        found = await candidates(words, scope, self.tools.store)
        texts = "\n".join(folded_words(text) for e in said for text in (e.speaker, e.text))
        named = tuple(e for e in found if named_among(texts, (e.name, *e.aliases)))
        return _Known(named=named, sharing=tuple(e for e in found if e not in named))

    async def _told(self, earlier: Sequence[Episode], scope: Scope) -> list[Entity]:
        asked = {"scopes": [scope.key], "ids": [e.id for e in earlier], "limit": KNOWN_SHOWN}
        found = await self.tools.store.read("entities_told", **asked) if earlier else []
        return [rows.entity(row["entity"]) for row in found]

    async def _earlier(self, first: Episode, scope: Scope) -> list[Episode]:
        store = self.tools.store
        before = await store.read("episodes_before", scope=scope.key, before=first.seq, limit=CONTEXT_MESSAGES)
        return await read_episodes([row["id"] for row in before], scope, store)

    async def _in_one(self, contexts: Contexts, exchange: tuple[Episode, ...], asker: Asker) -> Reading:
        def accept(reply: ExtractionReply) -> Reading:
            return self._reading(reply.entities, reply, exchange)

        request = extraction_request(contexts, self.tools.ontology)
        reading, cost = await asker.ask(request, ExtractionReply, accept)
        return replace(reading, cost=cost)

    async def _in_two(self, contexts: Contexts, exchange: tuple[Episode, ...], asker: Asker) -> Reading:
        first, cost = await asker.ask(
            entities_request(contexts, self.tools.ontology), EntitiesReply, lambda reply: reply.entities
        )

        def accept(reply: RelationsReply) -> Reading:
            return self._reading(first, reply, exchange)

        request = relations_request(contexts, first, self.tools.ontology)
        reading, more = await asker.ask(request, RelationsReply, accept)
        return replace(reading, cost=cost + more)

    def _reading(self, listed: Sequence[EntityReply], stated: RelationsReply, exchange: tuple[Episode, ...]) -> Reading:
        relations = generate_relations(stated, exchange, self.tools.ontology)
        return Reading(
            exchange=exchange,
            mentions=extract_entities(listed, relations.kept, exchange, self.tools.ontology),
            triples=relations.triples,
            rules=relations.rules,
            dropped=relations.dropped,
            cost=Cost(),
            extraction="model",
            compares=True,
        )

    def _unread(self, exchange: tuple[Episode, ...], known: Sequence[Entity]) -> Reading:
        mentions = (*speakers(exchange), *(Mention(name=e.name, type=e.type) for e in known))
        if self.finder is None:
            return Reading(exchange=exchange, mentions=mentions, triples=(), cost=Cost(), extraction="none")
        found = self.finder.find(exchange)
        return Reading(
            exchange=exchange,
            mentions=(*mentions, *found.mentions),
            triples=found.triples,
            cost=Cost(),
            extraction="local",
        )
