// label_entities: one more label for people to see, the type that entities have now
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WHERE n.scope = $scope
SET n:{{LABEL}}
