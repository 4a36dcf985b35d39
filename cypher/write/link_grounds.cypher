// link_grounds: which facts a fact rests on
// $scope STRING  $rows [{fact_id, ground_id}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
MATCH (g:Fact {id: row.ground_id})
WHERE f.scope = $scope AND g.scope = $scope
MERGE (f)-[:DEPENDS_ON]->(g)
