// link_revised: which facts a decision closed, or gave a further source
// $scope STRING  $rows [{change_id, fact_id}]
UNWIND $rows AS row
MATCH (c:Change {id: row.change_id})
MATCH (f:Fact {id: row.fact_id})
WHERE c.scope = $scope AND f.scope = $scope
MERGE (c)-[:REVISED]->(f)
