// facts_around: what the facts say that touch some entities; of an entity with more, only so many
// $scopes [STRING]  $entities [STRING]  $valid STRING? (null: all times)  $known STRING  $degree INT
// -> id, predicate, raw_predicate?, subject_id, object_id?
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})
WHERE n.scope IN $scopes
CALL (n) {
  MATCH (n)<-[:SUBJECT|OBJECT]-(f:Fact)
  RETURN f LIMIT $degree
}
WITH DISTINCT f
WHERE f.scope IN $scopes AND ($valid IS NULL OR (f.valid_at <= datetime($valid) AND f.invalid_at > datetime($valid)
      AND f.expired_at > datetime($known)))
MATCH (f)-[:SUBJECT]->(s:Entity)
OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
RETURN collect({id: f.id, predicate: f.predicate, raw_predicate: f.raw_predicate, subject_id: s.canonical_id, object_id: o.canonical_id}) AS rows
