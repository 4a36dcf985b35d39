// delete_facts: take facts out of the graph, with what was believed of them before
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (f:Fact {id: id})
WHERE f.scope = $scope
OPTIONAL MATCH (f)-[:WAS]->(v:FactVersion)
DETACH DELETE v
WITH DISTINCT f
DETACH DELETE f
