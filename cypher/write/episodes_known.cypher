// episodes_known: which of these episodes are already kept
// $scope STRING  $ids [STRING]  -> id, state, seq INT
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
RETURN e.id AS id, e.state AS state, e.seq AS seq
