// episodes_known: which of these episodes are already kept
// $scope STRING  $ids [STRING]  -> id, state
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
RETURN e.id AS id, e.state AS state
