// live_edges: the live view between the entities of a scope, as it stands
// $scopes [STRING]  -> fact_id, type, subject_id, object_id, valid_at, invalid_at
MATCH (s:Entity)-[r]->(o:Entity)
WHERE s.scope IN $scopes AND r.fact_id IS NOT NULL
RETURN r.fact_id AS fact_id, type(r) AS type, s.id AS subject_id, o.id AS object_id,
       toString(r.valid_at) AS valid_at, toString(r.invalid_at) AS invalid_at
