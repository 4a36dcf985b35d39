// compare_entities: whether entities of like names are one: pending, same or never
// $scope STRING  $rows [{entity_id, other_id, state}]
UNWIND $rows AS row
MATCH (a:Entity {id: row.entity_id})
MATCH (b:Entity {id: row.other_id})
WHERE a.scope = $scope AND b.scope = $scope
MERGE (a)-[r:MAYBE_SAME]->(b)
SET r.state = row.state
