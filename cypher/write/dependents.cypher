// dependents: the ids of what is believed, open, and rests on some facts
// $scope STRING  $ids [STRING]  -> id
UNWIND $ids AS id
MATCH (f:Fact)-[:DEPENDS_ON]->(:Fact {id: id})
WHERE f.scope = $scope AND f.live_key IS NOT NULL
RETURN DISTINCT f.id AS id
