"""A memory as LangChain's retriever."""

# Field types are read when the class is made.
from collections.abc import Sequence

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from graphmem.langchain.documents import documents
from graphmem.langchain.loops import arun, run
from graphmem.memory import Memory
from graphmem.models import AsOf, Scope


class GraphMemoryRetriever(BaseRetriever):
    """Finds the facts and messages of a scope that answer a question, as documents; no model is asked.

    A document's text is a line as in the context of a search: a fact with its dates and its quote, or a message with
    its day and speaker. Its metadata: `id`, `kind` (fact or message), `state` (holds, ended, removed; said), `score`,
    `predicate`, `valid_at` and `invalid_at` (ISO, UTC), `sources` (ids of messages, as `Memory.delete` takes them),
    `quote`; a message has its own `message_id`, `session`, `speaker` and `at` too.

    `limit` counts documents, `tokens` the tokens of all their texts, `as_of` asks about another time; all but the
    memory can be given to one call too: `retriever.invoke(question, limit=3)`. Raises InvalidInput, StoreError.

    `ainvoke` may be called from any event loop. `invoke` waits in its thread for the loop in which the memory was
    opened; inside that loop it raises WrongLoop, since it would wait for itself: open the memory with
    `open_in_background`, or use `ainvoke`.
    """

    memory: Memory
    scope: Scope | str | Sequence[Scope | str]
    limit: int = 10
    tokens: int = 1000
    as_of: AsOf | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        scope: Scope | str | Sequence[Scope | str] | None = None,
        limit: int | None = None,
        tokens: int | None = None,
        as_of: AsOf | None = None,
    ) -> list[Document]:
        return run(self.memory, lambda: self._found(query, scope, limit, tokens, as_of))

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        scope: Scope | str | Sequence[Scope | str] | None = None,
        limit: int | None = None,
        tokens: int | None = None,
        as_of: AsOf | None = None,
    ) -> list[Document]:
        return await arun(self.memory, lambda: self._found(query, scope, limit, tokens, as_of))

    async def _found(
        self,
        query: str,
        scope: Scope | str | Sequence[Scope | str] | None,
        limit: int | None,
        tokens: int | None,
        as_of: AsOf | None,
    ) -> list[Document]:
        most = self.limit if limit is None else limit
        room = self.tokens if tokens is None else tokens
        found = await self.memory.search(
            query,
            scope=self.scope if scope is None else scope,
            as_of=self.as_of if as_of is None else as_of,
            limit=most,
            tokens=room,
        )
        return documents(found, limit=most, tokens=room, count_tokens=self.memory.count_tokens)
