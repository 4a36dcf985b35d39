// release_keys: facts let go of their keys, which others may take up in the same decision
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (f:Fact {id: id})
WHERE f.scope = $scope
REMOVE f.live_key
