// mark_swept: facts that are out of the live view need not be looked at again
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (f:Fact {id: id})
WHERE f.scope = $scope
REMOVE f.sweep_key
