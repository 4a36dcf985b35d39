// entities_by_ids: entities
// $scopes [STRING]  $ids [STRING]  -> entity
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WHERE n.scope IN $scopes
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
