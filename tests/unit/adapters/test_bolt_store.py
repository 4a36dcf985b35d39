from __future__ import annotations

import pytest

from graphmem.adapters.bolt_store import neo4j_dialect
from graphmem.errors import StoreUnsupported


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
