// link_superseded: which fact took whose place
// $scope STRING  $rows [{fact_id, superseded_id}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
MATCH (old:Fact {id: row.superseded_id})
WHERE f.scope = $scope AND old.scope = $scope
MERGE (f)-[:SUPERSEDES]->(old)
