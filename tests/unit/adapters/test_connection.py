from __future__ import annotations

import pytest
from neo4j.exceptions import AuthError, IncompleteCommit, Neo4jError, ServiceUnavailable

from graphmem.adapters.connection import Connection, in_words, open_driver, out_of_means
from graphmem.adapters.embedded_server import Address
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
        (answer("Neo.ClientError.Security.AuthenticationRateLimit"), StoreForbidden, "wait"),
        (answer("Neo.ClientError.Security.CredentialsExpired"), StoreForbidden, "NEO4J_PASSWORD"),
        (answer("Neo.ClientError.Cluster.NotALeader"), StoreForbidden, "neo4j://"),
        (answer("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"), StoreForbidden, "only reads"),
        (answer("Neo.ClientError.Database.DatabaseNotFound"), StoreUnavailable, "NEO4J_DATABASE"),
        (answer("Neo.TransientError.General.DatabaseUnavailable"), StoreUnavailable, "starting"),
        (IncompleteCommit("gone"), StoreUnavailable, "kept once"),
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


def test_a_password_in_an_address_is_not_repeated() -> None:
    address = Address(uri="neo4j+s://ada:s3cr@t@db.example:7687", user="", password="", database=None)

    with pytest.raises(StoreUnavailable, match="NEO4J_PASSWORD") as refused:
        open_driver(address, Connection(), embedded=False)
    assert "db.example" in str(refused.value)
    assert "s3cr" not in str(refused.value)
    assert refused.value.__cause__ is None
