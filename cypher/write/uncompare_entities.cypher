// uncompare_entities: nothing is thought any more of whether these entities are one
// $scope STRING  $rows [{entity_id, other_id}]
UNWIND $rows AS row
MATCH (a:Entity {id: row.entity_id})-[r:MAYBE_SAME]->(b:Entity {id: row.other_id})
WHERE a.scope = $scope AND b.scope = $scope
DELETE r
