// rules_of_episode: the rules that a message states
// $scope STRING  $id STRING  -> id
MATCH (r:Rule)-[:STATED_IN]->(e:Episode {id: $id})
WHERE r.scope = $scope AND e.scope = $scope
RETURN r.id AS id
ORDER BY id
