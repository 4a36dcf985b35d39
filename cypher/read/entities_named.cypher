// entities_named: the entities that bear one of these names as their first name
// $scopes [STRING]  $name_keys [STRING]  -> entity
UNWIND $name_keys AS name_key
MATCH (n:Entity {name_key: name_key})
WHERE n.scope IN $scopes
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
