// entities_of_scopes: the entities of scopes by name
// $scopes [STRING]  $limit INT  -> entity
MATCH (n:Entity)
WHERE n.scope IN $scopes
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
ORDER BY entity.name, entity.id
LIMIT $limit
