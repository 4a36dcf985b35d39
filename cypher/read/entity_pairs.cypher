// entity_pairs: entities of like names, and whether they are one; $state null for all
// $scopes [STRING]  $state STRING?  -> entity, other, state
MATCH (a:Entity)-[r:MAYBE_SAME]->(b:Entity)
WHERE a.scope IN $scopes AND b.scope IN $scopes AND ($state IS NULL OR r.state = $state)
RETURN a {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity,
       b {.id, .scope, .name, .type, .aliases, .canonical_id} AS other, r.state AS state
ORDER BY entity.name, other.name
