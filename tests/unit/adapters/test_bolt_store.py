from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from graphmem.adapters.bolt_store import BoltStore, neo4j_dialect
from graphmem.adapters.embedded_server import Address, EmbeddedServer
from graphmem.errors import StoreUnavailable, StoreUnsupported


@pytest.mark.parametrize(
    ("agent", "dialect"),
    [("Neo4j/5.26.30", "neo4j526"), ("Neo4j/2026.08.1", "neo4j2026"), ("Neo4j/2026.01.0", "neo4j2026")],
)
def test_the_server_says_which_dialect_it_speaks(agent: str, dialect: str) -> None:
    assert neo4j_dialect(agent) == dialect


@pytest.mark.parametrize("agent", ["Neo4j/4.4.1", "Neo4j/5.25.0", "Neo4j/2025.06.0", "Memgraph/3.1", ""])
def test_another_one_is_refused_with_those_that_are_spoken(agent: str) -> None:
    with pytest.raises(StoreUnsupported, match=r"5\.26.*2026"):
        neo4j_dialect(agent)


class Late(EmbeddedServer):
    """An embedded store that is found only once it may be."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.sought, self.may = threading.Event(), threading.Event()
        self.let_go = False

    def ensure(self) -> Address:
        self.sought.set()
        assert self.may.wait(60)
        return super().ensure()

    def release(self) -> None:
        self.let_go = True
        super().release()


async def test_what_is_closed_while_it_connects_is_closed_when_that_is_done(tmp_path: Path) -> None:
    server = Late(tmp_path)
    store = BoltStore(server)
    asking = [asyncio.create_task(store.execute_schema("RETURN 1", "cypher")) for _ in range(3)]
    await asyncio.to_thread(server.sought.wait, 60)

    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0.3)
    meanwhile = (closing.done(), server.let_go)
    server.may.set()
    await closing
    answers = await asyncio.gather(*asking, return_exceptions=True)

    assert meanwhile == (False, False)
    assert server.let_go
    # An unclosed driver would fail the test by its warning.
    assert [a for a in answers if a is not None and not isinstance(a, StoreUnavailable)] == []
    with pytest.raises(StoreUnavailable, match="open it again"):
        await store.execute_schema("RETURN 1", "cypher")
