// link_next: the order of episodes within their sessions
// $scope STRING  $rows [{before, after}]
UNWIND $rows AS row
MATCH (a:Episode {id: row.before})
MATCH (b:Episode {id: row.after})
WHERE a.scope = $scope AND b.scope = $scope
CREATE (a)-[:NEXT]->(b)
