// crossings: relationships that lead from a scope into another
// $scopes [STRING]  $limit INT  -> from_id, type, to_id
MATCH (a)-[r]->(b)
WHERE a.scope IN $scopes AND b.scope <> a.scope
RETURN a.id AS from_id, type(r) AS type, b.id AS to_id
LIMIT $limit
