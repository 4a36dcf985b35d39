"""Plain Cypher on the graph, as an analyst or Neo4j Browser would ask it, past graphmem."""

from __future__ import annotations

from typing import Any, LiteralString

from neo4j import GraphDatabase, NotificationMinimumSeverity

from graphmem import Settings
from graphmem.adapters.embedded_server import EmbeddedServer

LIVE_VIEW: LiteralString = """
MATCH (s:Entity {scope: $scope})-[r]->(o:Entity)
WHERE r.fact_id IS NOT NULL
RETURN s.name AS subject, type(r) AS type, o.name AS object
ORDER BY subject, type, object
"""


def cypher(settings: Settings, query: LiteralString, **parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    if settings.neo4j_uri is not None:
        return _ask(settings.neo4j_uri, None, None, query, parameters)
    server = EmbeddedServer(settings.home)
    try:
        address = server.ensure()
        return _ask(address.uri, (address.user, address.password), address.database, query, parameters)
    finally:
        server.release()


def _ask(
    uri: str, auth: tuple[str, str] | None, database: str | None, query: LiteralString, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    with GraphDatabase.driver(uri, auth=auth, notifications_min_severity=NotificationMinimumSeverity.OFF) as driver:
        return [dict(r) for r in driver.execute_query(query, parameters, database_=database).records]
