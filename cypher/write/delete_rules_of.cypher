// delete_rules_of: take out the rules that some messages state
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (r:Rule)-[:STATED_IN]->(e:Episode {id: id})
WHERE r.scope = $scope AND e.scope = $scope
DETACH DELETE r
