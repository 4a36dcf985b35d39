// link_mentions: which messages name which entities
// $scope STRING  $rows [{episode_id, entity_id}]
UNWIND $rows AS row
MATCH (e:Episode {id: row.episode_id})
MATCH (n:Entity {id: row.entity_id})
WHERE e.scope = $scope AND n.scope = $scope
MERGE (e)-[:MENTIONS]->(n)
