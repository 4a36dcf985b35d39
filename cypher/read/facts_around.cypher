// facts_around: the facts that touch some entities, nearest to the question first; times are left to the reader's clocks
// $scopes [STRING]  $entities [STRING]  $vector [FLOAT]  $limit INT  -> id, subject_id, object_id?, near
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})<-[:SUBJECT|OBJECT]-(f:Fact)
WHERE n.scope IN $scopes AND f.scope IN $scopes
WITH DISTINCT f
MATCH (f)-[:SUBJECT]->(s:Entity)
OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
WITH f, s, o, vector.similarity.cosine(f.embedding, $vector) AS near
ORDER BY near DESC
LIMIT $limit
RETURN collect({id: f.id, subject_id: s.canonical_id, object_id: o.canonical_id, near: near}) AS rows
