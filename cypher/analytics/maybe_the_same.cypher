// maybe_the_same: entities of like names, and what was decided about them
// $scopes [STRING]
// -> one, other, type, state, one_id, other_id
MATCH (a:Entity)-[r:MAYBE_SAME]->(b:Entity)
WHERE a.scope IN $scopes AND b.scope IN $scopes
RETURN a.name AS one, b.name AS other, a.type AS type, r.state AS state, a.id AS one_id, b.id AS other_id
ORDER BY state, one, other
