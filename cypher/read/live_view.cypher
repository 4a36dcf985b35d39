// live_view: what people see: entities with their typed relationships and literals
// $scopes [STRING]  -> subject, properties, type?, object?, fact_id?
MATCH (s:Entity)
WHERE s.scope IN $scopes
OPTIONAL MATCH (s)-[r]->(o:Entity)
WHERE r.fact_id IS NOT NULL
RETURN s.name AS subject, s {.*, embedding: null, created_at: null} AS properties, type(r) AS type, o.name AS object,
       r.fact_id AS fact_id
ORDER BY subject, type, object
