// facts_touching: the facts that touch some entities, newest first
// $scopes [STRING]  $entities [STRING]  $limit INT  -> id, subject_id, object_id?
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})<-[:SUBJECT|OBJECT]-(f:Fact)
WHERE n.scope IN $scopes AND f.scope IN $scopes
WITH DISTINCT f
MATCH (f)-[:SUBJECT]->(s:Entity)
OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
RETURN f.id AS id, s.canonical_id AS subject_id, o.canonical_id AS object_id, f.valid_at AS valid_at
ORDER BY valid_at DESC, id
LIMIT $limit
