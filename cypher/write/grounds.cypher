// grounds: the ids of what is believed and open of some subjects by some predicates
// $scope STRING  $subjects [STRING]  $predicates [STRING]  -> id
MATCH (s:Entity)<-[:SUBJECT]-(f:Fact)
WHERE s.canonical_id IN $subjects AND s.scope = $scope AND f.scope = $scope
  AND f.predicate IN $predicates AND f.live_key IS NOT NULL
RETURN f.id AS id
