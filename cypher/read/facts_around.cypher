// facts_around: what the facts say that touch some entities, of those that say the same of one only so many; and of whom more is said than was looked at
// $scopes [STRING]  $entities [STRING]  $since STRING? (null: all times)  $until STRING  $known STRING  $degree INT (said by one, and of one)  $alike INT
// -> facts [{id, predicate, raw_predicate?, subject_id, subject_type, object_id?, object_type?}], hubs [{id, scope}]
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})
WHERE n.scope IN $scopes
CALL (n) {
  MATCH (n)<-[:SUBJECT]-(f:Fact)
  WITH f LIMIT $degree
  RETURN collect(f) AS said
}
CALL (n) {
  MATCH (n)<-[:OBJECT]-(f:Fact)
  WITH f LIMIT $degree
  RETURN collect(f) AS told
}
CALL (said, told) {
  UNWIND said + told AS f
  WITH f
  WHERE f.scope IN $scopes AND ($since IS NULL OR (f.valid_at <= datetime($until) AND f.invalid_at > datetime($since)
        AND f.expired_at > datetime($known)))
  WITH f.predicate AS predicate, f.raw_predicate AS raw_predicate, collect(f) AS same
  UNWIND same[..$alike] AS f
  RETURN collect(f) AS kept
}
WITH collect(kept) AS around, collect(CASE WHEN size(said) = $degree THEN {id: n.canonical_id, scope: n.scope} END) AS hubs
CALL (around) {
  UNWIND around AS kept
  UNWIND kept AS f
  WITH DISTINCT f
  MATCH (f)-[:SUBJECT]->(s:Entity)
  OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
  RETURN collect({id: f.id, predicate: f.predicate, raw_predicate: f.raw_predicate, subject_id: s.canonical_id, subject_type: s.type, object_id: o.canonical_id, object_type: o.type}) AS facts
}
RETURN [{facts: facts, hubs: hubs}] AS rows
