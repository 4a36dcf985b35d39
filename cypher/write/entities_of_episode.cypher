// entities_of_episode: the entities that a message names, and who said it
// $scope STRING  $id STRING  -> id
MATCH (e:Episode {id: $id})-[:MENTIONS|SAID_BY]->(n:Entity)
WHERE e.scope = $scope AND n.scope = $scope
RETURN DISTINCT n.id AS id
