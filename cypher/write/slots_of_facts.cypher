// slots_of_facts: to which subject and predicate some facts belong
// $scope STRING  $ids [STRING]  -> slot_key, subject_id, predicate
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[:SUBJECT]->(s:Entity)
WHERE f.scope = $scope
RETURN f.slot_key AS slot_key, s.canonical_id AS subject_id, f.predicate AS predicate
