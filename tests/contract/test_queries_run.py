"""Every query file was run on each engine that it is for, by the tests before this one, which look at what it gives."""

from __future__ import annotations

import pytest

from graphmem.adapters.queries import DIALECTS, load_queries
from tests.conftest import RUN


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_ran(dialect: str) -> None:
    ran = {name for asked, name in RUN if asked == dialect}

    assert sorted(set(load_queries(dialect).texts) - ran) == []
