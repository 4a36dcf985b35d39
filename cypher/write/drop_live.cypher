// drop_live: take closed facts out of the live view
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[:SUBJECT]->(named:Entity)
MATCH (s:Entity {id: named.canonical_id})-[r]->(:Entity)
WHERE f.scope = $scope AND r.fact_id = id
DELETE r
