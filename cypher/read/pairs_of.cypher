// pairs_of: what is thought of whether two entities are one, whichever came first
// $scopes [STRING]  $one STRING  $other STRING  -> entity_id, other_id, state
MATCH (a:Entity)-[r:MAYBE_SAME]->(b:Entity)
WHERE a.scope IN $scopes AND b.scope IN $scopes
  AND ((a.id = $one AND b.id = $other) OR (a.id = $other AND b.id = $one))
RETURN a.id AS entity_id, b.id AS other_id, r.state AS state
