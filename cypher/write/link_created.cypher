// link_created: which facts a decision created
// $scope STRING  $rows [{change_id, fact_id}]
UNWIND $rows AS row
MATCH (c:Change {id: row.change_id})
MATCH (f:Fact {id: row.fact_id})
WHERE c.scope = $scope AND f.scope = $scope
MERGE (c)-[:CREATED]->(f)
