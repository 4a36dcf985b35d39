// facts_of_slots: what subjects have by some predicates, of each only so much
// $scopes [STRING]  $slots [STRING] (keys of a subject and a predicate)  $since STRING? (null: all times)  $until STRING  $known STRING
// $degree INT (looked at)  $alike INT  -> id, predicate, raw_predicate?, subject_id, subject_type, object_id?, object_type?
UNWIND $slots AS slot
CALL (slot) {
  MATCH (f:Fact {slot_key: slot})
  WITH f LIMIT $degree
  WHERE f.scope IN $scopes AND ($since IS NULL OR (f.valid_at <= datetime($until) AND f.invalid_at > datetime($since)
        AND f.expired_at > datetime($known)))
  RETURN f LIMIT $alike
}
MATCH (f)-[:SUBJECT]->(s:Entity)
OPTIONAL MATCH (f)-[:OBJECT]->(o:Entity)
RETURN collect({id: f.id, predicate: f.predicate, raw_predicate: f.raw_predicate, subject_id: s.canonical_id, subject_type: s.type, object_id: o.canonical_id, object_type: o.type}) AS rows
