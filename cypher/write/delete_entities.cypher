// delete_entities: take entities out of the graph
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WHERE n.scope = $scope
DETACH DELETE n
