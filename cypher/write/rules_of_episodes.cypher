// rules_of_episodes: the rules that some messages state
// $scope STRING  $ids [STRING]  -> id, rule STRING (JSON)
UNWIND $ids AS id
MATCH (r:Rule)-[:STATED_IN]->(e:Episode {id: id})
WHERE r.scope = $scope AND e.scope = $scope
RETURN DISTINCT r.id AS id, r.rule AS rule
ORDER BY id
