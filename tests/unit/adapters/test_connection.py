from __future__ import annotations

import pytest
from neo4j.exceptions import AuthError, Neo4jError, ServiceUnavailable

from graphmem.adapters.connection import Connection, in_words, out_of_means
from graphmem.errors import (
    GraphMemError,
    StoreConflict,
    StoreError,
    StoreExhausted,
    StoreForbidden,
    StoreTimeout,
    StoreUnavailable,
)


def answer(code: str, message: str = "says the server") -> Neo4jError:
    return Neo4jError._hydrate_neo4j(code=code, message=message)


@pytest.mark.parametrize(
    ("error", "kind", "advice"),
    [
        (AuthError("no"), StoreForbidden, "NEO4J_PASSWORD"),
        (answer("Neo.ClientError.Security.Unauthorized"), StoreForbidden, "NEO4J_PASSWORD"),
        (answer("Neo.ClientError.Security.Forbidden"), StoreForbidden, "may not"),
        (answer("Neo.ClientError.Cluster.NotALeader"), StoreForbidden, "neo4j://"),
        (answer("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"), StoreForbidden, "only reads"),
        (answer("Neo.ClientError.Database.DatabaseNotFound"), StoreUnavailable, "NEO4J_DATABASE"),
        (answer("Neo.TransientError.General.MemoryPoolOutOfMemoryError"), StoreExhausted, "memory"),
        (answer("Neo.DatabaseError.General.UnknownError", "No space left on device"), StoreExhausted, "disk"),
        (answer("Neo.ClientError.Transaction.TransactionTimedOut"), StoreTimeout, "NEO4J_QUERY_TIMEOUT"),
        (answer("Neo.TransientError.Transaction.DeadlockDetected"), StoreConflict, "faster"),
        (answer("Neo.ClientError.Statement.SyntaxError"), StoreError, "answers"),
        (ServiceUnavailable("gone"), StoreUnavailable, "NEO4J_URI"),
        (OSError("refused"), StoreUnavailable, "NEO4J_URI"),
    ],
)
def test_an_error_says_what_it_means_and_what_to_do(error: Exception, kind: type[GraphMemError], advice: str) -> None:
    said = in_words(error, "bolt://db.example:7687", Connection())

    assert type(said) is kind
    assert advice in str(said)
    assert "bolt://db.example:7687" in str(said)


def test_what_has_no_memory_left_is_not_tried_again() -> None:
    assert out_of_means(answer("Neo.TransientError.General.OutOfMemoryError"))
    assert not out_of_means(answer("Neo.TransientError.Transaction.DeadlockDetected"))
