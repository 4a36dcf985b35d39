"""How a server is reached: where it is, with which timeouts and certificates, and what its errors mean in words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from neo4j import AsyncDriver, AsyncGraphDatabase, NotificationMinimumSeverity, TrustCustomCAs
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TokenExpired,
)

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
from graphmem.settings import without_password

# What the embedded store answers to the slower of two writers, though the driver takes neither for a race.
_LOST_RACES = ("ConstraintValidationFailed", "EntityNotFound", "ConcurrentModification")
_EXHAUSTED = ("OutOfMemory", "StackOverFlow", "No space left", "disk is full")
_MEANINGS: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (_EXHAUSTED, StoreExhausted, "the graph store at {where} has no memory or disk left for this: {exc}"),
    (
        ("TransactionCommitFailed",),
        StoreExhausted,
        "{where} could not write this to its disk. See whether that is full, make room, start the server again, and "
        "do it again: nobody knows whether it was kept, but messages with ids are kept once ({exc})",
    ),
    (
        ("NotALeader", "ReadOnly", "Statement.AccessMode"),
        StoreForbidden,
        "{where} only reads: a follower, or a read-only database. Use neo4j:// in NEO4J_URI, which finds the member "
        "that writes, or another NEO4J_DATABASE ({exc})",
    ),
    (("DatabaseNotFound",), StoreUnavailable, "{where} has no such database: check NEO4J_DATABASE ({exc})"),
    (
        ("DatabaseUnavailable",),
        StoreUnavailable,
        "the database at {where} is not running: its server is just starting or stopping. Try again in a while, or "
        "check NEO4J_URI and NEO4J_DATABASE ({exc})",
    ),
    (
        ("TransactionStartFailed",),
        StoreUnavailable,
        "the database at {where} has stopped after an error: see its log and its disk, and start the server again "
        "({exc})",
    ),
    (
        ("AuthenticationRateLimit",),
        StoreForbidden,
        "{where} refuses the user for some seconds, after several wrong passwords. Check NEO4J_USER and "
        "NEO4J_PASSWORD, and wait ({exc})",
    ),
    (
        ("CredentialsExpired",),
        StoreForbidden,
        "{where} asks that this user's password be changed before anything else. Change it there, and then in "
        "NEO4J_PASSWORD ({exc})",
    ),
    (("ClientError.Security",), StoreForbidden, "the user may not do this at {where}: {exc}"),
    (
        ("TransactionTimedOut", "LockClientStopped", "TimeoutException"),
        StoreTimeout,
        "{where} took longer than {seconds:g} s. Ask for less, or raise NEO4J_QUERY_TIMEOUT ({exc})",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a server is spoken to: connections kept, seconds to connect, for a query and for trying again.

    `cypher_seconds` and `result_bytes` bound a query of a user.
    """

    pool: int = 32
    connect_seconds: float = 5.0
    query_seconds: float = 60.0
    cypher_seconds: float = 10.0
    result_bytes: int = 5_000_000
    retry_seconds: float = 30.0
    authorities: Path | None = None


class Connector(Protocol):
    """Finds the server: at a fixed address, or in a directory where it may have to be started."""

    def ensure(self) -> Address:
        """Return where the server answers now."""
        ...

    def full(self) -> bool:
        """Tell whether the disk under it is seen to have no room."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep other clients from changing the schema meanwhile, where the server does not see to that itself."""
        ...

    def release(self) -> None:
        """Let go of it."""
        ...


class FixedAddress:
    """A server that others run."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def ensure(self) -> Address:
        """Return the address."""
        return self._address

    def full(self) -> bool:
        """Return False: its disk is elsewhere."""
        return False

    def alone(self) -> AbstractContextManager[None]:
        """Do nothing: the server itself is asked for a lock."""
        return nullcontext()

    def release(self) -> None:
        """Nothing is held."""


def open_driver(address: Address, how: Connection, *, embedded: bool) -> AsyncDriver:
    """Return a driver for an address, not yet connected; raises StoreUnavailable for what is no address."""
    _quiet()
    uri, tls = address.uri, dict[str, Any]()
    if how.authorities is not None:
        # The driver takes authorities of one's own only beside an address that does not choose them itself.
        scheme, rest = uri.split("://", 1)
        uri = f"{scheme.removesuffix('+s')}://{rest}"
        tls = {"encrypted": True, "trusted_certificates": TrustCustomCAs(str(how.authorities))}
    try:
        return AsyncGraphDatabase.driver(
            uri,
            auth=(address.user, address.password) if address.user else None,
            max_connection_pool_size=how.pool,
            # The embedded server can be started again at once: waiting at a dead port is lost time.
            max_transaction_retry_time=2.0 if embedded else how.retry_seconds,
            initial_retry_delay=0.02,
            connection_timeout=how.connect_seconds,
            connection_acquisition_timeout=how.connect_seconds + how.query_seconds,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
            **tls,
        )
    except (ConfigurationError, ValueError, OSError) as exc:
        reason = without_password(f"NEO4J_URI={address.uri!r} cannot be used ({exc}).")
        # Not `from exc`: the driver quotes the address, and who wrote a password into it would find that in a log.
        raise StoreUnavailable(
            f"{reason} Use bolt:// or neo4j://host:7687, with +s for TLS, NEO4J_CA only beside +s, and the user in "
            "NEO4J_USER and NEO4J_PASSWORD."
        ) from None


def out_of_means(exc: Exception) -> bool:
    """Tell whether a server has no memory or disk left for what it was asked, which trying again makes no better."""
    return _shows(exc, _EXHAUSTED)


def lost_race(exc: Neo4jError) -> bool:
    """Tell whether the embedded store calls an error what is a race that another writer won."""
    return any(race in (exc.code or "") for race in _LOST_RACES)


def _shows(exc: Exception, signs: Sequence[str]) -> bool:
    said = f"{exc.code or ''} {exc}" if isinstance(exc, Neo4jError) else str(exc)
    return any(sign in said for sign in signs)


def in_words(exc: Exception, where: str, how: Connection) -> GraphMemError:
    """Return what an error of the driver or the server means, and what to do."""
    if isinstance(exc, (AuthError, TokenExpired)):
        return StoreForbidden(f"{where} refuses the user ({exc.message}). Check NEO4J_USER and NEO4J_PASSWORD.")
    if isinstance(exc, IncompleteCommit):
        return StoreUnavailable(
            f"{where} went away while it committed, so that nobody knows whether this was kept. Do it again once it is "
            f"running: messages with ids are kept once. Check NEO4J_URI ({exc})."
        )
    if isinstance(exc, (ServiceUnavailable, SessionExpired, OSError)):
        return StoreUnavailable(
            f"no graph store answers at {where} ({exc}). Is it running? Check NEO4J_URI: where the server asks for TLS "
            "it begins with bolt+s or neo4j+s, and NEO4J_CA names the authorities of a certificate of one's own."
        )
    for signs, kind, words in _MEANINGS:
        if _shows(exc, signs):
            return kind(words.format(where=where, seconds=how.query_seconds, exc=exc))
    if isinstance(exc, Neo4jError) and (exc.is_retryable() or lost_race(exc)):
        return StoreConflict(f"other writers were faster every time at {where}: {exc}")
    return StoreError(f"the graph store at {where} answers: {exc}")


def _quiet() -> None:
    """Keep the driver's notes about retries off the user's terminal, unless somebody reads them."""
    driver_log = logging.getLogger("neo4j")
    if not driver_log.hasHandlers():
        driver_log.addHandler(logging.NullHandler())
