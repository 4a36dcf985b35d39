// live_properties: the literals in the live view, all properties of a scope's entities
// $scopes [STRING]  -> id, properties
MATCH (n:Entity)
WHERE n.scope IN $scopes
RETURN n.id AS id, n {.*, created_at: null} AS properties
