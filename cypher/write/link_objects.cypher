// link_objects: the objects of facts that have entities for objects
// $scope STRING  $rows [{fact_id, object_id}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
MATCH (o:Entity {id: row.object_id})
WHERE f.scope = $scope AND o.scope = $scope
CREATE (f)-[:OBJECT]->(o)
