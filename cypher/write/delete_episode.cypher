// delete_episode: take a message out of the graph
// $scope STRING  $id STRING
MATCH (e:Episode {id: $id})
WHERE e.scope = $scope
DETACH DELETE e
