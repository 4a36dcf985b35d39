// facts_around: what the facts say that touch some entities; of those that say the same of one only so many, of an entity with more facts the first $degree
// $scopes [STRING]  $entities [STRING]  $since STRING? (null: all times)  $until STRING  $known STRING  $degree INT  $alike INT
// -> id, predicate, raw_predicate?, subject_id, subject_type, object_id?, object_type?
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})
WHERE n.scope IN $scopes
CALL (n) {
  MATCH (n)<-[:SUBJECT|OBJECT]-(f:Fact)
  WITH f LIMIT $degree
  WHERE f.scope IN $scopes AND ($since IS NULL OR (f.valid_at <= datetime($until) AND f.invalid_at > datetime($since)
        AND f.expired_at > datetime($known)))
  WITH f.predicate AS predicate, f.raw_predicate AS raw_predicate, collect(f) AS same
  UNWIND same[..$alike] AS f
  RETURN f
}
WITH DISTINCT f
MATCH (f)-[:SUBJECT]->(s:Entity)
OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
RETURN collect({id: f.id, predicate: f.predicate, raw_predicate: f.raw_predicate, subject_id: s.canonical_id, subject_type: s.type, object_id: o.canonical_id, object_type: o.type}) AS rows
