// most_connected_entities: who and what is tied to the most others now
// $scopes [STRING]  $now TIME  $limit INT = 20
// -> name, type, ties INT, neighbours INT
MATCH (n:Entity)-[r]-(other:Entity)
WHERE n.scope IN $scopes AND other.scope IN $scopes AND r.fact_id IS NOT NULL
  AND r.valid_at <= datetime($now) AND r.invalid_at > datetime($now)
RETURN n.name AS name, n.type AS type, count(r) AS ties, count(DISTINCT other.id) AS neighbours
ORDER BY ties DESC, name
LIMIT $limit
