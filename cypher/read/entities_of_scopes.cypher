// entities_of_scopes: the entities of scopes by name, those after one of them
// $scopes [STRING]  $after_name STRING?  $after_id STRING?  $limit INT  -> entity
MATCH (n:Entity)
WHERE n.scope IN $scopes
  AND ($after_name IS NULL OR n.name > $after_name OR (n.name = $after_name AND n.id > $after_id))
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
ORDER BY entity.name, entity.id
LIMIT $limit
